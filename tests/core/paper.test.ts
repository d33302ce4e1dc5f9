import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  arxivIdOf,
  arxivPage,
  importId,
  mergeSightings,
  type PaperFacts,
  publicId,
  type Sighting,
  titleKey,
} from "../../src/core/paper.ts";
import { at } from "../support/time.ts";

describe("an arXiv id", () => {
  test.each([
    ["2604.11784", "2604.11784"],
    [" 2604.11784v2 ", "2604.11784"],
    ["arXiv:2604.11784", "2604.11784"],
    ["arXiv:2604.11784v12 [cs.CL]", "2604.11784"],
    ["oai:arXiv.org:1412.8323", "1412.8323"],
    ["http://arxiv.org/abs/2606.13677v1", "2606.13677"],
    ["https://arxiv.org/pdf/2606.13677v1.pdf", "2606.13677"],
    ["https://www.arxiv.org/html/2606.13677v1/#S2", "2606.13677"],
    ["https://export.arxiv.org/abs/hep-th/9901001v3?context=cs", "hep-th/9901001"],
    ["https://huggingface.co/papers/2604.11784", "2604.11784"],
    ["https://doi.org/10.48550/arXiv.2604.11784", "2604.11784"],
    ["hep-th/9901001", "hep-th/9901001"],
    ["math.GT/0309136", "math/0309136"],
    ["arXiv:cs.AI/0301001v1", "cs/0301001"],
    ["0704.0001", "0704.0001"],
  ])("%s is %s", (text, id) => {
    expect(arxivIdOf(text)).toBe(id);
  });

  test.each([
    ["a month that does not exist", "2613.11784"],
    ["a month before the scheme", "0703.0001"],
    ["four digits when there were five", "2604.1178"],
    ["five digits when there were four", "1412.83231"],
    ["an archive that never was", "foo/9901001"],
    ["an old id from after the old scheme", "hep-th/0804001"],
    ["a decimal number", "3.14159"],
    ["a sentence with an id in it", "see 2604.11784"],
    ["another site", "https://example.org/abs/2604.11784"],
    ["a site that only looks like it", "https://arxiv.org.example.org/abs/2604.11784"],
    ["nothing", ""],
    ["very much", "2604.11784".repeat(1_000)],
  ])("is not seen in %s", (_, text) => {
    expect(arxivIdOf(text)).toBeNull();
  });

  test("is the same however it is wrapped, and reading it again changes nothing", () => {
    const month = fc.integer({ min: 1, max: 12 }).map((value) => String(value).padStart(2, "0"));
    const id = fc
      .tuple(fc.integer({ min: 15, max: 99 }), month, fc.integer({ min: 0, max: 99_999 }))
      .map(([year, of, serial]) => `${year}${of}.${String(serial).padStart(5, "0")}`);
    const wrap = fc.constantFrom("", "arXiv:", "https://arxiv.org/abs/", "https://arxiv.org/pdf/", "oai:arXiv.org:");
    fc.assert(
      fc.property(id, wrap, fc.constantFrom("", "v1", "v23"), (bare, before, version) => {
        expect(arxivIdOf(`${before}${bare}${version}`)).toBe(bare);
      }),
    );
  });

  test("is looked for in any text without a fault", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom(..."0129v./:-arxivhep th") }),
        (text) => arxivIdOf(arxivIdOf(text) ?? "") === arxivIdOf(text),
      ),
    );
  });
});

describe("two spellings of a title have one key", () => {
  test.each([
    ["case", "Attention Is All You Need", "ATTENTION is all you need"],
    ["spaces and line ends", "Attention Is\n  All You Need", "Attention Is All You Need"],
    ["punctuation", "CORAL: Learning, with a Drafter!", "CORAL — Learning with a “Drafter”"],
    ["diacritics", 'T\\"ULU 3', "TÜLU 3"],
    ["decomposed letters", "Schro\u0308dinger", "Schrödinger"],
    ["sharp s", "GROSSE Modelle", "Große Modelle"],
    ["width", "ＬＬＭ Ａgents", "LLM Agents"],
    ["TeX", "$\\texttt{Complex-Edit}$: A Benchmark", "Complex-Edit: A Benchmark"],
    ["superscripts", "$S^2$L: Linear Training", "S²L: Linear Training"],
  ])("that differ in %s", (_, one, other) => {
    expect(titleKey(one)).toBe(titleKey(other));
    expect(importId(one)).toBe(importId(other));
  });

  test("and different titles have different ones, even where only signs differ", () => {
    const titles = ["Programs in C", "Programs in C++", "???", "!!!", "模型", "模形"];
    expect(new Set(titles.map(titleKey)).size).toBe(titles.length);
  });
});

