import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { Invalid, Permanent } from "../../src/errors.ts";
import { isEmpty, nobody, onEachQueue, until } from "../support/queues.ts";

/** What may be rung for, when it rings, and when it rings once for many. */
onEachQueue(({ it, open, lose }) => {
  it("a payload that is not the job's is refused with the field at fault", async () => {
    const queue = await open();
    const wrong = { localDay: "yesterday", fromId: "1", toId: "2", to: "reader@example.com" } as never;
    const refused = await queue.add("deliver-batch", wrong).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(Invalid);
    expect((refused as Invalid).problems.map(({ field }) => field)).toEqual(["localDay", ""]);
    expect((await queue.counts()).mail).toEqual({ waiting: 0, active: 0, delayed: 0, failed: 0 });
  });

  it("a doorbell that is waiting is not rung twice", async () => {
    const queue = await open();
    const came: string[] = [];
    for (let n = 0; n < 3; n++) await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await queue.add("apply-report", { reportId: "2" }, { id: "2" });
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    await until(async () => isEmpty(await queue.counts()));
    expect(came.sort()).toEqual(["1", "2"]);
  });

  it("a doorbell rung while its job runs runs it once more afterwards", async () => {
    const queue = await open();
    const came: string[] = [];
    let letGo = () => {};
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        came.push(reportId);
        if (came.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
      },
    });
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await until(() => came.length === 1);
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    letGo();
    await until(async () => came.length >= 2 && isEmpty(await queue.counts()));
    expect(came).toEqual(["1", "1"]);
  });

  it("rings that come at once all ring, equal ones once; of a job that runs, once more afterwards", async () => {
    const queue = await open();
    const came: string[] = [];
    let letGo = () => {};
    const ring = (...ids: string[]) => Promise.all(ids.map((reportId) => queue.ring("apply-report", { reportId })));
    await ring("1", "2", "3", "2", "1", "3");
    expect((await queue.counts()).reports).toEqual({ waiting: 3, active: 0, delayed: 0, failed: 0 });
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        came.push(reportId);
        if (came.length === 1) await new Promise<void>((resolve) => (letGo = resolve));
      },
    });
    await until(() => came.length === 1);
    await ring("4", came[0]!, "5", came[0]!, "4");
    letGo();
    await until(async () => came.length >= 6 && isEmpty(await queue.counts()));
    expect(came.sort()).toEqual(["1", "1", "2", "3", "4", "5"]);
  });

  it("C12: an id can be used again after its job was done, and after it failed and was kept", async () => {
    const queue = await open();
    let calls = 0;
    queue.work("reports", {
      "apply-report": async () => {
        calls++;
        if (calls === 2) throw new Permanent("no");
      },
    });
    for (let n = 1; n <= 4; n++) {
      await queue.add("apply-report", { reportId: "1" }, { id: "1" });
      await until(async () => calls === n && isEmpty(await queue.counts()));
    }
    expect((await queue.counts()).reports.failed).toBe(1);
  });

  it("C11: ids of every shape we make, and worse, are accepted and told apart", async () => {
    const queue = await open();
    const ids = [
      "42",
      "2026-04-01",
      "2026-04-01:1-500",
      "2026-04-01/1/500",
      "a:b:c",
      "import:9f86d081884c7d65",
      "",
      " ",
      "Ünïcødé 🗞️",
      'it\'s "quoted"; DROP TABLE x',
      "x".repeat(3_000),
      `${"x".repeat(3_000)}y`,
      "9007199254740993",
      "-1",
      "0",
      "{a}",
      "*",
    ];
    for (const id of [...ids, ...ids]) await queue.add("apply-report", { reportId: "r" }, { id });
    expect((await queue.counts()).reports.waiting).toBe(ids.length);
  });

  it("the same id means two things for two jobs", async () => {
    const queue = await open();
    await queue.add("close-edition", {}, { id: "1" });
    await queue.add("plan-deliveries", {}, { id: "1" });
    expect((await queue.counts()).editions.waiting).toBe(2);
  });

  it("a job can be told to wait", async () => {
    const queue = await open();
    const came: string[] = [];
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    await queue.add("apply-report", { reportId: "later" }, { delayMs: 700 });
    await queue.add("apply-report", { reportId: "now" });
    await until(() => came.length === 2);
    expect(came).toEqual(["now", "later"]);
  });

  it("a rhythm ticks on, however often and by however many it is asserted", async () => {
    const [queue, other] = [await open(), await open()];
    const cameAt: number[] = [];
    queue.work("upkeep", { ...nobody, sweep: async () => cameAt.push(performance.now()) });
    for (let n = 0; n < 20; n++) {
      await Promise.all([queue, other].map((each) => each.schedule("sweep", { everyMs: 500 }, "sweep", {})));
      await sleep(100);
    }
    await until(() => cameAt.length >= 4);
    const seconds = (cameAt.at(-1)! - cameAt[0]!) / 1_000;
    expect(cameAt.length).toBeLessThanOrEqual(Math.ceil(seconds / 0.5) + 2);
  });

  it("a cron pattern in a zone is understood, and a wrong one is not", async () => {
    const queue = await open();
    await queue.schedule("close", { pattern: "0 1 * * *", zone: "Asia/Kathmandu" }, "close-edition", {});
    expect((await queue.counts()).editions.delayed).toBe(1);
    await expect(queue.schedule("wrong", { pattern: "at noon", zone: "UTC" }, "close-edition", {})).rejects.toThrow();
  });

  it("after everything was lost the rhythm starts again when it is asserted, and new jobs arrive", async () => {
    const queue = await open();
    let ticks = 0;
    const came: string[] = [];
    queue.work("upkeep", { ...nobody, sweep: async () => ticks++ });
    queue.work("reports", { "apply-report": async ({ reportId }) => came.push(reportId) });
    const assert = () => queue.schedule("sweep", { everyMs: 300 }, "sweep", {});
    await assert();
    await until(() => ticks >= 2);
    await lose();
    await sleep(1_000);
    const before = ticks;
    await sleep(1_000);
    expect(ticks).toBe(before); // it does not come back by itself
    await assert();
    await queue.add("apply-report", { reportId: "1" }, { id: "1" });
    await until(() => ticks >= before + 2 && came.length === 1);
  });

  it("jobs and rhythms that nobody works off are seen to be late, and to be in time again", async () => {
    const queue = await open();
    await queue.schedule("sweep", { everyMs: 300 }, "sweep", {});
    await queue.add("apply-report", { reportId: "7" });
    const { lateMs, waitingSince } = await queue.pulse();
    expect([Object.keys(lateMs), waitingSince.mail, waitingSince.letters]).toEqual([["sweep"], null, null]);
    const added = waitingSince.reports!;
    expect(Math.abs(added.getTime() - Date.now())).toBeLessThan(5_000);
    await until(async () => (await queue.pulse()).lateMs.sweep! > 500);

    queue.work("upkeep", { ...nobody, sweep: async () => {} });
    queue.work("reports", { "apply-report": async () => {} });
    await until(async () => {
      const { waitingSince, lateMs } = await queue.pulse();
      return waitingSince.reports === null && lateMs.sweep! < 500;
    });
  });
});
