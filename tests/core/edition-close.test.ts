import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ARXIV_HOLIDAYS, restOn } from "../../src/core/arxiv-holidays.ts";
import { weekdayOf } from "../../src/core/day.ts";
import { decide, FROM_FILE, PATIENCE_HOURS, type Pull } from "../../src/core/edition-close.ts";

const at = (text: string) => new Date(text);
const MONDAY = "2026-03-02";
const SATURDAY = "2026-03-07";
const ONE_SOURCE = { closesAt: "01:00", sources: ["hugging-face"] };

const pull = (startedAt: string, outcome: Pull["outcome"], papers = 0, source = "hugging-face"): Pull => ({
  source,
  startedAt: at(startedAt),
  outcome,
  papers,
});
/** Monday's edition, asked at a time of 3 March. */
const monday = (time: string, pulls: Pull[], options = ONE_SOURCE) =>
  decide(MONDAY, pulls, at(`2026-03-03T${time}Z`), options);
const saturday = (time: string, pulls: Pull[]) => decide(SATURDAY, pulls, at(`2026-03-08T${time}Z`), ONE_SOURCE);

const noon = pull("2026-03-02T12:00Z", "good", 17);
const afterMidnight = pull("2026-03-03T00:05Z", "good", 40);

describe("a working day", () => {
  test("closes at its time on a good pull that began after the day ended", () => {
    expect(monday("00:59", [noon, afterMidnight])).toEqual({ state: "open", because: "before-closing-time" });
    expect(monday("01:00", [noon, afterMidnight])).toEqual({ state: "closed", because: "complete" });
    expect(monday("01:00", [pull("2026-03-03T00:00:00Z", "good", 40)])).toEqual({
      state: "closed",
      because: "complete",
    });
  });

  test("never closes on half a day: pulls that began before it ended do not count, however many papers they saw", () => {
    expect(monday("01:00", [noon, pull("2026-03-02T23:59:59Z", "good", 39)])).toEqual({
      state: "open",
      because: "waiting-for-source",
    });
    expect(monday("07:00", [noon, pull("2026-03-02T23:59:59Z", "good", 39)])).toEqual({
      state: "open",
      because: "waiting-for-source",
    });
  });

  test("is not given up by a fresh start, or after a long absence, before its source was asked", () => {
    expect(monday("23:59", [])).toEqual({ state: "open", because: "waiting-for-source" });
    const forced = { closesAt: "01:00", sources: ["hugging-face"], force: true };
    expect(decide("2026-03-02", [], at("2026-03-03T02:00Z"), forced)).toEqual({
      state: "broken",
      because: "not-pulled",
    });
    const automatic = { closesAt: "01:00", sources: ["hugging-face"] };
    const lastRound = at("2026-03-09T00:00Z");
    expect(decide("2026-03-02", [], new Date(lastRound.getTime() - 1), automatic).state).toBe("open");
    expect(decide("2026-03-02", [], lastRound, automatic)).toEqual({ state: "broken", because: "not-pulled" });
  });

  test.each([
    ["empty", [noon, pull("2026-03-03T00:05Z", "good", 0)], "vanished"],
    ["empty all along", [pull("2026-03-03T00:05Z", "good", 0)], "empty"],
    ["failing", [noon, pull("2026-03-03T00:05Z", "failed")], "failing"],
    ["repeating the day before", [pull("2026-03-03T00:05Z", "repeating", 40)], "repeating"],
  ] as const)("is waited for while its source is %s, then given up with the reason", (_, pulls, because) => {
    expect(PATIENCE_HOURS).toBe(6);
    expect(monday("06:59", [...pulls])).toEqual({ state: "open", because: "waiting-for-source" });
    expect(monday("07:00", [...pulls])).toEqual({ state: "broken", because });
  });

  test("closes as soon as the source recovers", () => {
    const pulls = [
      pull("2026-03-03T00:05Z", "failed"),
      pull("2026-03-03T01:05Z", "good", 0),
      pull("2026-03-03T04:05Z", "good", 38),
    ];
    expect(monday("04:10", pulls)).toEqual({ state: "closed", because: "complete" });
  });

  test("is decided at once when the operator says so, but not before it is over", () => {
    const forced = { ...ONE_SOURCE, force: true };
    expect(monday("00:10", [afterMidnight], forced)).toEqual({ state: "closed", because: "complete" });
    expect(monday("00:10", [noon], forced)).toEqual({ state: "broken", because: "not-pulled" });
    expect(decide(MONDAY, [noon], at("2026-03-02T23:00Z"), forced)).toEqual({ state: "open", because: "day-not-over" });
  });

  test("with papers from one source waits for the other, then goes without it", () => {
    const two = { closesAt: "01:00", sources: ["hugging-face", "another"] };
    const failed = pull("2026-03-03T00:06Z", "failed", 0, "another");
    expect(monday("06:59", [afterMidnight, failed], two)).toEqual({ state: "open", because: "waiting-for-source" });
    expect(monday("07:00", [afterMidnight, failed], two)).toEqual({ state: "closed", because: "incomplete" });
    expect(monday("01:00", [afterMidnight, { ...failed, outcome: "good" }], two)).toEqual({
      state: "closed",
      because: "complete",
    });
  });
});

