/** One inflated signal, tried on every paper of every edition of April 2026. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { type Candidate, candidateDays, type RankedPaper, rankEdition } from "../../src/core/edition.ts";
import type { Signals } from "../../src/core/paper.ts";
import { aCandidate } from "../support/candidates.ts";
import { needs } from "../support/needs.ts";
import { sharedData } from "../support/shared-data.ts";

interface Item {
  readonly paper: { readonly id: string; readonly upvotes: number };
  readonly numComments: number;
}

/** Each way to inflate one signal a hundredfold, given what the paper really has. */
const INFLATED: Readonly<Record<string, (signals: Signals) => Signals>> = {
  votes: (signals) => ({ ...signals, upvotes: 100 * Math.max(1, signals.upvotes!) }),
  comments: (signals) => ({ ...signals, comments: 100 * Math.max(1, signals.comments!) }),
  // No repository has stars in this data: small, middling and very large ones are made up.
  "10 stars": (signals) => ({ ...signals, stars: 1_000 }),
  "1,000 stars": (signals) => ({ ...signals, stars: 100_000 }),
  "100,000 stars": (signals) => ({ ...signals, stars: 10_000_000 }),
};
const STARS_BEFORE: Readonly<Record<string, number>> = {
  "10 stars": 10,
  "1,000 stars": 1_000,
  "100,000 stars": 100_000,
};

describe("a signal that is a hundred times as large overnight", () => {
  const april = needs(sharedData, "the real days are not beside this checkout (../shared/data)");
  const days = new Map<string, Item[]>();
  beforeAll(() => {
    if (!sharedData) return;
    const folder = join(sharedData, "hugging-face/daily");
    for (const file of readdirSync(folder).sort())
      days.set(file.slice(0, 10), JSON.parse(readFileSync(join(folder, file), "utf8")) as Item[]);
  });
  const dates = () => [...days.keys()].filter((day) => days.get(day)!.length > 0);

  const candidatesOf = (date: string): Candidate[] => {
    const { since } = candidateDays(date);
    const seen = new Map<string, Candidate>();
    for (let day = since; day <= date; day = addDays(day, 1))
      for (const [position, { paper, numComments }] of (days.get(day) ?? []).entries())
        if (!seen.has(paper.id))
          seen.set(
            paper.id,
            aCandidate({
              ...{ key: Number(paper.id.replace(".", "")), listedOn: day, position },
              signals: { upvotes: paper.upvotes, comments: numComments },
            }),
          );
    return [...seen.values()];
  };
  const nothing = { stood: new Set<number>(), signals: new Map<number, Signals>() };
  const ranked = (date: string) => rankEdition({ date, candidates: candidatesOf(date), previous: nothing }).papers;
  const outsideOf = (date: string) =>
    new Set(
      ranked(date)
        .slice(20)
        .map(({ key }) => key),
    );
  /** Would this candidate, with these signals, be among the first three of all the others? */
  const leaps = (
    date: string,
    others: readonly RankedPaper[],
    candidate: Candidate,
    now: Signals,
    before?: Signals,
  ) => {
    const signals = new Map(before && [[candidate.key, before]]);
    const candidates = [{ ...candidate, signals: now }];
    const [paper] = rankEdition({ date, candidates, previous: { ...nothing, signals } }).papers;
    return paper!.score >= others.filter(({ key }) => key !== candidate.key)[2]!.score;
  };

  april("moves no paper from outside the first twenty to the first three, whichever signal it is", () => {
    const leapt: string[] = [];
    let tried = 0;
    for (const [n, date] of dates().slice(1).entries()) {
      const outside = outsideOf(dates()[n]!);
      const others = ranked(date);
      for (const candidate of candidatesOf(date).filter(({ key }) => outside.has(key))) {
        tried += 1;
        for (const [name, inflate] of Object.entries(INFLATED)) {
          const before = { ...candidate.signals, ...(STARS_BEFORE[name] && { stars: STARS_BEFORE[name] }) };
          if (leaps(date, others, candidate, inflate(before), before)) leapt.push(`${date} ${candidate.key} ${name}`);
        }
      }
    }
    console.log(`tried with each signal: ${tried} papers; leapt: ${leapt.length}`);
    expect(leapt).toEqual([]);
    expect(tried).toBeGreaterThan(1_500);
  });

  april("keeps a paper out that goes on showing them, as long as nothing bears them out", () => {
    const leapt: string[] = [];
    for (const [n, date] of dates().slice(2).entries()) {
      const outside = outsideOf(dates()[n]!);
      const others = ranked(date);
      for (const candidate of candidatesOf(date).filter(({ key }) => outside.has(key))) {
        const now = INFLATED.votes!(candidate.signals);
        if (leaps(date, others, candidate, now, now)) leapt.push(`${date} ${candidate.key}`);
      }
    }
    expect(leapt).toEqual([]);
  });

  april("on its first day, when nobody knows what it had before, lets one in thirteen in at most", () => {
    const leapt: number[] = [];
    let tried = 0;
    for (const date of dates()) {
      const others = ranked(date);
      const outside = new Set(others.slice(20).map(({ key }) => key));
      for (const candidate of candidatesOf(date).filter(({ key, listedOn }) => listedOn === date && outside.has(key))) {
        tried += 1;
        if (leaps(date, others, candidate, INFLATED.votes!(candidate.signals))) leapt.push(candidate.signals.comments!);
      }
    }
    console.log(
      `first day: ${leapt.length} of ${tried} leapt, ${leapt.filter((n) => n > 2).length} with over 2 comments`,
    );
    expect(leapt.length / tried).toBeLessThan(1 / 13);
  });
});
