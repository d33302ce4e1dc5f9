import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, test } from "vitest";
import { Invalid, Permanent, Temporary } from "../../src/errors.ts";
import { type Fetch, openFetch } from "../../src/fetch.ts";
import { openArxivApi, parseArxivAnswer } from "../../src/sources/arxiv-api.ts";
import { sharedData } from "../support/shared-data.ts";
import { aSite, type Site } from "../support/site.ts";
import { at } from "../support/time.ts";
import { fixture } from "./fixtures.ts";

const open: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of open.splice(0)) await one.close();
});

/** arXiv on a server that answers each query as told. */
async function arxiv(answer: (query: URLSearchParams, asked: number) => string, pageSize = 2) {
  const site: Site = await aSite((request, response) => {
    response.end(answer(new URL(request.url!, "http://arxiv").searchParams, site.asked.length));
  });
  const fetch: Fetch = openFetch({ userAgent: "test", allow: [site.url], pace: [] });
  open.push(fetch, site);
  return { site, source: openArxivApi({ fetch }, { url: site.url, categories: ["cs.AI", "cs.CL"], pageSize }) };
}

function feed(ids: readonly string[], total = ids.length): string {
  const entries = ids.map((id) => `<entry><id>http://arxiv.org/abs/${id}v1</id><title>Paper ${id}</title></entry>`);
  return `<feed><totalResults>${total}</totalResults>${entries.join("")}</feed>`;
}

const ids = (count: number) => Array.from({ length: count }, (_, index) => `2604.${String(index).padStart(5, "0")}`);
const idsOf = ({ sightings }: { sightings: readonly { arxivId?: string }[] }) =>
  sightings.map(({ arxivId }) => arxivId);

test("an entry gives its authors, categories with the primary first, first date, and whether it was withdrawn", () => {
  expect(parseArxivAnswer(fixture("arxiv-api.xml"))).toEqual({
    entries: 3,
    total: 3,
    sightings: [
      {
        source: "arxiv",
        arxivId: "2606.13677",
        title: "Mana: Dexterous Manipulation of Articulated Tools",
        abstract: "A robot hand learns scissors & pliers in <1 minute.",
        authors: ["Zhao-Heng Yin", "André Guanya Shi"],
        categories: ["cs.RO", "cs.AI"],
        keywords: [],
        publishedAt: at("2026-06-11T17:59:49Z"),
        url: "https://arxiv.org/abs/2606.13677",
        pdfUrl: "https://arxiv.org/pdf/2606.13677",
        position: 0,
        signals: {},
        withdrawn: false,
      },
      {
        source: "arxiv",
        arxivId: "hep-th/9901001",
        title: "An Old Paper That Was Taken Back",
        abstract: "Strings.",
        authors: ["A. Nother"],
        categories: ["hep-th"],
        keywords: [],
        publishedAt: at("1999-01-01T00:00Z"),
        url: "https://arxiv.org/abs/hep-th/9901001",
        pdfUrl: "https://arxiv.org/pdf/hep-th/9901001",
        position: 1,
        signals: {},
        withdrawn: true,
      },
    ],
    refusals: [{ where: "entry 3", reason: "2606.13591 has no title" }],
  });
});

test.each([
  ["This paper has been withdrawn by the authors.", "", true],
  ["This submission was temporarily withdrawn.", "", true],
  ["We study patients who were withdrawn from a trial.", "", false],
  ["", "Withdrawn", true],
  ["", "withdrawn due to an error in Lemma 2", true],
  ["", "the article is withdrawn", true],
  ["", "Accepted; 12 pages on withdrawn drugs", false],
])("abstract %j with comment %j: withdrawn is %s", (abstract, comment, withdrawn) => {
  const entry = `<entry><id>2604.00001</id><title>T</title><summary>${abstract}</summary><comment>${comment}</comment></entry>`;
  expect(parseArxivAnswer(`<feed>${entry}</feed>`).sightings.map((paper) => paper.withdrawn)).toEqual([withdrawn]);
});

test("an error of arXiv's, which comes as a paper named Error, is an error; a paper of that name is a paper", () => {
  expect(() => parseArxivAnswer(fixture("arxiv-api-error.xml"))).toThrow(
    new Invalid("arXiv says: incorrect id format for 1234.12345."),
  );
  const entry = "<entry><id>http://arxiv.org/abs/2604.00001</id><title>Error</title></entry>";
  expect(parseArxivAnswer(`<feed>${entry}</feed>`).sightings).toHaveLength(1);
});

