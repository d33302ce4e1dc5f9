import { expect, test } from "vitest";
import { members } from "../../src/core/bits.ts";
import { indexEdition, match } from "../../src/core/match.ts";
import { explainPhrase } from "../../src/core/phrase.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

/** Entry, a title or abstract it finds, and one it does not. */
const GRAMMAR: readonly [entry: string, found: string, missed: string][] = [
  ["agent", "Agents that plan", "Reagent discovery by robots"],
  ["agents", "An agent that plans", "The agentic turn"],
  ["policy", "Learning policies from play", "Police reports"],
  ["policies", "A policy for robots", "Politics of data"],
  ["cache", "KV caches without tears", "Cachet of models"],
  ["matrix", "Low-rank matrices", "Matricide"],
  ["hypothesis", "Testing hypotheses", "Hypothetical worlds"],
  ["bias", "On biases of judges", "Biaxial crystals"],
  ["class", "Classes without examples", "Classical planning"],
  ["GPU", "Training on eight GPUs", "Gpuless serving"],
  ["news", "Detecting fake news", "A new dataset"],
  ["LLM", "Do LLMs dream?", "The LLMOps stack"],
  ["optimisation", "Policy optimization", "An optimist's view"],
  ["behavior", "Emergent behaviours", "Behave yourself"],
  ["modeling", "Language modelling at scale", "A model of language"],
  ["multi-agent", "A multi agent system", "Multi: agent systems"],
  ["multi agent", "A multiagent system", "Agent multi systems"],
  ["multiagent", "A multi-agent system", "Multiple agents"],
  ["finetuning", "Fine-tuning made simple", "Tuning fine details"],
  ["fine tuning", "Finetuned? No, finetuning", "Fine details of tuning"],
  ["information", "Information flow", "Drones in formation"],
  ["inpainting", "Image in-painting", "Advances in painting"],
  ["GPT-4", "What GPT4 knows", "GPT-40 and beyond"],
  ["diffusion model", "Video diffusion models", "Diffusion of models"],
  ["diffusion model", "A diffusion/model view", "Slow diffusion. Model collapse"],
  ["Schrodinger", "Schrödinger bridges", "Schrod dingers"],
  ["naïve", "Naive Bayes again", "Native speech"],
  ["Łukasz", "lukasz logic", "Lucas logic"],
  ["β-VAE", "Beta-VAE revisited", "Better VAEs"],
  ["tau-bench", "τ-bench for tools", "Taut benches"],
  ["pi0", "The π0 policy", "Pizza ordering"],
  ["C++", "Parallel C++ programs", "Parallel C programs"],
  ["C#", "Code models for C#", "Code models for C"],
  ["C", "Code models for C", "Code models for C++"],
  ["pass@k", "Estimating pass@k", "Pass the k-th test"],
  ["Qwen2.5", "Distilling Qwen2.5 at home", "Qwen2 5-shot"],
  ["3D", "3-D reconstruction", "3 dimensions"],
  ["A + B test", "A word on B tests", "B tests only"],
  ["video + diffusion", "Diffusion for long videos", "Diffusion for images"],
  ['"agent"', "One agent", "Two agents"],
  ['"multi-agent"', "A multi-agent system", "A multi agent system"],
  ['"Policy Gradient"', "policy gradient methods", "policy gradients"],
  ["“world model”", "A world model", "World models"],
  ['"attention" + models', "Attention in a model", "Attentions in a model"],
  [
    "TrackSSM: A General Motion Predictor",
    "TrackSSM: a general motion predictor",
    "A general motion predictor: TrackSSM",
  ],
  ["语言模型", "大语言模型", "语言的模型"],
];

test.each(GRAMMAR)("the entry %s finds “%s” and not “%s”", (entry, found, missed) => {
  const index = indexEdition(
    anEdition([{ title: found }, { title: missed }, { abstract: found }, { keywords: [missed, found] }]),
  );
  expect([...members(match(index, aFilter({ include: [entry] })).papers)]).toEqual([0, 2, 3]);
});

