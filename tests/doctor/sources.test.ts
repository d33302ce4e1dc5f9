import { describe, expect, test } from "vitest";
import type { SourceRecord } from "../../src/core/source-health.ts";
import { judgeRecords } from "../../src/doctor/sources.ts";
import { examineDatabase } from "../../src/store/examine-database.ts";
import { pulls } from "../../src/store/pulls.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const NOW = at("2026-04-15T12:00Z");
const SOURCES = [{ name: "hugging-face", trending: true }];
const minutesAgo = (minutes: number) => new Date(NOW.getTime() - minutes * 60_000);
const facts = (...records: SourceRecord[]) => ({
  ...{ isReached: true as const, version: 180004, encoding: "UTF8", now: NOW, askedAt: NOW, broken: null },
  ...{ migrations: { applied: 9, pending: [] }, sources: records, backedUpAt: null },
});
const record = (given: Partial<SourceRecord> = {}): SourceRecord => ({
  ...{ source: "hugging-face", firstPullAt: minutesAgo(9_999), lastPullAt: minutesAgo(20), lastGoodAt: minutesAgo(20) },
  ...{ newest: { day: "2026-04-14", papers: 42 }, usualPapers: 38, failures: 0, lastProblem: null },
  ...given,
});
const said = (given: Partial<SourceRecord>) => {
  const [{ level, found, advice }] = judgeRecords(facts(record(given)), SOURCES) as [
    ReturnType<typeof judgeRecords>[0],
  ];
  return [`${level}: ${found}`, advice];
};
const WORKER = "See that a worker runs, and what it logs: npm start, or paperboy worker.";

describe("what the doctor says of a source", () => {
  test("that does well", () => {
    expect(said({})).toEqual([
      "green: hugging-face last answered 20 min ago: 42 papers of 2026-04-14, usually 38.",
      null,
    ]);
    expect(said({ usualPapers: null, newest: null })).toEqual(["green: hugging-face last answered 20 min ago.", null]);
  });

  test("that gives far less than usual, has not answered for hours, or for a day", () => {
    const failing = {
      failures: 8,
      lastProblem: "https://huggingface.co/api/daily_papers answered 503. Try again later.",
    };
    const told = "8 pulls failed, the last: https://huggingface.co/api/daily_papers answered 503. Try again later.";
    expect([
      said({ newest: { day: "2026-04-14", papers: 3 } }),
      said({ lastGoodAt: minutesAgo(300), ...failing }),
      said({ lastGoodAt: minutesAgo(3_000), ...failing }),
      said({ lastGoodAt: null, failures: 1, lastProblem: "404" }),
      said({ firstPullAt: minutesAgo(20), lastGoodAt: null, newest: null, failures: 1, lastProblem: "404" }),
    ]).toEqual([
      [
        "amber: hugging-face last answered 20 min ago: 3 papers of 2026-04-14, usually 38.",
        "Look at its page: if more stands there, its format has changed.",
      ],
      [
        `amber: hugging-face last answered 5 h ago; ${told}`,
        "It is asked again every hour. Mend what it says if it lasts.",
      ],
      [
        `red: hugging-face last answered 2 days ago; ${told}`,
        "Mend what it says. Meanwhile papers may come from a file: npm run paperboy -- import FILE",
      ],
      [
        "red: hugging-face has never answered; a pull failed: 404.",
        "Mend what it says. Meanwhile papers may come from a file: npm run paperboy -- import FILE",
      ],
      [
        "amber: hugging-face has never answered; a pull failed: 404.",
        "It is asked again every hour. Mend what it says if it lasts.",
      ],
    ]);
  });

  test("that nobody asks any more", () => {
    const since = (minutes: number) => ({ lastPullAt: minutesAgo(minutes), lastGoodAt: minutesAgo(minutes) });
    expect([said(since(240)), said(since(3_000))]).toEqual([
      ["amber: hugging-face was last asked 4 h ago.", WORKER],
      ["red: hugging-face last answered 2 days ago.", WORKER],
    ]);
  });

  test("that was never read, of none at all, and without a database", () => {
    expect(judgeRecords(facts(), SOURCES)).toMatchObject([
      { level: "amber", found: "hugging-face has not been read yet." },
    ]);
    expect(judgeRecords(facts(), [])).toMatchObject([{ level: "green" }]);
    expect(judgeRecords({ isReached: false, code: "", words: "" }, SOURCES)).toMatchObject([{ level: "amber" }]);
  });

  test("comes from the record of pulls in the database it looks at", async () => {
    const store = await aStore(NOW);
    const pull = { source: "hugging-face", day: "2026-04-14", startedAt: minutesAgo(21), endedAt: minutesAgo(20) };
    await pulls(store.prisma, store.pool).add({ ...pull, outcome: "good", papers: 42, refused: 0, problem: null });
    const found = await examineDatabase(store.url);
    expect(judgeRecords({ ...(found as ReturnType<typeof facts>), now: NOW }, SOURCES)).toMatchObject([
      { level: "green", found: "hugging-face last answered 20 min ago: 42 papers of 2026-04-14." },
    ]);
    await store.close();
  });
});
