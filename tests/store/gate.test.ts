import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { type Gate, openGate } from "../../src/store/gate.ts";
import { incidents } from "../../src/store/incidents.ts";
import { aLog } from "../actions/press.ts";
import { processorTime } from "../support/processor-time.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const EDITION = "2026-04-14";
const DAY = "2026-04-15";

let store: TestStore;
let logged: ReturnType<typeof aLog>;
const gates: Gate[] = [];
beforeAll(async () => {
  store = await aStore(at("2026-04-15T07:00Z"));
});
afterAll(() => store.close());
beforeEach(() => {
  logged = aLog();
});
afterEach(async () => {
  await Promise.all(gates.splice(0).map((gate) => gate.close()));
  await store.sql("TRUNCATE sending_stops, waves, wave_pages, incidents");
});

/** Another process's gate; it looks five times a second unless told otherwise. */
function aGate({ refreshMs = 200 } = {}): Gate {
  const { log } = logged;
  const gate = openGate({ ...store, incidents: incidents(store.prisma, log), log }, { refreshMs });
  gates.push(gate);
  return gate;
}
const range = (fromId: number, toId: number, localDay = DAY) => ({
  ...{ localDay, fromId: BigInt(fromId), toId: BigInt(toId) },
});
const page = (fromId: number, toId: number, editionDate = EDITION) => ({ ...range(fromId, toId), editionDate });
const anything = range(1, 1_000_000);
const until = async (isSo: () => boolean | Promise<boolean>) => {
  for (let waitedMs = 0; !(await isSo()); waitedMs += 20) {
    if (waitedMs > 5_000) throw new Error("it did not come to that in 5 s");
    await sleep(20);
  }
};
const refuse = (gate: Gate, times: number, editionDate = EDITION) => {
  for (let n = 0; n < times; n++) gate.saw(editionDate, "refused");
};

describe("a pause", () => {
  test("C8: stops every process within its second, and a resume lets them all go on", async () => {
    const [operator, worker] = [aGate(), aGate()];
    expect([await worker.admits(anything), worker.mayBegin(EDITION)]).toEqual([true, true]);
    await operator.pause("the server moves");
    await until(() => !worker.mayBegin(EDITION));
    expect([await worker.admitted(anything), await operator.admits(anything)]).toEqual([[], false]);
    await operator.resume();
    await until(() => worker.mayBegin(EDITION));
    expect([await worker.admitted(anything), operator.mayBegin(EDITION)]).toEqual([[anything], true]);
  });

  test("twice is one pause, with the first reason; two at once too", async () => {
    const [one, two] = [aGate(), aGate()];
    const stops = await Promise.all([one.pause("a"), two.pause("b"), one.pause("c")]);
    expect(stops.filter(({ isNew }) => isNew)).toHaveLength(1);
    const { because } = stops.find(({ isNew }) => isNew)!;
    expect(new Set(stops.map((stop) => stop.because))).toEqual(new Set([because]));
    expect(await one.resume()).toEqual([{ editionDate: null, because, at: at("2026-04-15T07:00Z") }]);
    expect(await two.resume()).toEqual([]);
  });

  test("stands after every process was killed", async () => {
    await aGate().pause("the server moves");
    expect(await aGate().admits(anything)).toBe(false);
  });
});

describe("a wave", () => {
  test("of fewer than 2,000 goes at once", async () => {
    const gate = aGate();
    expect(await gate.opened(page(1, 1_999))).toEqual(range(1, 1_999));
    expect(await gate.admits(range(1, 1_999))).toBe(true);
  });

  test("that is large sends the first of its pages ahead and holds the rest, for every process", async () => {
    const [planner, worker] = [aGate(), aGate()];
    expect(await planner.opened(page(1, 6_000))).toEqual(range(1, 100));
    expect(await planner.opened(page(6_001, 12_000))).toEqual(range(6_001, 6_020));
    expect(await planner.admitted(range(50, 12_000))).toEqual([range(50, 100), range(6_001, 6_020)]);
    expect(await worker.admitted(range(50, 12_010))).toEqual([
      ...[range(50, 100), range(6_001, 6_020), range(12_001, 12_010)],
    ]);
    expect([await worker.admits(range(1, 100)), await worker.admits(range(1, 101))]).toEqual([true, false]);
  });

  test("leaves other local days alone, and what is between its pages", async () => {
    const gate = aGate();
    await gate.opened(page(1_000, 6_999));
    expect(await gate.admitted(range(1, 8_000))).toEqual([range(1, 1_099), range(7_000, 8_000)]);
    expect(await gate.admits(range(1, 8_000, "2026-04-16"))).toBe(true);
  });

  test("noted twice, by two planners at once, counts once", async () => {
    const [one, two] = [aGate(), aGate()];
    const noted = await Promise.all([
      one.opened(page(1, 6_000)),
      two.opened(page(1, 6_000)),
      one.opened(page(1, 6_000)),
    ]);
    expect(noted).toEqual([range(1, 100), range(1, 100), range(1, 100)]);
    expect(await store.sql("SELECT planned, let_through FROM waves")).toEqual([{ planned: 6_000, let_through: 100 }]);
  });

  test("pages noted at once by several planners add up", async () => {
    const gate = aGate();
    const pages = Array.from({ length: 8 }, (_, n) => page(n * 1_000 + 1, (n + 1) * 1_000));
    await Promise.all(pages.map((each) => gate.opened(each)));
    // The first thousand is small, and more than the vanguard that all of them need.
    expect(await store.sql("SELECT planned, let_through FROM waves")).toEqual([{ planned: 8_000, let_through: 1_000 }]);
  });

  test("that was released holds nothing, nor what is planned of the edition later; whoever releases gets what was held", async () => {
    const gate = aGate();
    await gate.opened(page(1, 6_000));
    const released = await Promise.all([store.waves.release(EDITION), store.waves.release(EDITION)]);
    expect(released.filter((ranges) => ranges !== null)).toEqual([[range(101, 6_000)]]);
    expect(await gate.opened(page(6_001, 60_000))).toEqual(range(6_001, 60_000));
    expect(await gate.admits(range(1, 60_000))).toBe(true);
  });

  test("that was released a moment ago is open to whoever is rung for it, however new its memory of the hold", async () => {
    const [planner, worker] = [aGate(), aGate({ refreshMs: 60_000 })];
    await planner.opened(page(1, 6_000));
    expect(await worker.admits(range(101, 400))).toBe(false);
    await store.waves.release(EDITION);
    expect(await worker.admitted(range(101, 400))).toEqual([range(101, 400)]);
  });

  test("of another edition is held on its own", async () => {
    const gate = aGate();
    await gate.opened(page(1, 6_000));
    await store.waves.release(EDITION);
    expect(await gate.opened(page(6_001, 12_000, "2026-04-13"))).toEqual(range(6_001, 6_100));
  });
});

