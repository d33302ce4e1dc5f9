import { expect, test } from "vitest";
import {
  defaultCatalogue,
  parseCatalogue,
  type TopicText,
  topicsOf,
  topicsOfAll,
  weighTopics,
} from "../../src/core/topics.ts";
import { Invalid } from "../../src/errors.ts";

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
      // Two phrases of weight 2 in the title, which doubles them; the writer, who is no ghost, once in the abstract; half a
      // cross-listing; all over the threshold.
      score: (4 + 4 - 0.75 + 0.5) / 2,
      given: true,
      evidence: [
        { phrase: "title:haunted house", points: 4 },
        { phrase: "ghost", points: 4 },
        { phrase: "ghost writer", points: -0.75 },
        { phrase: "cs.GH", points: 0.5 },
      ],
    },
  ]);
  expect(topicsOf(paper, ghosts)).toEqual([
    { id: "ghosts", score: 3.875, because: ["title:haunted house", "ghost", "cs.GH"] },
  ]);
});

/** The points of each phrase for a paper about memory. */
const pointsOf = (what: Partial<TopicText>, phrases: readonly (readonly [number, string])[]) => {
  const catalogue = parseCatalogue({
    families,
    topics: [
      {
        ...{ id: "memory", name: "Memory", description: "What is kept.", family: "all", threshold: 1 },
        phrases: phrases.map(([weight, phrase]) => ({ weight, any: [phrase] })),
      },
    ],
  });
  const [weighed] = weighTopics([aText(what)], catalogue)[0]!;
  return Object.fromEntries((weighed?.evidence ?? []).map(({ phrase, points }) => [phrase, points]));
};

test("each word counts once, for the longest phrase it stands in", () => {
  const phrases = [
    [1, "memory"],
    [2, "agent memory"],
    [4, "LLM agent"],
    [1, "memory + agent"],
  ] as const;
  expect(pointsOf({ abstract: "LLM agent memory." }, phrases)).toEqual({
    "LLM agent": 3,
    "agent memory": 1.5,
    "memory + agent": 0.75,
  });
  expect(pointsOf({ abstract: "LLM agents and memory." }, phrases)).toEqual({
    "LLM agent": 3,
    memory: 0.75,
    "memory + agent": 0.75,
  });
});

test("a weight of 0 takes its words away from shorter phrases, and from those as long", () => {
  const phrases = [
    [1, "memory"],
    [0, "GPU memory"],
    [3, "title:GPU memory"],
  ] as const;
  expect(pointsOf({ title: "GPU memory", abstract: "GPU-memory and memory." }, phrases)).toEqual({ memory: 0.75 });
});

test("what is said often counts more, up to three times", () => {
  const points = (times: number) => pointsOf({ abstract: "Memory. ".repeat(times) }, [[1, "memory"]]).memory;
  expect([1, 2, 3, 4].map(points)).toEqual([0.75, 1.25, 1.75, 1.75]);
});

test("a keyword that the abstract has says nothing new", () => {
  const memory = [[1, "memory"]] as const;
  expect(pointsOf({ abstract: "Long memory.", keywords: ["long memory", "Memory"] }, memory)).toEqual({ memory: 0.75 });
  expect(pointsOf({ abstract: "Long.", keywords: ["long memory"] }, memory)).toEqual({ memory: 0.75 });
});

test("a name in a title is read as what it is put together from", () => {
  const phrases = [
    [1, "memory"],
    [1, "RAG"],
    [1, "LoRA"],
  ] as const;
  expect(pointsOf({ title: "GraphRAG, MemoryBench, LoRA" }, phrases)).toEqual({ memory: 2, RAG: 2, LoRA: 2 });
  expect(pointsOf({ abstract: "MemoryBench" }, phrases)).toEqual({});
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
  expect(
    problemsIn({ families, topics: [{ ...topic, phrases: [{ weight: 21, any: ["x"] }], colour: "red" }] }),
  ).toEqual(["topics.0.phrases.0.weight", "topics.0.colour"]);
  expect(problemsIn({ families, topics: [{ ...topic, phrases: [], categories: { "cs.CL": 0 } }] })).toEqual([
    "topics.0.categories.cs.CL",
  ]);
  expect(problemsIn("topics")).toEqual([""]);
});
