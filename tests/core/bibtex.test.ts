import { expect, test } from "vitest";
import { bibtexOf, type Cited } from "../../src/core/bibtex.ts";

const aPaper = (of: Partial<Cited> = {}): Cited => ({
  ...{ id: "2604.11784", title: "Speculative Decoding", authors: ["Ada Lovelace"], categories: ["cs.CL", "cs.AI"] },
  ...{ publishedAt: null, url: "https://arxiv.org/abs/2604.11784", firstOn: "2026-04-15" },
  ...of,
});
const keyOf = (of: Partial<Cited>) => bibtexOf(aPaper(of)).key;
/** A field as it stands in the entry; undefined when there is none. */
const fieldOf = (name: string, of: Partial<Cited>) =>
  new RegExp(`^  ${name} = \\{(.*)\\},$`, "m").exec(bibtexOf(aPaper(of)).entry)?.[1];

test("a paper of arXiv is cited by its eprint", () => {
  expect(bibtexOf(aPaper({ authors: ["Ada Lovelace", "Alan Turing"] }))).toEqual({
    key: "lovelace2026speculative",
    entry: `@misc{lovelace2026speculative,
  title = {{Speculative Decoding}},
  author = {Ada Lovelace and Alan Turing},
  year = {2026},
  eprint = {2604.11784},
  archivePrefix = {arXiv},
  primaryClass = {cs.CL},
  url = {https://arxiv.org/abs/2604.11784},
}
`,
  });
});

test("a paper from elsewhere is cited by its address", () => {
  const paper = { id: "import:0123456789abcdef", authors: [], url: "https://example.org/a%20b?{x}" };
  expect(bibtexOf(aPaper({ ...paper, publishedAt: new Date("2025-12-31T23:00:00Z") })).entry).toBe(
    `@misc{anonymous2025speculative,
  title = {{Speculative Decoding}},
  year = {2025},
  url = {https://example.org/a%20b?%7Bx%7D},
}
`,
  );
  expect(fieldOf("url", { ...paper, url: "javascript:alert(1)" })).toBeUndefined();
});

test("the key is surname, year and the first word that tells something, in plain letters", () => {
  expect([
    keyOf({ title: "On the Use of A*: Agents" }),
    keyOf({ title: "“Ünïcode” für alle", authors: ["Gödel, Kurt"] }),
    keyOf({ authors: ["Martin Luther King, Jr."] }),
    keyOf({ authors: ["李明"], title: "深度学习" }),
    keyOf({ id: "hep-th/9901001" }),
    keyOf({ id: "math/0309136" }),
    keyOf({ id: "import:1", firstOn: null }),
  ]).toEqual([
    "lovelace2026use",
    "godel2026unicode",
    "king2026speculative",
    "anonymous2026260411784",
    "lovelace1999speculative",
    "lovelace2003speculative",
    "lovelacespeculative",
  ]);
});

test("what means something to TeX is text, and braces cannot come out of step", () => {
  expect(fieldOf("title", { title: 'A {B} & C_1 at 50% of $x$ #1 ~ ^ \\ "q" <y> |' })).toBe(
    '{A \\textbraceleft{}B\\textbraceright{} \\& C\\_1 at 50\\% of \\$x\\$ \\#1 \\textasciitilde{} \\textasciicircum{} \\textbackslash{} "q" \\textless{}y\\textgreater{} \\textbar{}}',
  );
  for (const title of ["}", "{", "\\}", "{{{", "x}},\n@misc{y"]) {
    const { entry } = bibtexOf(
      aPaper({ title, authors: [title], categories: [title], url: `https://x.org/?${title}` }),
    );
    const depths = [0];
    for (const letter of entry) depths.push(depths.at(-1)! + ({ "{": 1, "}": -1 }[letter] ?? 0));
    expect([Math.min(...depths), depths.at(-1)], title).toEqual([0, 0]);
    expect(entry.split("\n@")).toHaveLength(1);
  }
});

test("accents are commands, letters without one stay", () => {
  expect(
    fieldOf("author", {
      authors: ["Kurt Gödel", "Ćašlav Ñandú", "Çağlar Øster-Łukasz", "Daïs Groß", "Ngô Đặng", "李明 Ω"],
    }),
  ).toBe(
    "Kurt G{\\\"o}del and {\\'C}a{\\v s}lav {\\~N}and{\\'u} and {\\c C}a{\\u g}lar {\\O}ster-{\\L}ukasz and Da{\\\"\\i}s Gro{\\ss} and Ng{\\^o} Đặng and 李明 Ω",
  );
});

test("an author whose name has an “and” or many commas is one author", () => {
  expect(
    fieldOf("author", { authors: ["Research and Development", "King, Jr., Martin Luther", "A, B, C, D", "Sandy"] }),
  ).toBe("{Research and Development} and King, Jr., Martin Luther and {A, B, C, D} and Sandy");
});

test("of 75 authors all are named, nobody of none", () => {
  const authors = Array.from({ length: 75 }, (_, i) => `Ada Lovelace ${i}`);
  expect(fieldOf("author", { authors })!.split(" and ")).toEqual(authors);
  expect(fieldOf("author", { authors: [] })).toBeUndefined();
});
