import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { Invalid, Permanent } from "../../src/errors.ts";
import { openFetch } from "../../src/fetch.ts";
import { openHuggingFace, parseDailyPapers } from "../../src/sources/hugging-face.ts";
import { sharedData } from "../support/shared-data.ts";
import { aSite, type Site } from "../support/site.ts";
import { at } from "../support/time.ts";
import { anyText, fixture } from "./fixtures.ts";

type Item = { paper: { id: string; title: string; upvotes?: number; submittedOnDailyAt?: string } };

const anItem = (id: number, listedOn?: string): Item => ({
  paper: {
    id: `2604.${String(id).padStart(5, "0")}`,
    title: `Paper ${id}`,
    upvotes: 1,
    ...(listedOn && { submittedOnDailyAt: `${listedOn}T00:00:00.000Z` }),
  },
});
const items = (from: number, to: number) => Array.from({ length: to - from }, (_, index) => anItem(from + index));

let site: Site;
afterEach(() => site?.close());

/** Pulls a day from a server whose pages these are. */
async function pull(pageAt: (page: number) => unknown, day = "2026-04-15") {
  site = await aSite((request, response) => {
    const { searchParams } = new URL(request.url!, "http://hub");
    response.end(JSON.stringify(pageAt(Number(searchParams.get("p")))));
  });
  const fetch = openFetch({ userAgent: "test", allow: [site.url], backOffMs: 1 });
  try {
    return await openHuggingFace({ fetch }, { url: `${site.url}/` }).fetch({ day });
  } finally {
    await fetch.close();
  }
}

test("every trap of the API in one answer: votes inside, dates inside, odd numbers, missing and unknown fields", () => {
  expect(parseDailyPapers(fixture("daily-papers.json"), { day: "2026-04-16" })).toEqual({
    items: 4,
    sightings: [
      {
        source: "hugging-face",
        arxivId: "2604.11784",
        title: "ClawGUI: A Unified Framework for Training, Evaluating, and Deploying GUI Agents",
        abstract: "One harness for agents that use graphical interfaces.",
        summary: "A shared harness for interface agents.",
        authors: ["Fei Tang", "Zhiqiong Lu"],
        categories: [],
        keywords: ["GUI agents", "reinforcement learning"],
        publishedAt: at("2026-04-13T00:00Z"),
        url: "https://arxiv.org/abs/2604.11784",
        pdfUrl: "https://arxiv.org/pdf/2604.11784",
        codeUrl: "https://github.com/ZJU-REAL/ClawGUI",
        projectUrl: "https://zju-real.github.io/ClawGUI-Page/",
        organization: "Zhejiang University",
        listedOn: "2026-04-15",
        position: 0,
        signals: { upvotes: 143, comments: 3, stars: 1200 },
      },
      {
        source: "hugging-face",
        arxivId: "2604.15804",
        title: "Qwen3.5-Omni Technical Report",
        authors: [],
        categories: [],
        keywords: [],
        url: "https://arxiv.org/abs/2604.15804",
        pdfUrl: "https://arxiv.org/pdf/2604.15804",
        listedOn: "2026-04-16",
        position: 3,
        signals: { upvotes: 12, comments: 1234 },
      },
    ],
    refusals: [
      { where: "item 2", reason: "no title" },
      { where: "item 3", reason: "not an object with a paper in it" },
    ],
  });
});

test.each([
  ["a web page", "<html>", "a web page instead of JSON: "],
  ["half an answer", '[{"paper":{"id"', "not whole JSON: "],
  ["an error", '{"error":"Invalid date"}', 'not a list of papers, but the error "Invalid date"'],
  ["a number", "7", "not a list of papers"],
])("D2: %s is told as that", (_, body, message) => {
  expect(() => parseDailyPapers(body)).toThrow(new RegExp(`^${message.replace(/[[\]"]/g, "\\$&")}`));
});