test("title: holds for the part it stands before", () => {
  const index = indexEdition(
    anEdition([
      { title: "Diffusion", abstract: "On video." },
      { title: "Video", abstract: "On diffusion." },
      { title: "Video diffusion" },
      { title: "Images", abstract: "On video diffusion." },
    ]),
  );
  const taken = (entry: string) => [...members(match(index, aFilter({ include: [entry] })).papers)];
  expect(taken("title:video")).toEqual([1, 2]);
  expect(taken("Title: videos + diffusion")).toEqual([1, 2]);
  expect(taken("title:video + title:diffusion")).toEqual([2]);
  expect(taken('title:"video diffusion"')).toEqual([2]);
});

test("no phrase reaches from one keyword, or from the title, into the next", () => {
  const index = indexEdition(
    anEdition([{ title: "A world", abstract: "model", keywords: ["state", "space model"] }, { title: "Model" }]),
  );
  expect([...members(match(index, aFilter({ include: ["world model", "state space"] })).papers)]).toEqual([]);
  expect([...members(match(index, aFilter({ include: ["space model"] })).papers)]).toEqual([0]);
});

test("the summary is searched only where there is no abstract", () => {
  const index = indexEdition(
    anEdition([
      { abstract: "Cats.", summary: "Dogs." },
      { abstract: " ", summary: "Dogs." },
    ]),
  );
  expect([...members(match(index, aFilter({ include: ["dog"] })).papers)]).toEqual([1]);
});

test("an entry is explained word by word", () => {
  expect(explainPhrase('title:Multi-Agent + "C++ Programs"')).toEqual({
    parts: [
      { words: ["multi", "agent"], titleOnly: true, exact: false },
      { words: ["c++", "programs"], titleOnly: false, exact: true },
    ],
  });
});

test("a mistake in an entry is explained", () => {
  const mistakeIn = (entry: string) => {
    const explained = explainPhrase(entry);
    return "mistake" in explained ? explained.mistake : null;
  };
  expect({
    open: mistakeIn('"world model'),
    partly: mistakeIn('big "world model"'),
    half: mistakeIn("video + "),
    leading: mistakeIn("+ video"),
    doubled: mistakeIn("video + + diffusion"),
    wordless: mistakeIn("?!"),
    bare: mistakeIn("title:"),
    empty: mistakeIn('""'),
    fine: mistakeIn("C++ + title:“a + b”"),
  }).toEqual({
    open: 'A quotation mark is never closed in “"world model”. Write "world model" for exactly these words, or world model for any form of them.',
    partly:
      'In “big "world model"” only some of the words stand in quotes. Write big + "world model" for papers with all of them, or "big world model" for these words in a row.',
    half: "Nothing stands on one side of a plus in “video +”. Write video, or a phrase on both sides.",
    leading: "Nothing stands on one side of a plus in “+ video”. Write video, or a phrase on both sides.",
    doubled:
      "Nothing stands on one side of a plus in “video + + diffusion”. Write video + diffusion, or a phrase on both sides.",
    wordless: "There is no word in “?!”. Write letters or digits.",
    bare: "There is no word in “title:”. Write letters or digits.",
    empty: 'There is no word in “""”. Write letters or digits.',
    fine: null,
  });
});

test("what a mistake says to write is no mistake", () => {
  for (const entry of [
    '"world model',
    'big "world model"',
    'title:big "world model" late',
    "video + ",
    "+ video",
    "a + + b",
    "“half",
  ]) {
    const explained = explainPhrase(entry);
    const instead = "mistake" in explained ? /\. Write (.*?)(?: for |, or )/.exec(explained.mistake)![1]! : "";
    expect({ entry, instead, ...explainPhrase(instead) }).toEqual({ entry, instead, parts: expect.any(Array) });
  }
});