describe("the papers of our categories on a day", () => {
  test("are asked for oldest first and read to the last page", async () => {
    const all = ids(5);
    const { site, source } = await arxiv((query) => {
      const start = Number(query.get("start"));
      return feed(all.slice(start, start + 2), all.length);
    });
    const pulled = await source.fetch({ day: "2026-04-15" });
    expect(idsOf(pulled)).toEqual(all);
    expect(pulled.sightings.map(({ position }) => position)).toEqual([0, 1, 2, 3, 4]);
    expect(site.asked.map((address) => Object.fromEntries(new URL(address, site.url).searchParams))).toEqual(
      ["0", "2", "4"].map((start) => ({
        search_query: "(cat:cs.AI OR cat:cs.CL) AND submittedDate:[202604150000 TO 202604152359]",
        start,
        sortBy: "submittedDate",
        sortOrder: "ascending",
        max_results: "2",
      })),
    );
  });

  test("are all there though a page came short, and one came empty in the middle", async () => {
    const pages = [feed(["2604.00001"], 3), feed([], 3), feed(["2604.00002", "2604.00003"], 3)];
    const { source } = await arxiv((_, asked) => pages[asked - 1]!);
    expect(idsOf(await source.fetch({ day: "2026-04-15" }))).toEqual(["2604.00001", "2604.00002", "2604.00003"]);
  });

  test("are not half a day: a page that stays empty is a fault", async () => {
    const { site, source } = await arxiv((query) => feed(query.get("start") === "0" ? ids(2) : [], 4));
    await expect(source.fetch({ day: "2026-04-15" })).rejects.toBeInstanceOf(Temporary);
    expect(site.asked).toHaveLength(4);
  });

  test("without an end are given up", async () => {
    const { source } = await arxiv((query) => feed([`2604.${query.get("start")!.padStart(5, "0")}`], 1_000_000));
    await expect(source.fetch({ day: "2026-04-15" })).rejects.toThrow(/has more results after 50 pages/);
  });

  test("are none, without asking, when no category is set; and what is no category cannot enter the query", () => {
    const fetch = { get: () => Promise.reject(new Error("asked")) };
    const source = openArxivApi({ fetch }, { categories: [] });
    expect(() => openArxivApi({ fetch }, { categories: ["cs.AI", "cs.CL) OR (all:x"] })).toThrow(Invalid);
    return expect(source.fetch({ day: "2026-04-15" })).resolves.toEqual({ sightings: [], refusals: [] });
  });
});

describe("what arXiv knows of given papers", () => {
  test("is asked a hundred at a time, each once, and not for what is no id", async () => {
    const { site, source } = await arxiv((query) => feed(query.get("id_list")!.split(",")));
    const pulled = await source.enrich({ arxivIds: [...ids(150), "import:1234", "2604.00000v2"] });
    expect(idsOf(pulled)).toEqual(ids(150));
    const lists = site.asked.map(
      (address) => new URL(address, site.url).searchParams.get("id_list")!.split(",").length,
    );
    expect(lists).toEqual([100, 50]);
  });

  test("is nothing for no papers", async () => {
    const { site, source } = await arxiv(() => feed([]));
    expect([await source.enrich({ arxivIds: [] }), site.asked]).toEqual([{ sightings: [], refusals: [] }, []]);
  });

  test("is a fault when arXiv refuses", async () => {
    const { source } = await arxiv(() => fixture("arxiv-api-error.xml"));
    await expect(source.enrich({ arxivIds: ids(1) })).rejects.toBeInstanceOf(Permanent);
  });
});

test.skipIf(sharedData === null)("real: an answer of June 2026 is read without a refusal", () => {
  const { sightings, refusals, total } = parseArxivAnswer(
    readFileSync(join(sharedData!, "arxiv/api-atom.xml"), "utf8"),
  );
  expect([sightings.length, refusals, total]).toEqual([5, [], 28946]);
  expect(sightings.map(({ authors, categories }) => authors.length > 0 && categories.length > 0)).toEqual(
    Array(5).fill(true),
  );
  expect(sightings[0]).toMatchObject({ arxivId: "2606.13677", categories: ["cs.RO", "cs.AI", "cs.CV", "cs.LG"] });
});
