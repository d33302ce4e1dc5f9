import { describe, expect, test } from "vitest";
import { judgeComplaints } from "../../src/core/limits.ts";
import type { SourceRecord } from "../../src/core/source-health.ts";
import {
  certificateTroubles,
  clockTroubles,
  complaintTroubles,
  editionTroubles,
  journalTroubles,
  type KnownEdition,
  partitionTroubles,
  planningTroubles,
  refusalTroubles,
  restorationTroubles,
  roomTroubles,
  sourceTroubles,
  type Trouble,
} from "../../src/core/troubles.ts";
import { at } from "../support/time.ts";

const NOW = at("2026-04-15T12:00Z");
const kinds = (troubles: readonly Trouble[]) => troubles.map(({ kind, subject }) => `${kind} ${subject}`);

describe("editions", () => {
  const look = (known: readonly KnownEdition[], now: string, first: string | null = "2026-04-01") =>
    kinds(editionTroubles(known, { first, closesAt: "01:00", now: at(now) }));
  const before = [
    { date: "2026-04-11", state: "quiet" },
    { date: "2026-04-12", state: "quiet" },
    { date: "2026-04-13", state: "closed" },
  ] as const;

  test("one is late an hour after its time, with a row or without, and no longer when it is closed", () => {
    expect(look(before, "2026-04-15T02:00Z")).toEqual([]);
    expect(look(before, "2026-04-15T02:01Z")).toEqual(["edition-late 2026-04-14"]);
    expect(look([...before, { date: "2026-04-14", state: "open" }], "2026-04-15T02:01Z")).toEqual([
      "edition-late 2026-04-14",
    ]);
    expect(look([...before, { date: "2026-04-14", state: "closed" }], "2026-04-15T02:01Z")).toEqual([]);
  });

  test("the first of an installation is late when it begins, and an installation without any waits for none", () => {
    expect(look([{ date: "2026-04-14", state: "open" }], "2026-04-15T09:00Z", "2026-04-14")).toEqual([]);
    expect(look([], "2026-04-15T09:00Z", null)).toEqual([]);
  });

  test("a broken one is so until a later one is closed; a quiet weekend is no such", () => {
    const broken = (date: string) => ({ date, state: "broken" as const });
    expect(look([...before, broken("2026-04-14")], "2026-04-15T09:00Z")).toEqual(["edition-broken 2026-04-14"]);
    const friday = [broken("2026-04-10"), before[0], before[1]];
    expect(look(friday, "2026-04-12T09:00Z")).toEqual(["edition-broken 2026-04-10"]);
    expect(look([...friday, before[2]], "2026-04-14T01:30Z")).toEqual([]);
  });
});

test("workers are silent when planning ticked last more than ten minutes ago, or never", () => {
  expect(planningTroubles(at("2026-04-15T11:50Z"), NOW)).toEqual([]);
  expect(kinds(planningTroubles(at("2026-04-15T11:49:59Z"), NOW))).toEqual(["workers-silent planning"]);
  expect(planningTroubles(at("2026-04-15T11:30Z"), NOW)[0]!.words).toMatch(
    /^No worker has looked since 2026-04-15 11:30 UTC which/,
  );
  expect(planningTroubles(null, NOW)[0]!.words).toMatch(/^No worker has looked yet which/);
});

test("partitions are there a week ahead, or somebody is told", () => {
  expect(partitionTroubles("2026-04-23", NOW)).toEqual([]);
  expect(kinds(partitionTroubles("2026-04-22", NOW))).toEqual(["partitions deliveries"]);
  expect(kinds(partitionTroubles(null, NOW))).toEqual(["partitions deliveries"]);
});

