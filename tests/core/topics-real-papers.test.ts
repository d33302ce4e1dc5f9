/** The catalogue against papers that a careful reader labelled; see tests/fixtures/topics. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { mergeSightings, type PaperFacts, publicId } from "../../src/core/paper.ts";
import { coverageOf } from "../../src/core/topic-coverage.ts";
import { defaultCatalogue, topicsOfAll } from "../../src/core/topics.ts";
import { readPapersFile } from "../../src/sources/paper-files.ts";
import { sharedData } from "../support/shared-data.ts";

/** The last ten days of April 2026 are for measuring: no rule may be made from them. */
const MEASURED_FROM = "2026-04-21";
/** F1 of a topic says something when so many papers have it. */
const ENOUGH = 10;

const labels = new Map(
  readFileSync(new URL("../fixtures/topics/labels.jsonl", import.meta.url), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as { id: string; topics: string[] })
    .map(({ id, topics }) => [id, topics]),
);

type Papers = ReadonlyMap<string, PaperFacts>;

/** By id, as an edition knows them. */
async function papersOf(folder: string, isWanted: (file: string) => boolean): Promise<Papers> {
  const papers = new Map<string, PaperFacts>();
  for (const file of readdirSync(folder).filter(isWanted).sort())
    for await (const entry of readPapersFile(join(folder, file)))
      if ("signals" in entry) papers.set(publicId(entry), mergeSightings(papers.get(publicId(entry)) ?? null, entry));
  return papers;
}

const topicsIn = (papers: Papers) =>
  topicsOfAll([...papers.values()], defaultCatalogue).map((topics) => topics.map(({ id }) => id));

/** How found topics agree with labels: of each topic, and of all together (micro-F1). */
function agreement(papers: Papers) {
  const labelled = new Map([...papers].filter(([id]) => labels.has(id)));
  const wanted = [...labelled.keys()].map((id) => labels.get(id)!);
  const found = topicsIn(labelled);
  const byTopic = defaultCatalogue.topics.map(({ id }) => {
    const count = { right: 0, found: 0, labelled: 0 };
    wanted.forEach((topics, n) => {
      const [isFound, isLabelled] = [found[n]!.includes(id), topics.includes(id)];
      count.found += Number(isFound);
      count.labelled += Number(isLabelled);
      count.right += Number(isFound && isLabelled);
    });
    return { id, ...count, f1: f1(count) };
  });
  const sum = (of: "right" | "found" | "labelled") => byTopic.reduce((total, topic) => total + topic[of], 0);
  const all = { right: sum("right"), found: sum("found"), labelled: sum("labelled") };
  return { papers: labelled.size, byTopic, ...all, f1: f1(all) };
}

function f1(count: { right: number; found: number; labelled: number }): number {
  return (2 * count.right) / Math.max(count.found + count.labelled, 1);
}

const inWords = ({ right, found, labelled, f1 }: ReturnType<typeof agreement>["byTopic"][number] | Agreement) =>
  `F1 ${f1.toFixed(3)}, precision ${(right / found).toFixed(2)}, recall ${(right / labelled).toFixed(2)}`;
type Agreement = ReturnType<typeof agreement>;

describe.skipIf(sharedData === null)("on real papers (skipped where ../shared/data is missing)", () => {
  const seed = () => papersOf(join(sharedData ?? "", "seed"), (file) => file.endsWith(".txt"));
  const days = (isWanted: (day: string) => boolean) =>
    papersOf(join(sharedData ?? "", "hugging-face/daily"), (file) => file.endsWith(".json") && isWanted(file));

  test("topics agree with a careful reader on days that no rule was made from", async () => {
    const developed = agreement(new Map([...(await days((day) => day < MEASURED_FROM)), ...(await seed())]));
    const measured = agreement(await days((day) => day >= MEASURED_FROM));
    const frequent = measured.byTopic.filter((topic) => topic.labelled >= ENOUGH);
    console.log(
      [
        `measuring days: ${measured.papers} papers, ${inWords(measured)}`,
        `development:    ${developed.papers} papers, ${inWords(developed)}`,
        ...frequent.map((topic) => {
          const before = developed.byTopic.find(({ id }) => id === topic.id)!;
          return `  ${topic.id} (${topic.labelled}): ${inWords(topic)}; development F1 ${before.f1.toFixed(3)}`;
        }),
      ].join("\n"),
    );
    expect([developed.papers, measured.papers]).toEqual([200, 130]);
    expect(measured.f1).toBeGreaterThanOrEqual(0.8);
    expect(frequent.filter((topic) => topic.f1 < 0.6)).toEqual([]);
  });

  test.each([
    { name: "the older list", papers: seed, count: 267 },
    { name: "April 1–20", papers: () => days((day) => day < MEASURED_FROM), count: 478 },
    { name: "the measuring days", papers: () => days((day) => day >= MEASURED_FROM), count: 229 },
  ])(
    "at least 98 % of $name have a topic, the median two or three, none has a third of them all",
    async ({ name, papers, count }) => {
      const coverage = coverageOf(topicsIn(await papers()), defaultCatalogue);
      const [largest] = [...coverage.topics].sort((a, b) => b.papers - a.papers);
      console.log(
        `${name}: ${coverage.papers} papers, ${(100 * coverage.withTopic).toFixed(1)} % with a topic, median ${coverage.median} a paper, largest ${largest!.id} ${(100 * largest!.share).toFixed(1)} %`,
      );
      expect(coverage.papers).toBe(count);
      expect(coverage.withTopic).toBeGreaterThanOrEqual(0.98);
      expect([2, 3]).toContain(coverage.median);
      expect(largest!.share).toBeLessThan(1 / 3);
    },
  );
});