describe("a day off", () => {
  test("is quiet when every good pull was empty", () => {
    expect(saturday("01:00", [pull("2026-03-07T12:00Z", "good", 0), pull("2026-03-08T00:05Z", "good", 0)])).toEqual({
      state: "quiet",
      because: "weekend",
    });
    const thanksgiving = decide(
      "2026-11-26",
      [pull("2026-11-27T00:05Z", "good", 0)],
      at("2026-11-27T01:00Z"),
      ONE_SOURCE,
    );
    expect(thanksgiving).toEqual({ state: "quiet", because: "holiday" });
  });

  test("that only repeats Friday has nothing new, and is quiet too", () => {
    expect(saturday("01:00", [pull("2026-03-08T00:05Z", "repeating", 41)])).toEqual({
      state: "quiet",
      because: "weekend",
    });
  });

  test("with papers is a day like any other", () => {
    expect(saturday("01:00", [pull("2026-03-08T00:05Z", "good", 50)])).toEqual({
      state: "closed",
      because: "complete",
    });
  });

  test("is not called quiet while nobody answered, nor when papers were there and went", () => {
    expect(saturday("01:00", [pull("2026-03-08T00:05Z", "failed")])).toEqual({
      state: "open",
      because: "waiting-for-source",
    });
    expect(saturday("07:00", [pull("2026-03-08T00:05Z", "failed")])).toEqual({ state: "broken", because: "failing" });
    expect(saturday("07:00", [pull("2026-03-07T12:00Z", "good", 3), pull("2026-03-08T00:05Z", "good", 0)])).toEqual({
      state: "broken",
      because: "vanished",
    });
  });
});

describe("papers from files", () => {
  const imported = pull("2026-03-02T15:00Z", "good", 267, FROM_FILE);
  const onlyFiles = { closesAt: "01:00", sources: [] };

  test("make an edition by themselves, whenever they were imported", () => {
    expect(monday("01:00", [imported], onlyFiles)).toEqual({ state: "closed", because: "complete" });
    expect(monday("01:00", [{ ...imported, startedAt: at("2026-03-03T00:30Z") }], onlyFiles)).toEqual({
      state: "closed",
      because: "complete",
    });
    expect(monday("07:00", [], onlyFiles)).toEqual({ state: "broken", because: "empty" });
  });

  test("do not hide that a source has not answered yet", () => {
    expect(monday("01:00", [imported, pull("2026-03-03T00:05Z", "failed")])).toEqual({
      state: "open",
      because: "waiting-for-source",
    });
    expect(monday("07:00", [imported, pull("2026-03-03T00:05Z", "failed")])).toEqual({
      state: "closed",
      because: "incomplete",
    });
    expect(monday("01:00", [imported, pull("2026-03-03T00:05Z", "good", 0)])).toEqual({
      state: "closed",
      because: "complete",
    });
  });
});

test("whatever was pulled: no edition closes without papers listed after the day, and none stays open for ever", () => {
  const pulls = fc.array(
    fc.record({
      source: fc.constantFrom("hugging-face", "unknown"),
      startedAt: fc.date({ min: at("2026-03-01T00:00Z"), max: at("2026-03-03T08:00Z"), noInvalidDate: true }),
      outcome: fc.constantFrom("good" as const, "failed" as const, "repeating" as const),
      papers: fc.constantFrom(0, 1, 40),
    }),
    { maxLength: 6 },
  );
  fc.assert(
    fc.property(pulls, (given) => {
      const whole = given.some(
        (p) =>
          p.source === "hugging-face" && p.outcome === "good" && p.papers > 0 && p.startedAt >= at("2026-03-03T00:00Z"),
      );
      const asked = given.some((p) => p.source === "hugging-face" && p.startedAt >= at("2026-03-03T00:00Z"));
      expect(monday("07:00", given).state).toBe(whole ? "closed" : asked ? "broken" : "open");
      const weekLater = decide("2026-03-02", given, at("2026-03-09T00:00Z"), {
        closesAt: "01:00",
        sources: ["hugging-face"],
      });
      expect(weekLater.state).toBe(whole ? "closed" : "broken");
      expect(monday("01:00", given).state).toBe(whole ? "closed" : "open");
    }),
  );
});

test("holidays are days of 2025 to 2027, and none but one is a weekend", () => {
  const days = [...ARXIV_HOLIDAYS];
  expect(days).toEqual([...days].sort());
  expect(days.filter((day) => weekdayOf(day) > 5)).toEqual(["2025-07-06"]); // a Sunday, on which arXiv does announce
  expect([restOn("2026-01-01"), restOn("2026-12-29"), restOn("2026-04-03"), restOn("2026-04-04")]).toEqual([
    "holiday",
    "holiday",
    null,
    "weekend",
  ]);
});