describe("sources", () => {
  const record: SourceRecord = {
    ...{ source: "hub", firstPullAt: at("2026-03-15T12:00Z"), lastPullAt: at("2026-04-15T11:30Z") },
    ...{ lastGoodAt: at("2026-04-15T11:30Z"), newest: { day: "2026-04-14", papers: 40 }, usualPapers: 42 },
    ...{ failures: 0, lastProblem: null },
  };
  const look = (given: Partial<SourceRecord>) =>
    sourceTroubles([{ ...record, ...given }], [{ name: "hub", trending: true }], NOW);

  test("one that does what it does is none; nor is one that was never asked", () => {
    expect(look({})).toEqual([]);
    expect(sourceTroubles([], [{ name: "hub", trending: true }], NOW)).toEqual([]);
  });

  test("one that failed for more than three hours is told of with what it met; one that nobody asked is not to blame", () => {
    const since = { lastGoodAt: at("2026-04-15T08:30Z") };
    expect(look({ ...since, failures: 3, lastProblem: "https://hub.example answered 503." })).toEqual([
      {
        ...{ kind: "source-failing", subject: "hub" },
        words:
          "hub gives no papers. It last answered on 2026-04-15 08:30 UTC; 3 pulls of it in a row failed: https://hub.example answered 503. It is asked again every hour; `paperboy import` takes papers from a file meanwhile.",
      },
    ]);
    expect(look({ lastGoodAt: at("2026-04-15T09:30Z"), failures: 2 })).toEqual([]);
    expect(look({ lastGoodAt: at("2026-04-13T08:30Z"), lastPullAt: at("2026-04-13T08:30Z") })).toEqual([]);
  });

  test("one that brings less than a third of the usual is told of", () => {
    expect(kinds(look({ newest: { day: "2026-04-14", papers: 13 } }))).toEqual(["source-small hub"]);
    expect(look({ newest: { day: "2026-04-14", papers: 14 } })).toEqual([]);
  });
});

test("refusals are told of above 5 % of a hundred answers or more", () => {
  const look = (accepted: number, refused: number) => kinds(refusalTroubles({ accepted, refused }));
  expect(look(95, 5)).toEqual([]);
  expect(look(94, 6)).toEqual(["refusal-rate mail"]);
  expect(look(0, 99)).toEqual([]);
  expect(look(1_000_000, 52_000)).toEqual([]);
  expect(refusalTroubles({ accepted: 900, refused: 100 })[0]!.words).toContain(
    "100 of 1000 digests since yesterday (10.0 %)",
  );
});

test("complaints are told of from 0.1 % on, and once more from 0.3 %, of a thousand mails or more and by two readers or more", () => {
  const look = (accepted: number, complaints: number) => kinds(complaintTroubles({ accepted, complaints }));
  expect(look(10_000, 9)).toEqual([]);
  expect(look(10_000, 10)).toEqual(["complaints mail"]);
  expect(look(10_000, 29)).toEqual(["complaints mail"]);
  expect(look(10_000, 30)).toEqual(["complaints mail", "complaints-high mail"]);
  expect(look(999, 50)).toEqual([]);
  expect(judgeComplaints({ accepted: 1_000, complaints: 1 })).toBe("few");
});

test("a certificate is told of in its last fortnight, a disk below 2 GB and again below 0.2 GB", () => {
  expect(certificateTroubles("smtp.example.org:465", at("2026-04-29T12:00Z"), NOW)).toEqual([]);
  expect(certificateTroubles("smtp.example.org:465", at("2026-04-29T11:59Z"), NOW)[0]!.words).toMatch(
    /^The certificate of the SMTP server smtp.example.org:465 ends on 2026-04-29 11:59 UTC\./,
  );
  expect(certificateTroubles("s:465", at("2026-04-14T11:59Z"), NOW)[0]!.words).toContain("ended on");
  expect(roomTroubles("a:/data", 2e9)).toEqual([]);
  expect(kinds(roomTroubles("a:/data", 1.9e9))).toEqual(["disk a:/data"]);
  expect(kinds(roomTroubles("a:/data", 1.9e8))).toEqual(["disk a:/data", "disk-full a:/data"]);
});

test("a journal, a clock and a restoration are told of when there is something to tell", () => {
  expect(journalTroubles("a:/data/journal.jsonl", null)).toEqual([]);
  expect(kinds(journalTroubles("a:/data/journal.jsonl", "EROFS"))).toEqual(["journal a:/data/journal.jsonl"]);
  expect(clockTroubles("a", NOW, at("2026-04-15T12:04:59Z"))).toEqual([]);
  expect(clockTroubles("a", NOW, at("2026-04-15T12:05Z"))[0]!.words).toMatch(/^The clock of a is 300 s ahead of/);
  expect(restorationTroubles(null, NOW)).toEqual([]);
  const restored = { number: 2, at: at("2026-04-15T03:00Z"), lostSince: at("2026-04-14T23:00Z") };
  expect(kinds(restorationTroubles(restored, NOW))).toEqual(["restored 2"]);
  expect(restorationTroubles(restored, NOW)[0]!.words).toContain(
    "What happened since 2026-04-14 23:00 UTC is not in it.",
  );
  expect(restorationTroubles(restored, at("2026-04-16T03:01Z"))).toEqual([]);
});