describe("D5: a day of more than a page", () => {
  test("is read to its end, and a paper that moved to the next page meanwhile counts once", async () => {
    const pages = [items(0, 100), items(99, 199), items(199, 230)];
    const { sightings, refusals } = await pull((page) => pages[page] ?? []);
    expect(sightings.map(({ arxivId }) => arxivId)).toEqual(items(0, 230).map(({ paper }) => paper.id));
    expect(refusals).toEqual([]);
    expect(site.asked).toEqual([0, 1, 2].map((page) => `/api/daily_papers?date=2026-04-15&limit=100&p=${page}`));
  });

  test("of exactly a page ends with the empty one", async () => {
    expect((await pull((page) => (page === 0 ? items(0, 100) : []))).sightings).toHaveLength(100);
    expect(site.asked).toHaveLength(2);
  });

  test("ends when the server gives the first page for every page, whose broken papers are told once", async () => {
    const { sightings, refusals } = await pull(() => [...items(0, 99), { paper: {} }]);
    expect([sightings.length, refusals]).toEqual([99, [{ where: "item 100", reason: "no title" }]]);
  });

  test("fails whole when its second page fails: half a day is no day", async () => {
    await expect(pull((page) => (page === 0 ? items(0, 100) : { error: "later" }))).rejects.toBeInstanceOf(Permanent);
  });

  test("without an end is given up", async () => {
    await expect(pull((page) => items(page * 100, page * 100 + 100))).rejects.toThrow(/after 20 pages/);
  });
});

describe("D2: an answer for another day", () => {
  test("is called a repeat, and its papers stay with their own day", async () => {
    const { sightings, repeats } = await pull(() => [anItem(1, "2026-04-14"), anItem(2, "2026-04-14")]);
    expect([repeats, sightings.map(({ listedOn }) => listedOn)]).toEqual([true, ["2026-04-14", "2026-04-14"]]);
  });

  test("in part is no repeat", async () => {
    const pulled = await pull(() => [anItem(1, "2026-04-14"), anItem(2, "2026-04-15"), anItem(3)]);
    expect("repeats" in pulled).toBe(false);
    expect(pulled.sightings.map(({ listedOn }) => listedOn)).toEqual(["2026-04-14", "2026-04-15", "2026-04-15"]);
  });

  test("is not what an empty weekend is", async () => {
    expect(await pull(() => [], "2026-04-18")).toEqual({ sightings: [], refusals: [] });
  });
});

test("whatever an item is, it becomes a sighting or a refusal", () => {
  const loose = fc.dictionary(
    fc.constantFrom(
      "id",
      "title",
      "summary",
      "authors",
      "upvotes",
      "publishedAt",
      "submittedOnDailyAt",
      "githubStars",
      "githubRepo",
      "organization",
      "ai_keywords",
    ),
    fc.oneof(fc.jsonValue(), fc.constantFrom("2604.11784", "1,234", "2026-02-31", "https://x.org")),
  );
  const item = fc.oneof(fc.jsonValue(), fc.record({ paper: loose, numComments: fc.jsonValue() }));
  fc.assert(
    fc.property(fc.array(item), (list) => {
      const { sightings, refusals } = parseDailyPapers(JSON.stringify(list), { day: "2026-04-15" });
      expect(sightings.length + refusals.length).toBe(list.length);
    }),
  );
});

test("whatever a body is, it is read or called invalid", () => {
  fc.assert(
    fc.property(fc.oneof(anyText, fc.json()), (body) => {
      try {
        parseDailyPapers(body);
      } catch (error) {
        expect(error).toBeInstanceOf(Invalid);
      }
    }),
  );
});

test.skipIf(sharedData === null)(
  "real: the 707 papers of April 2026 and a whole body are read without a refusal",
  () => {
    const folder = join(sharedData!, "hugging-face/daily");
    const days = readdirSync(folder).map((file) => ({
      day: file.slice(0, 10),
      body: readFileSync(join(folder, file), "utf8"),
    }));
    const read = days.map(({ day, body }) => ({ day, ...parseDailyPapers(body) }));
    expect(read.flatMap(({ refusals }) => refusals)).toEqual([]);
    expect(read.flatMap(({ sightings }) => sightings)).toHaveLength(707);
    expect(read.flatMap(({ day, sightings }) => sightings.filter(({ listedOn }) => listedOn !== day))).toEqual([]);
    expect(read.flatMap(({ sightings }) => sightings.filter(({ codeUrl }) => codeUrl))).toHaveLength(465);

    const whole = parseDailyPapers(readFileSync(join(sharedData!, "hugging-face/raw-body-2026-06-12.json"), "utf8"));
    expect(whole.sightings.map(({ signals }) => Object.keys(signals).sort().join())).toEqual(
      whole.sightings.map(({ codeUrl }) => (codeUrl ? "comments,stars,upvotes" : "comments,upvotes")),
    );
  },
);
