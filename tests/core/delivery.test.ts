import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  type Attempt,
  afterAttempt,
  countsAsSent,
  DELIVERY_MOVES,
  type DeliveryState,
  endedAs,
  isOver,
  mayMoveDelivery,
  nextTry,
} from "../../src/core/delivery.ts";

const at = (text: string) => new Date(text);
const NOW = at("2026-03-02T08:00Z");
const first = { attempts: 1, wasUncertain: false, sendBy: at("2026-03-03T03:00Z") };
const again = { ...first, attempts: 2, wasUncertain: true };
const STATES = Object.keys(DELIVERY_MOVES) as DeliveryState[];

describe("states", () => {
  test("six of them are ends, and two of those count as sent", () => {
    expect(STATES.filter(isOver)).toEqual(["accepted", "uncertain", "refused", "expired", "empty", "withdrawn"]);
    expect(STATES.filter(countsAsSent)).toEqual(["accepted", "uncertain"]);
  });

  test("only a claim leads to the server's answer, and an end leads nowhere", () => {
    const waysTo = (to: DeliveryState) => STATES.filter((from) => mayMoveDelivery(from, to));
    expect([waysTo("accepted"), waysTo("refused"), waysTo("empty")]).toEqual([["claimed"], ["claimed"], ["claimed"]]);
    expect(waysTo("claimed")).toEqual(["planned", "retry"]);
    expect(STATES.filter(isOver).flatMap((from) => DELIVERY_MOVES[from])).toEqual([]);
  });
});

describe("after an attempt", () => {
  test("an accepted mail is over", () => {
    expect(afterAttempt("accepted", first, NOW, 0)).toEqual({
      state: "accepted",
      reason: null,
      nextTryAt: null,
      isUncertain: false,
    });
  });

  test("a refusal is never tried again", () => {
    const refused = { state: "refused", reason: "refused-by-server", nextTryAt: null, isUncertain: false };
    expect(afterAttempt("refused", first, NOW, 0)).toEqual(refused);
  });

  test("a deferral is tried again after a minute, and up to two", () => {
    const retry = { state: "retry", reason: "deferred", isUncertain: false };
    expect(afterAttempt("deferred", first, NOW, 0)).toEqual({ ...retry, nextTryAt: at("2026-03-02T08:01Z") });
    expect(afterAttempt("deferred", first, NOW, 1)).toEqual({ ...retry, nextTryAt: at("2026-03-02T08:02Z") });
  });

  test("a lost answer is tried once more, and never a third time", () => {
    expect(afterAttempt("answer-lost", first, NOW, 0)).toEqual({
      state: "retry",
      reason: "answer-lost",
      nextTryAt: at("2026-03-02T08:01Z"),
      isUncertain: true,
    });
    expect(afterAttempt("answer-lost", again, NOW, 0)).toEqual({
      state: "uncertain",
      reason: "answer-lost",
      nextTryAt: null,
      isUncertain: true,
    });
  });

  test("what may have arrived ends as uncertain, whatever the second try brings", () => {
    const ends = (["refused", "expired", "withdrawn"] as const).map((state) => [
      endedAs(state, false),
      endedAs(state, true),
    ]);
    expect(ends).toEqual([
      ["refused", "uncertain"],
      ["expired", "uncertain"],
      ["withdrawn", "uncertain"],
    ]);
    expect(afterAttempt("refused", again, NOW, 0).state).toBe("uncertain");
    expect(afterAttempt("accepted", again, NOW, 0).state).toBe("accepted");
  });

  test("no try is planned past the validity", () => {
    const ending = { ...first, sendBy: at("2026-03-02T08:00:30Z") };
    expect(afterAttempt("deferred", ending, NOW, 0)).toEqual({
      state: "expired",
      reason: "late",
      nextTryAt: null,
      isUncertain: false,
    });
    expect(afterAttempt("answer-lost", ending, NOW, 0)).toEqual({
      state: "uncertain",
      reason: "answer-lost",
      nextTryAt: null,
      isUncertain: true,
    });
    expect(afterAttempt("deferred", { ...ending, sendBy: at("2026-03-02T08:01Z") }, NOW, 0).state).toBe("retry");
  });

  test("whatever a server does: the life of a delivery ends, moves only as drawn, and hands over twice at most in doubt", () => {
    const attempts = fc.constantFrom<Attempt>("accepted", "refused", "deferred", "connection-failed", "answer-lost");
    fc.assert(
      fc.property(fc.infiniteStream(attempts), fc.double({ min: 0, max: 1, noNaN: true }), (answers, jitter) => {
        let [now, wasUncertain, lost, tries] = [NOW, false, 0, 0];
        for (const answer of answers) {
          tries += 1;
          if (answer === "answer-lost") lost += 1;
          const after = afterAttempt(answer, { attempts: tries, wasUncertain, sendBy: first.sendBy }, now, jitter);
          expect(mayMoveDelivery("claimed", after.state)).toBe(true);
          expect(isOver(after.state)).toBe(after.nextTryAt === null);
          if (after.nextTryAt === null) {
            if (lost > 0) expect(countsAsSent(after.state)).toBe(true);
            break;
          }
          expect(after.nextTryAt > now && after.nextTryAt <= first.sendBy).toBe(true);
          [now, wasUncertain] = [after.nextTryAt, after.isUncertain];
        }
        expect(lost).toBeLessThanOrEqual(2);
        expect(tries).toBeLessThan(60);
      }),
    );
  });
});

test("waits double from a minute, spread by jitter, and are never over an hour", () => {
  const minutes = (jitter: number) => [1, 2, 3, 4, 5, 6, 7, 1000].map((attempt) => nextTry(attempt, jitter) / 60_000);
  expect(minutes(0)).toEqual([1, 2, 4, 8, 16, 30, 30, 30]);
  expect(minutes(1)).toEqual([2, 4, 8, 16, 32, 60, 60, 60]);
  expect([nextTry(0, 0.5), nextTry(1, -3), nextTry(1, 9)]).toEqual([90_000, 60_000, 120_000]);
});
