import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseArxivFeed } from "../../src/sources/arxiv-feed.ts";
import { sharedData } from "../support/shared-data.ts";
import { at } from "../support/time.ts";
import { fixture } from "./fixtures.ts";

const common = { source: "arxiv-feed", keywords: [], signals: {}, withdrawn: false };
const crossListed = {
  ...common,
  arxivId: "2508.13426",
  title: "ALIGN: Word Association Learning for Cross-Cultural Generalization in Large Language Models",
  abstract: "Models learn what words bring to mind elsewhere.",
  authors: ["Chunhua Liu", "Kabir Manandhar Shrestha", "Sukai Huang"],
  categories: ["cs.CL", "cs.AI"],
  url: "https://arxiv.org/abs/2508.13426",
  pdfUrl: "https://arxiv.org/pdf/2508.13426",
  position: 0,
};
const fresh = {
  ...common,
  arxivId: "2508.13429",
  title: "AlphaX: An AI-Based Value Investing Strategy for the Brazilian Stock Market",
  abstract: "Shares are picked by reading balance sheets.",
  authors: ["Paulo Andr\\'e Lima de Castro"],
  categories: ["q-fin.CP"],
  publishedAt: at("2025-08-21T04:00Z"),
  url: "https://arxiv.org/abs/2508.13429",
  pdfUrl: "https://arxiv.org/pdf/2508.13429",
  position: 1,
};

test.each(["arxiv-feed.atom", "arxiv-feed.rss"])(
  "%s: ids, abstracts without their preface, single authors; only a new paper has a date",
  (name) => {
    expect(parseArxivFeed(fixture(name))).toEqual({ sightings: [crossListed, fresh], refusals: [] });
  },
);

test.each(["arxiv-feed.atom", "arxiv-feed.rss"])("%s: of one day only what was announced on it", (name) => {
  expect(parseArxivFeed(fixture(name), { day: "2025-08-20" }).sightings).toEqual([crossListed]);
  expect(parseArxivFeed(fixture(name), { day: "2025-08-22" }).sightings).toEqual([]);
});

test("D3: an entry without an id or a title is refused, the others stay", () => {
  const feed =
    "<feed><entry><title>No id</title></entry><entry><id>oai:arXiv.org:2508.13426v1</id></entry><entry><id>oai:arXiv.org:2508.13429v1</id><title>Whole</title></entry></feed>";
  expect(parseArxivFeed(feed)).toMatchObject({
    sightings: [{ title: "Whole" }],
    refusals: [
      { where: "entry 1", reason: "no arXiv id" },
      { where: "entry 2", reason: "2508.13426 has no title" },
    ],
  });
});

test.skipIf(sharedData === null)(
  "real: a feed of August 2025 is read without a refusal, and no preface is left",
  () => {
    const { sightings, refusals } = parseArxivFeed(
      readFileSync(join(sharedData!, "arxiv/feed-atom-cs.AI.xml"), "utf8"),
    );
    expect([sightings.length, refusals]).toEqual([7, []]);
    expect(sightings.filter(({ abstract }) => /Announce Type|Abstract:/.test(abstract ?? ""))).toEqual([]);
  },
);
