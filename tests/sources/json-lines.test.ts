import fc from "fast-check";
import { expect, test } from "vitest";
import { parseJsonLines } from "../../src/sources/json-lines.ts";
import { at } from "../support/time.ts";
import { anyText } from "./fixtures.ts";

const one = (paper: unknown) => parseJsonLines(JSON.stringify(paper)).sightings[0];

test("a line with every key becomes a sighting; keys we do not know are passed over", () => {
  const paper = {
    id: "arXiv:2604.11784v2",
    title: "ClawGUI: A Unified\nFramework",
    authors: [{ name: "Fei Tang" }, "Zhiqiong Lu"],
    abstract: "One harness.",
    summary: "Short.",
    listedOn: "2026-04-15",
    publishedAt: "2026-04-13T17:59:49+02:00",
    categories: ["cs.AI"],
    keywords: ["GUI agents"],
    url: "https://example.org/paper",
    pdfUrl: "https://example.org/paper.pdf",
    githubRepo: "https://github.com/ZJU-REAL/ClawGUI",
    projectUrl: "https://zju-real.github.io/ClawGUI-Page/",
    organization: "Zhejiang University",
    upvotes: 143,
    comments: "1,234",
    stars: "1.2k",
    signals: { downloads: 12.5, "bad name!": 1, text: "3", stars: 1 },
    rating: "excellent",
  };
  expect(one(paper)).toEqual({
    source: "json-lines",
    arxivId: "2604.11784",
    title: "ClawGUI: A Unified Framework",
    abstract: "One harness.",
    summary: "Short.",
    authors: ["Fei Tang", "Zhiqiong Lu"],
    categories: ["cs.AI"],
    keywords: ["GUI agents"],
    publishedAt: at("2026-04-13T15:59:49Z"),
    url: "https://example.org/paper",
    pdfUrl: "https://example.org/paper.pdf",
    codeUrl: "https://github.com/ZJU-REAL/ClawGUI",
    projectUrl: "https://zju-real.github.io/ClawGUI-Page/",
    organization: "Zhejiang University",
    listedOn: "2026-04-15",
    position: 0,
    signals: { upvotes: 143, comments: 1234, stars: 1200, downloads: 12.5 },
  });
});

test("a title is enough; what is not what it should be is left out", () => {
  const bare = {
    source: "json-lines",
    title: "T",
    authors: [],
    categories: [],
    keywords: [],
    position: 0,
    signals: {},
  };
  expect(one({ title: " T " })).toEqual(bare);
  const odd = {
    title: "T",
    id: "x",
    authors: 3,
    listedOn: "2026-02-31",
    publishedAt: "soon",
    url: "javascript:alert(1)",
    upvotes: -1,
    stars: "many",
    signals: [1],
    abstract: "  ",
  };
  expect(one(odd)).toEqual(bare);
  expect(one({ title: "T\u0000\u0007\ud800" })?.title).toBe("T\ufffd");
});

test.each([
  ["Fei Tang, Zhiqiong Lu and Jun Xiao", ["Fei Tang", "Zhiqiong Lu", "Jun Xiao"]],
  ["Fei Tang, Zhiqiong Lu, and Jun Xiao", ["Fei Tang", "Zhiqiong Lu", "Jun Xiao"]],
  ["Tang, Fei; Lu, Zhiqiong", ["Tang, Fei", "Lu, Zhiqiong"]],
  [
    ["Alexander Sandler", "", null, { name: "B" }],
    ["Alexander Sandler", "B"],
  ],
])("authors %j are %j", (authors, names) => {
  expect(one({ title: "T", authors })?.authors).toEqual(names);
});

test("the arXiv id may stand in an address, and addresses follow from the id", () => {
  expect(one({ title: "T", pdfUrl: "https://arxiv.org/pdf/2604.11784v1" })?.arxivId).toBe("2604.11784");
  expect(one({ title: "T", id: "2604.11784" })).toMatchObject({
    url: "https://arxiv.org/abs/2604.11784",
    pdfUrl: "https://arxiv.org/pdf/2604.11784",
  });
});

test("D3: a bad line is refused with its number and reason, and the others are read", () => {
  const text = ['{"title":"A"}', "", "{half", "[1]", '{"title":""}', '{"title":"B"}\r', ""].join("\n");
  const { sightings, refusals } = parseJsonLines(text);
  expect(sightings.map(({ title, position }) => [title, position])).toEqual([
    ["A", 0],
    ["B", 1],
  ]);
  expect(refusals).toEqual([
    { where: "line 3", reason: expect.stringMatching(/^not JSON: .*position 1/) },
    { where: "line 4", reason: "not an object" },
    { where: "line 5", reason: "no title" },
  ]);
});

test("whatever the text, each line that is not blank is a sighting or a refusal", () => {
  const key = fc.constantFrom(
    "title",
    "id",
    "authors",
    "signals",
    "upvotes",
    "url",
    "listedOn",
    "categories",
    "__proto__",
  );
  const line = fc.oneof(
    anyText.map((text) => text.replaceAll("\n", "")),
    fc.dictionary(key, fc.jsonValue()).map((paper) => JSON.stringify(paper)),
  );
  fc.assert(
    fc.property(fc.array(line), (lines) => {
      const { sightings, refusals } = parseJsonLines(lines.join("\n"));
      expect(sightings.length + refusals.length).toBe(lines.filter((text) => text.trim() !== "").length);
    }),
  );
});