describe("the brake", () => {
  test("stops an edition in the process that saw the refusals at once, everywhere within a second, with one alarm", async () => {
    const [one, two] = [aGate(), aGate()];
    await Promise.all([one.admits(anything), two.admits(anything)]);
    refuse(one, 25);
    expect(one.mayBegin(EDITION)).toBe(true);
    refuse(one, 1);
    refuse(two, 26);
    expect([one.mayBegin(EDITION), one.mayBegin("2026-04-13")]).toEqual([false, true]);
    const three = aGate();
    await until(async () => {
      await three.admits(anything);
      return !three.mayBegin(EDITION);
    });
    await until(async () => (await store.sql("SELECT FROM sending_stops")).length === 1);
    expect(logged.lines.map(({ level, msg }) => `${level} ${msg}`)).toEqual([
      "50 Mail servers refused more than 5 % of the last digests of edition 2026-04-14: it was stopped. `paperboy resume` lets it go on.",
    ]);
  });

  test("closes all that was planned of the edition, and nothing else", async () => {
    const gate = aGate();
    await gate.opened(page(1, 500));
    await gate.opened(page(501, 900, "2026-04-13"));
    await gate.opened(page(901, 1_000));
    await gate.brake(EDITION, "too many refusals");
    expect(await gate.admitted(range(1, 1_100))).toEqual([range(501, 900), range(1_001, 1_100)]);
  });

  test("is lifted by a resume, which says so; what was refused before does not count again, and nothing is held", async () => {
    const [worker, operator] = [aGate(), aGate()];
    await worker.opened(page(1, 6_000));
    refuse(worker, 26);
    await until(async () => (await store.sql("SELECT FROM sending_stops")).length === 1);
    expect((await operator.resume()).map(({ editionDate }) => editionDate)).toEqual([EDITION]);
    await until(() => worker.mayBegin(EDITION));
    refuse(worker, 25);
    expect([worker.mayBegin(EDITION), await worker.admits(range(1, 6_000))]).toEqual([true, true]);
    refuse(worker, 1);
    expect(worker.mayBegin(EDITION)).toBe(false);
    expect(logged.lines.map(({ level }) => level).slice(0, 2)).toEqual([50, 30]);
  });

  test("bears one refusal in twenty for as long as it lasts", async () => {
    const gate = aGate();
    await gate.admits(anything);
    for (let n = 0; n < 5_000; n++) gate.saw(EDITION, n % 20 === 0 ? "refused" : n % 3 === 0 ? "other" : "accepted");
    expect(gate.mayBegin(EDITION)).toBe(true);
  });
});

describe("the memory", () => {
  test("answers a hundred thousand mails without asking the database for each (C16)", async () => {
    let readings = 0;
    const stops = {
      ...store.stops,
      standing: () => {
        readings += 1;
        return store.stops.standing();
      },
    };
    const gate = openGate({ ...store, stops, log: logged.log });
    gates.push(gate);
    await gate.admits(range(1, 2));
    const passed = processorTime();
    for (let n = 0; n < 100_000; n++) gate.mayBegin(EDITION);
    expect(readings).toBeLessThanOrEqual(3);
    expect(passed()).toBeLessThan(1_000);
  });

  test("of a database that does not answer is not trusted for long, and nothing new is claimed", async () => {
    let isAway = false;
    const stops = {
      ...store.stops,
      standing: () => (isAway ? Promise.reject(new Error("away")) : store.stops.standing()),
    };
    const gate = openGate({ ...store, stops, log: logged.log }, { refreshMs: 20 });
    gates.push(gate);
    expect([gate.mayBegin(EDITION), await gate.admits(anything)]).toEqual([false, true]);
    isAway = true;
    await sleep(100);
    expect(gate.mayBegin(EDITION)).toBe(true);
    await expect(gate.admits(anything)).rejects.toThrow("away");
    const { now } = performance;
    performance.now = () => now.call(performance) + 5_000;
    try {
      expect(gate.mayBegin(EDITION)).toBe(false);
    } finally {
      performance.now = now;
    }
    isAway = false;
    expect([await gate.admits(anything), gate.mayBegin(EDITION)]).toEqual([true, true]);
  });
});
