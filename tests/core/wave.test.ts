import { describe, expect, test } from "vitest";
import { judgeVanguard, letThrough, type Tally, watchRefusals } from "../../src/core/wave.ts";

/** Plans pages one after the other. @returns how many of each may go at once */
function planned(...pages: number[]): number[] {
  const wave = { planned: 0, letThrough: 0, isReleased: false };
  return pages.map((rows) => {
    const through = letThrough(wave, rows);
    wave.planned += rows;
    wave.letThrough += through;
    return through;
  });
}

describe("the vanguard of a wave", () => {
  test("a small wave goes whole; one of 2,000 sends a hundred ahead", () => {
    expect([planned(1_999), planned(2_000), planned(6_000)]).toEqual([[1_999], [100], [100]]);
  });

  test("it grows with the wave to one in a hundred", () => {
    const pages = planned(...Array(100).fill(6_000));
    expect(pages.slice(0, 4)).toEqual([100, 20, 60, 60]);
    expect(pages.reduce((sum, each) => sum + each)).toBe(6_000);
  });

  test("groups too small to be held alone add up, and what went of them counts", () => {
    expect(planned(1_500, 499, 300, 60_000, 300_000)).toEqual([1_500, 499, 0, 0, 1_624]);
  });

  test("once released nothing is held", () => {
    expect(letThrough({ planned: 50_000, letThrough: 500, isReleased: true }, 6_000)).toBe(6_000);
  });
});

describe("judging a vanguard of a hundred", () => {
  const tally = (given: Partial<Tally>): Tally => ({
    waiting: 0,
    silent: 0,
    answered: 0,
    refused: 0,
    unsent: 0,
    ...given,
  });

  test.each([
    ["waits while any has not had its first answer", tally({ waiting: 1, answered: 99 }), "wait"],
    ["releases the rest when all were taken", tally({ answered: 100 }), "release"],
    ["bears five refusals", tally({ answered: 100, refused: 5 }), "release"],
    ["stops at six", tally({ answered: 100, refused: 6 }), "stop"],
    [
      "does not wait for the others when six are refused already",
      tally({ waiting: 90, answered: 10, refused: 6 }),
      "stop",
    ],
    ["judges by answers alone: six of eighty are too many", tally({ answered: 80, refused: 5, unsent: 20 }), "stop"],
    ["releases when nobody had anything to be sent", tally({ unsent: 100 }), "release"],
    ["sends more when the servers were away", tally({ silent: 100 }), "widen"],
    ["sends more while too few were answered", tally({ silent: 60, answered: 99 }), "widen"],
    [
      "is content with a hundred answers, whoever else is still silent",
      tally({ silent: 900, answered: 100 }),
      "release",
    ],
    ["is content with few when no more is to come", tally({ answered: 40 }), "release"],
  ] as const)("%s", (_, given, verdict) => expect(judgeVanguard(given)).toBe(verdict));
});

describe("watching refusals", () => {
  const watch = (outcomes: boolean[]) => {
    const watching = watchRefusals();
    return outcomes.findIndex((isRefused) => watching.saw(isRefused)) + 1;
  };

  test("when all are refused it stops at the 26th", () => expect(watch(Array(500).fill(true))).toBe(26));

  test("one in twenty is borne for ever, a little more is not", () => {
    const every = (n: number) => Array.from({ length: 20_000 }, (_, at) => at % n === 0);
    expect(watch(every(20))).toBe(0);
    expect(watch(every(19))).toBeGreaterThan(0);
  });

  test("what is more than 500 outcomes ago does not count", () => {
    const story = [...Array(25).fill(true), ...Array(500).fill(false), ...Array(25).fill(true), true];
    expect(watch(story)).toBe(story.length);
    expect(watch(story.slice(0, -1))).toBe(0);
  });
});
