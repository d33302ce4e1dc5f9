import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { plainText } from "../../src/core/plain-text.ts";
import { parseJsonLines } from "../../src/sources/json-lines.ts";
import { sharedData } from "../support/shared-data.ts";

const file = readFileSync(new URL("../../sample/papers.jsonl", import.meta.url), "utf8");
const { sightings, refusals } = parseJsonLines(file);

test("the bundled sample is read whole, and is enough for a week of digests", () => {
  expect(refusals).toEqual([]);
  expect(sightings.length).toBe(file.trimEnd().split("\n").length);
  expect(sightings.length).toBeGreaterThanOrEqual(48);
  expect(new Set(sightings.map((paper) => paper.arxivId)).size).toBe(sightings.length);
});

test("each paper of it has an id, authors, the day it was listed, and votes", () => {
  const incomplete = sightings.filter(
    ({ arxivId, authors, listedOn, signals }) =>
      !/^\d{4}\.\d{5}$/.test(arxivId ?? "") ||
      authors.length === 0 ||
      !/^2026-04-(?:2[4-9]|30)$/.test(listedOn ?? "") ||
      !Number.isInteger(signals.upvotes),
  );
  expect(incomplete).toEqual([]);
});

test("it holds no abstracts, and its titles and summaries are plain text already", () => {
  expect(sightings.filter((paper) => paper.abstract !== undefined)).toEqual([]);
  expect(sightings.map(({ title }) => plainText(title, "title"))).toEqual(sightings.map(({ title }) => title));
  expect(sightings.map(({ summary }) => plainText(summary ?? ""))).toEqual(sightings.map(({ summary }) => summary));
});

test("each summary is one sentence of 20 to 35 words", () => {
  const others = sightings.filter(({ summary = "" }) => {
    const length = summary.split(" ").length;
    return !/^[A-Z0-9].*\.$/.test(summary) || /[.!?]["”]? [A-Z]/.test(summary) || length < 20 || length > 35;
  });
  expect(others.map(({ summary }) => summary)).toEqual([]);
});

describe.skipIf(sharedData === null)("beside the real data (skipped where ../shared/data is missing)", () => {
  const april = sharedData === null ? new Map<string, Real>() : readApril(sharedData);

  test("titles, authors, votes and comments are those of the papers", () => {
    const facts = sightings.map(({ arxivId = "", title, authors, signals, codeUrl }) => ({
      arxivId,
      title,
      authors,
      signals,
      codeUrl,
    }));
    expect(facts).toEqual(
      sightings.map(({ arxivId = "", signals }) => {
        const real = april.get(arxivId)!;
        return {
          arxivId,
          title: plainText(real.title, "title"),
          authors: real.authors,
          signals: { ...signals, upvotes: real.upvotes, comments: real.comments },
          codeUrl: real.codeUrl,
        };
      }),
    );
  });

  test("no summary shares eight words in a row with the paper's abstract or with the source's own summary", () => {
    const shared = sightings.flatMap(({ arxivId = "", summary = "" }) => {
      const taken = new Set(april.get(arxivId)!.texts.flatMap(runsOfEight));
      return runsOfEight(summary).filter((run) => taken.has(run));
    });
    expect(shared).toEqual([]);
    expect(runsOfEight("One two, three four: five six seven EIGHT nine")).toEqual([
      "one two three four five six seven eight",
      "two three four five six seven eight nine",
    ]);
  });
});

function runsOfEight(text: string): string[] {
  const words = text.toLowerCase().match(/[\p{L}\p{N}]+/gu) ?? [];
  return words.slice(7).map((_, i) => words.slice(i, i + 8).join(" "));
}

interface Real {
  readonly title: string;
  readonly authors: readonly string[];
  readonly upvotes: number;
  readonly comments: number;
  readonly codeUrl: string | undefined;
  readonly texts: readonly string[];
}

function readApril(folder: string): Map<string, Real> {
  type Paper = { id: string; title: string; authors: { name: string }[]; upvotes: number; githubRepo?: string };
  type Item = { paper: Paper & { summary?: string; ai_summary?: string }; numComments: number };
  const days = readdirSync(`${folder}/hugging-face/daily`).map(
    (day) => JSON.parse(readFileSync(`${folder}/hugging-face/daily/${day}`, "utf8")) as Item[],
  );
  return new Map(
    days.flat().map(({ paper, numComments }) => [
      paper.id,
      {
        title: paper.title,
        authors: paper.authors.map(({ name }) => name),
        upvotes: paper.upvotes,
        comments: numComments,
        codeUrl: paper.githubRepo,
        texts: [paper.summary ?? "", paper.ai_summary ?? ""],
      },
    ]),
  );
}
