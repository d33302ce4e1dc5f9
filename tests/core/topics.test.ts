import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  defaultCatalogue,
  parseCatalogue,
  type TopicText,
  topicsOf,
  topicsOfAll,
  weighTopics,
} from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";
import { sharedData } from "../support/shared-data.ts";

const aText = (what: Partial<TopicText>): TopicText => ({
  title: "",
  abstract: "",
  summary: "",
  keywords: [],
  categories: [],
  ...what,
});
const idsOf = (what: Partial<TopicText>) => topicsOf(aText(what), defaultCatalogue).map((topic) => topic.id);

test("many papers at once get the topics each would get alone", () => {
  const some = ["Agents that plan", "Speech recognition for low-resource languages", "Nothing of note"].map((title) =>
    aText({ title }),
  );
  expect(topicsOfAll(some, defaultCatalogue)).toEqual(some.map((paper) => topicsOf(paper, defaultCatalogue)));
});

test("the catalogue has the topics of the contract in five families", () => {
  expect(defaultCatalogue.topics.map((topic) => topic.id)).toEqual(
    "language-models reasoning agents post-training reinforcement-learning efficiency training-systems multimodal image-generation video 3d computer-vision speech-audio robotics retrieval code safety interpretability evaluation data continual-learning multilingual science-health world-models graphs-time-series".split(
      " ",
    ),
  );
  expect(defaultCatalogue.families).toHaveLength(5);
  expect(new Set(defaultCatalogue.topics.map((topic) => topic.family)).size).toBe(5);
});

// Titles are facts; each is about what it says.
test.each([
  ["Accelerating Speculative Decoding with Block Diffusion Draft Trees", "efficiency"],
  ["Do Phone-Use Agents Respect Your Privacy?", "agents"],
  ["Backdoor Attacks on Decentralised Post-Training", "safety"],
  ["T5Gemma-TTS Technical Report", "speech-audio"],
  ["Lyra 2.0: Explorable Generative 3D Worlds", "3d"],
  ["Spurious Forgetting in Continual Learning of Language Models", "continual-learning"],
  ["Improving Neural Machine Translation by Denoising Training", "multilingual"],
  ["Stratify: Unifying Multi-Step Forecasting Strategies", "graphs-time-series"],
  ["FlowSlider: Training-Free Continuous Image Editing via Fidelity-Steering Decomposition", "image-generation"],
  ["LIBERO-Para: A Diagnostic Benchmark and Metrics for Paraphrase Robustness in VLA Models", "robotics"],
])("“%s” is about %s", (title, id) => {
  expect(idsOf({ title })).toContain(id);
});

test("a title outweighs an abstract, and what speaks against a topic counts", () => {
  const [first] = topicsOf(aText({ title: "Video generation", abstract: "Unlike robotics." }), defaultCatalogue);
  expect(first?.id).toBe("video");
  expect(idsOf({ title: "Diffusion language models" })).toEqual(["language-models"]);
});

test("a passing mention gives no topic beside a strong one, and alone it does", () => {
  expect(idsOf({ title: "Video generation with video diffusion", abstract: "It may help robots." })).not.toContain(
    "robotics",
  );
  expect(idsOf({ title: "On hands", abstract: "It may help robots." })).toEqual(["robotics"]);
});

test("categories and keywords speak too; the summary only without an abstract", () => {
  expect(idsOf({ title: "Hands", categories: ["cs.RO"], keywords: ["grasping"] })).toEqual(["robotics"]);
  expect(idsOf({ title: "Hands", summary: "Robots grasp." })).toEqual(["robotics"]);
  expect(idsOf({ title: "Hands", abstract: "Nothing here.", summary: "Robots grasp." })).toEqual([]);
  expect(idsOf({ title: "Hands", categories: ["constructor", "toString"] })).toEqual([]);
});

const families = [{ id: "all", name: "All" }];
const ghosts = parseCatalogue({
  families,
  topics: [
    {
      id: "ghosts",
      name: "Ghosts",
      description: "Who is there?",
      family: "all",
      threshold: 2,
      phrases: [
        { weight: 2, any: ["ghost", "title:haunted house"] },
        { weight: -1, any: ["ghost writer"] },
      ],
      categories: { "cs.GH": 1 },
    },
  ],
});

