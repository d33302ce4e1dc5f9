import fc from "fast-check";
import { expect, test } from "vitest";
import { hintInWords, hintWords } from "../../src/core/hint-in-words.ts";
import { hintsOfName, hintsOfPhrase } from "../../src/core/hints.ts";
import { allTexts } from "../support/mails.ts";
import { processorTime } from "../support/processor-time.ts";

const texts = await allTexts();
const english = texts("en");
const german = texts("de");

test("every key these words come from is in the catalogue", () => {
  expect(() => texts.require(hintWords, "hint-in-words")).not.toThrow();
});

const HABITS: readonly [entry: string, hint: string][] = [
  ["video AND diffusion", "This was read as “video and diffusion”. For papers with both, write video + diffusion."],
  ["video && audio", "This was read as “video audio”. For papers with both, write video + audio."],
  [
    "RAG OR retrieval",
    "This was read as “rag or retrieval”. For papers with either, make them entries of their own: RAG · retrieval.",
  ],
  [
    "RAG|retrieval",
    "This was read as “rag retrieval”. For papers with either, make them entries of their own: RAG · retrieval.",
  ],
  [
    "agents -survey",
    "This was read as “agents survey”. To leave out papers that say survey, put that among what to leave out (exclude).",
  ],
  [
    "agents NOT web agents",
    "This was read as “agents not web agents”. To leave out papers that say web agents, put that among what to leave out (exclude).",
  ],
  [
    "quantiz*",
    "This was read as “quantiz”. A * stands for nothing here: plurals and spellings are found without it. Make other forms entries of their own.",
  ],
  ["author: Yann LeCun", "This was read as “author yann lecun”. To follow somebody, put Yann LeCun among the authors."],
  ["cat:cs.CL", "This was read as “cat cs cl”. For a category of arXiv, put cs.CL among the categories."],
  ["ti:world models", "This was read as “ti world models”. For words of the title, write title:world models."],
  [
    "abs:world models",
    "This was read as “abs world models”. Title, abstract and keywords are searched anyway. Write world models.",
  ],
  [
    "video title:diffusion",
    "This was read as “video title diffusion”. title: counts at the beginning of a part only. Write video + title:diffusion.",
  ],
  [
    "video+diffusion",
    "This was read as “video diffusion”. A plus joins two parts when there are spaces around it. Write video + diffusion.",
  ],
  [
    "video +diffusion",
    "This was read as “video diffusion”. A plus joins two parts when there are spaces around it. Write video + diffusion.",
  ],
  ["+agents", "This was read as “agents”. A plus joins two parts when there are spaces around it. Write agents."],
  [
    "RAG, memory; agents",
    "This was read as “rag memory agents”. For papers with any of these, make them entries of their own: RAG · memory · agents.",
  ],
  [
    "'world model'",
    'This was read as “world model”. For exactly these words, write them in double quotes: "world model".',
  ],
  [
    'title:"world model" + a AND b',
    'This was read as exactly “world model” in the title and “a and b”. For papers with both, write title:"world model" + a + b.',
  ],
];

test.each(HABITS)("the entry %s is explained", (entry, hint) => {
  expect(hintsOfPhrase(entry).map((one) => hintInWords(one, english))).toEqual([hint]);
});

test("a hint says what was read and what to write, for a language to put into words", () => {
  expect(hintsOfPhrase('title:"world model" + RAG, memory')).toEqual([
    {
      kind: "any",
      read: [
        { words: ["world", "model"], titleOnly: true, exact: true },
        { words: ["rag", "memory"], titleOnly: false, exact: false },
      ],
      write: ['title:"world model" + RAG', "memory"],
    },
  ]);
  expect(hintsOfName("LeCun; Bengio")).toEqual([{ kind: "names", read: [], write: ["LeCun", "Bengio"] }]);
});

test("in German no hint is left in English, nor empty", () => {
  const all = [...HABITS.flatMap(([entry]) => hintsOfPhrase(entry)), ...hintsOfName("LeCun; Bengio")];
  for (const hint of all) {
    const said = hintInWords(hint, german);
    expect(said).toMatch(/^Das wurde als .+ gelesen\. \S/);
    expect(said).not.toBe(hintInWords(hint, english));
  }
  expect(hintInWords({ kind: "meant", read: [], write: ["Yann LeCun"] }, german)).toBe(
    "Meinen Sie vielleicht Yann LeCun?",
  );
});

const FINE = [
  ...[
    "speculative decoding",
    "video + diffusion",
    "C++",
    "C++ + agents",
    "A* search",
    "self-supervised",
    "theory and practice",
  ],
  ...[
    "title:world model",
    '"this AND that"',
    "AlphaGo+",
    "LIBERO+ tasks",
    "Attention: a survey",
    "pass@k",
    "β-VAE",
    "GPT-4",
    "Q&A",
  ],
  ...["R&D", "or", "3D", "TrackSSM: A General Motion Predictor with State Space Model", '"half'],
  "Efficient, Open and Fast Training of Very Large Language Models",
];

test.each(FINE)("the entry %s needs no explaining", (entry) => {
  expect(hintsOfPhrase(entry)).toEqual([]);
});

test("several names in one entry are taken for one person, and the reader is told", () => {
  const hint = (names: string) => `This was read as the name of one person. Write one name a line: ${names}.`;
  const told = Object.fromEntries(
    [
      ...[
        "Yann LeCun, Yoshua Bengio",
        "Yann LeCun and Yoshua Bengio",
        "LeCun; Bengio",
        "Ada Lovelace, Alan Turing, Emmy Noether",
      ],
      ...[
        "Ada Lovelace",
        "LeCun, Yann",
        "van der Maaten, Laurens J.",
        "Laverghetta, Antonio, Jr.",
        "Martin Luther King, Jr.",
      ],
      "Anders Andersson",
    ].map((entry) => [entry, hintsOfName(entry).map((one) => hintInWords(one, english))]),
  );
  expect(told).toEqual({
    "Yann LeCun, Yoshua Bengio": [hint("Yann LeCun · Yoshua Bengio")],
    "Yann LeCun and Yoshua Bengio": [hint("Yann LeCun · Yoshua Bengio")],
    "LeCun; Bengio": [hint("LeCun · Bengio")],
    "Ada Lovelace, Alan Turing, Emmy Noether": [hint("Ada Lovelace · Alan Turing · Emmy Noether")],
    "Ada Lovelace": [],
    "LeCun, Yann": [],
    "van der Maaten, Laurens J.": [],
    "Laverghetta, Antonio, Jr.": [],
    "Martin Luther King, Jr.": [],
    "Anders Andersson": [],
  });
});

test("any entry is read, soon, and told one thing at most", () => {
  const piece = fc.constantFrom(
    "a",
    " ",
    "+",
    "-",
    "*",
    ",",
    "title:",
    '"',
    " AND ",
    "|",
    "author:",
    "语",
    "\u0301",
    ";",
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 60 }), (pieces) => {
      const passed = processorTime();
      expect(hintsOfPhrase(pieces.join("")).length + hintsOfName(pieces.join("")).length).toBeLessThanOrEqual(2);
      expect(passed()).toBeLessThan(200);
    }),
  );
});