const sighting = (given: Partial<Sighting> = {}): Sighting => ({
  source: "hugging-face",
  title: "A Title",
  authors: [],
  categories: [],
  keywords: [],
  signals: {},
  ...given,
});

test("a paper is called by its arXiv id, and by its title until there is one", () => {
  expect(publicId(sighting({ arxivId: "2604.11784" }))).toBe("2604.11784");
  expect(publicId(sighting({ title: "Attention is all you need" }))).toBe("import:5563e10cdb032fc9");
});

describe("D6: what several sources say becomes one paper", () => {
  const fromFile = sighting({
    source: "json-lines",
    title: "A Titel",
    summary: "A file's words.",
    keywords: ["file"],
    url: "https://example.org/",
  });
  const fromHub = sighting({
    arxivId: "2604.11784",
    title: "A Title",
    abstract: "It gains 31\\% on $S^2$L.",
    summary: "Short.",
    authors: ["P. Andr\\'e"],
    keywords: ["agents"],
    publishedAt: at("2026-04-13T00:00Z"),
    codeUrl: "https://github.com/a/b",
    organization: "Lab",
  });
  const fromArxiv = sighting({
    source: "arxiv",
    arxivId: "2604.11784",
    title: "A Title, Revised",
    abstract: "",
    authors: ["Paulo André"],
    categories: ["cs.CL"],
    publishedAt: at("2026-04-13T17:59:49Z"),
    withdrawn: true,
  });
  const merged: PaperFacts = {
    title: "A Title, Revised",
    abstract: "It gains 31% on S²L.",
    summary: "Short.",
    authors: ["Paulo André"],
    categories: ["cs.CL"],
    keywords: ["agents"],
    publishedAt: at("2026-04-13T17:59:49Z"),
    url: arxivPage("2604.11784"),
    pdfUrl: "https://arxiv.org/pdf/2604.11784",
    codeUrl: "https://github.com/a/b",
    projectUrl: null,
    organization: "Lab",
    withdrawn: true,
    toldBy: "arxiv",
  };
  const all = (...sightings: Sighting[]) => sightings.reduce<PaperFacts | null>(mergeSightings, null);

  test("the first one stands as it is, in readable letters", () => {
    expect(all(fromHub)).toEqual({
      ...merged,
      title: "A Title",
      authors: ["P. André"],
      categories: [],
      publishedAt: at("2026-04-13T00:00Z"),
      withdrawn: false,
      toldBy: "hugging-face",
    });
  });

  test("arXiv tells the record and Hugging Face the extras, in whatever order they come, and again", () => {
    expect(all(fromFile, fromHub, fromArxiv)).toEqual(merged);
    expect(all(fromArxiv, fromHub, fromFile)).toEqual(merged);
    expect(all(fromHub, fromArxiv, fromFile, fromHub, fromArxiv, fromFile)).toEqual(merged);
  });

  test("a file fills what is empty and replaces nothing", () => {
    const { summary: _, ...silent } = fromHub;
    expect(all(silent, fromFile)).toEqual({ ...all(silent), summary: "A file's words." });
  });

  test("nothing empty erases, not even from the better source", () => {
    const bare = sighting({ source: "arxiv", arxivId: "2604.11784", title: "", authors: [" "] });
    expect(all(fromHub, bare)).toEqual({ ...all(fromHub), toldBy: "arxiv" });
  });

  test("of the same source the later word counts: a new version has a new title, a withdrawal may be taken back", () => {
    const later = { ...fromArxiv, title: "Third Title", withdrawn: false };
    expect(all(fromArxiv, fromHub, later)).toEqual({ ...merged, title: "Third Title", withdrawn: false });
  });
});