test("every point can be explained", () => {
  const paper = aText({
    title: "Ghosts in a haunted house",
    abstract: "A ghost writer.",
    categories: ["cs.XX", "cs.GH"],
  });
  expect(weighTopics([paper], ghosts)[0]).toEqual([
    {
      id: "ghosts",
      // Twice in weight 2 (title 2, abstract 1), once in the title alone, less the writer, half a cross-listing; over 2.
      score: (6 + 4 - 1 + 0.5) / 2,
      given: true,
      evidence: [
        { phrase: "ghost", points: 6 },
        { phrase: "title:haunted house", points: 4 },
        { phrase: "ghost writer", points: -1 },
        { phrase: "cs.GH", points: 0.5 },
      ],
    },
  ]);
  expect(topicsOf(paper, ghosts)).toEqual([
    { id: "ghosts", score: 4.75, because: ["ghost", "title:haunted house", "cs.GH"] },
  ]);
});

test("an operator's mistake is named where it stands", () => {
  const topic = {
    id: "a",
    name: "A",
    description: "a",
    family: "all",
    phrases: [{ weight: 1, any: ["fine", 'open "quote'] }],
  };
  const problemsIn = (json: unknown) => {
    try {
      parseCatalogue(json);
    } catch (fault) {
      if (fault instanceof Invalid) return fault.problems.map((problem) => problem.field);
      throw fault;
    }
    return [];
  };
  expect(problemsIn({ families, topics: [topic, { ...topic, family: "none", phrases: [] }] })).toEqual([
    "topics.1.id",
    "topics.1.family",
    "topics.0.phrases.0.any.1",
  ]);
  expect(problemsIn({ families, topics: [] })).toEqual(["topics"]);
  expect(problemsIn({ families, topics: [{ ...topic, phrases: [{ weight: 0, any: ["x"] }], colour: "red" }] })).toEqual(
    ["topics.0.phrases.0.weight", "topics.0.colour"],
  );
  expect(problemsIn("topics")).toEqual([""]);
});

describe.skipIf(sharedData === null)("on real papers (../shared/data)", () => {
  const seedFolder = join(sharedData ?? "", "seed");
  const dayFolder = join(sharedData ?? "", "hugging-face/daily");

  function seedPapers(): TopicText[] {
    const file = readdirSync(seedFolder).find((name) => name.endsWith(".txt"))!;
    const lines = readFileSync(join(seedFolder, file), "utf8")
      .split("\n")
      .filter((line) => line.trim() !== "")
      .slice(2);
    return lines.flatMap((title, i) =>
      i % 2 === 0 ? [aText({ title: title.replace(/^Subscribe/, ""), abstract: lines[i + 1] ?? "" })] : [],
    );
  }

  function aprilPapers(): TopicText[] {
    return readdirSync(dayFolder)
      .filter((name) => name.endsWith(".json"))
      .flatMap(
        (name) =>
          JSON.parse(readFileSync(join(dayFolder, name), "utf8")) as {
            paper: { title: string; summary: string; ai_keywords?: string[] };
          }[],
      )
      .map(({ paper }) => aText({ title: paper.title, abstract: paper.summary, keywords: paper.ai_keywords ?? [] }));
  }

  test.each([
    { name: "seed", papers: seedPapers, count: 267 },
    { name: "April", papers: aprilPapers, count: 707 },
  ])(
    "at least 98 % of the $name papers have a topic, the median two or three, none has a third of them all",
    ({ name, papers, count }) => {
      const found = topicsOfAll(papers(), defaultCatalogue).map((topics) => topics.map((topic) => topic.id));
      const covered = found.filter((ids) => ids.length > 0).length / found.length;
      const median = found.map((ids) => ids.length).sort((a, b) => a - b)[found.length >> 1]!;
      const shares = defaultCatalogue.topics
        .map(({ id }) => ({ id, share: found.filter((ids) => ids.includes(id)).length / found.length }))
        .sort((a, b) => b.share - a.share);
      const largest = shares[0]!;
      const mean = found.flat().length / found.length;
      console.log(
        `${name}: ${found.length} papers, ${(100 * covered).toFixed(1)} % with a topic, median ${median}, mean ${mean.toFixed(2)}, largest ${largest.id} ${(100 * largest.share).toFixed(1)} %`,
      );
      expect(found.length).toBe(count);
      expect(covered).toBeGreaterThanOrEqual(0.98);
      expect([2, 3]).toContain(median);
      expect(largest.share).toBeLessThan(1 / 3);
      expect(shares.filter(({ share }) => share === 0)).toEqual([]);
    },
  );
});
