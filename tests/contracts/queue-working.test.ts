import { setTimeout as sleep } from "node:timers/promises";
import { expect } from "vitest";
import { Invalid, Permanent, Temporary } from "../../src/errors.ts";
import { onTrail } from "../../src/log.ts";
import { isEmpty, onEachQueue, until } from "../support/queues.ts";

/** What becomes of a job that rang. */
onEachQueue(({ it, open, below, stored, log, logged }) => {
  it("a job arrives with its payload, at the handler of its name", async () => {
    const queue = await open();
    const came: unknown[] = [];
    queue.work("mail", { "deliver-batch": async (payload) => came.push(["batch", payload]) });
    queue.work("editions", {
      "close-edition": async (payload) => came.push(["close", payload]),
      "plan-deliveries": async (payload) => came.push(["plan", payload]),
    });
    await queue.add("deliver-batch", { localDay: "2026-04-01", fromId: "9007199254740993", toId: "9007199254740999" });
    await queue.add("plan-deliveries", {});
    await queue.add("close-edition", { date: "2026-04-01" });
    await until(() => came.length === 3);
    expect(came.sort()).toEqual([
      ["batch", { localDay: "2026-04-01", fromId: "9007199254740993", toId: "9007199254740999" }],
      ["close", { date: "2026-04-01" }],
      ["plan", {}],
    ]);
  });

  it("a job of another release is dropped with a word in the log, and holds nothing up", async () => {
    const queue = await open();
    const came: string[] = [];
    // As an older release would have: this one's types do not let us.
    queue.work("reports", { "forgotten-job": async () => came.push("no") } as never);
    await queue.add("apply-report", { reportId: "7" });
    await until(() => logged.length > 0);
    expect(logged).toMatchObject([{ job: "apply-report", msg: "A job this release does not know; dropped" }]);
    expect(came).toEqual([]);
  });

  it("a temporary fault rings again after the back-off, and not before the time the other side asked for", async () => {
    const queue = await open();
    const cameAt: number[] = [];
    queue.work("reports", {
      "apply-report": async () => {
        cameAt.push(performance.now());
        if (cameAt.length === 1) throw new Temporary("busy");
        if (cameAt.length === 2) throw new Temporary("busy", { retryAfterMs: 5_000 });
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => cameAt.length === 3, 15_000);
    expect(cameAt[1]! - cameAt[0]!).toBeGreaterThan(1_500); // 2 s, up to 20 % less
    expect(cameAt[1]! - cameAt[0]!).toBeLessThan(4_000);
    expect(cameAt[2]! - cameAt[1]!).toBeGreaterThan(4_900);
  });

  it("any other fault does not ring again", async () => {
    const queue = await open();
    const faults = [new Permanent("no such row"), new Invalid("not for us"), new TypeError("x is not a function")];
    let calls = 0;
    queue.work("reports", {
      "apply-report": async ({ reportId }) => {
        calls++;
        throw faults[Number(reportId)];
      },
    });
    for (const n of faults.keys()) await queue.add("apply-report", { reportId: String(n) });
    await until(async () => (await queue.counts()).reports.failed === faults.length);
    expect(calls).toBe(faults.length);
    expect((await queue.counts()).reports).toEqual({ waiting: 0, active: 0, delayed: 0, failed: faults.length });
  });

  it("a job whose trail cannot be read is done all the same, as nobody's", async () => {
    const queue = await open();
    const trails = ["", "{", "null", "7", '{"request":7}'];
    const jobs = (await below()).queue("reports");
    for (const [n, metadata] of trails.entries())
      await jobs.add("apply-report", { reportId: String(n) }, { telemetry: { metadata } });
    queue.work("reports", { "apply-report": async ({ reportId }) => log.warn({ reportId }, "applied") });
    await until(() => logged.length === trails.length);
    expect(logged.map((line) => [line.reportId, line.request, line.msg]).sort()).toEqual(
      trails.map((_, n) => [String(n), undefined, "applied"]),
    );
    await jobs.close();
  });

  it("what a job writes carries the request that rang for it, and none when the clock did", async () => {
    const queue = await open();
    queue.work("reports", {
      "apply-report": async ({ reportId }) => log.warn({ reportId }, "applied"),
    });
    await Promise.all(
      ["one", "two"].map((request) => onTrail({ request }, () => queue.ring("apply-report", { reportId: request }))),
    );
    await queue.ring("apply-report", { reportId: "three" });
    await until(() => logged.length === 3);
    expect(logged.map((line) => [line.reportId, line.request]).sort()).toEqual([
      ["one", "one"],
      ["three", undefined],
      ["two", "two"],
    ]);
  });

  it("two workers share a burst of five hundred, and none is done twice", async () => {
    const [one, two] = [await open(), await open()];
    const done: Record<string, string[]> = { one: [], two: [] };
    const slowly = (who: string) => async (payload: { fromId: string }) => {
      done[who]!.push(payload.fromId);
      await sleep(2);
    };
    const ids = Array.from({ length: 500 }, (_, n) => String(n));
    await Promise.all(
      ids.map((id) => one.add("deliver-batch", { localDay: "2026-04-01", fromId: id, toId: id }, { id })),
    );
    one.work("mail", { "deliver-batch": slowly("one") }, { concurrency: 5 });
    two.work("mail", { "deliver-batch": slowly("two") }, { concurrency: 5 });
    await until(async () => isEmpty(await one.counts()), 20_000);
    expect([...done.one!, ...done.two!].sort()).toEqual([...ids].sort());
    expect(Math.min(done.one!.length, done.two!.length)).toBeGreaterThan(50);
  }, 40_000);

  it("a closed worker takes nothing; what comes later waits for the next one", async () => {
    const [one, two] = [await open(), await open()];
    const came: string[] = [];
    const worker = one.work("reports", { "apply-report": async ({ reportId }) => came.push(`one ${reportId}`) });
    await one.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    await worker.close();
    await one.add("apply-report", { reportId: "2" });
    await sleep(500);
    expect(came).toEqual(["one 1"]);
    two.work("reports", { "apply-report": async ({ reportId }) => came.push(`two ${reportId}`) });
    await until(() => came.length === 2);
    expect(came).toEqual(["one 1", "two 2"]);
  });

  it("closing waits for a running handler", async () => {
    const queue = await open();
    const came: string[] = [];
    const worker = queue.work("reports", {
      "apply-report": async () => {
        came.push("begun");
        await sleep(500);
        came.push("done");
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    await worker.close({ graceMs: 5_000 });
    expect(came).toEqual(["begun", "done"]);
    expect(await queue.counts()).toMatchObject({ reports: { waiting: 0, active: 0, failed: 0 } });
  });

  it("closing does not wait longer than the grace, tells the handler, and leaves the job to others", async () => {
    const queue = await open();
    const came: string[] = [];
    const worker = queue.work("reports", {
      "apply-report": (_, signal) =>
        new Promise(() => {
          came.push("begun");
          signal.addEventListener("abort", () => came.push("told"));
        }),
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(() => came.length === 1);
    const startedAt = performance.now();
    await worker.close({ graceMs: 300 });
    expect(performance.now() - startedAt).toBeLessThan(3_000);
    expect(came).toEqual(["begun", "told"]);
    expect((await queue.counts()).reports.active).toBe(1); // its lock lapses after 30 s
  });

  it("no address of an error reaches the queue's storage", async () => {
    const queue = await open();
    queue.work("reports", {
      "apply-report": async () => {
        throw new Permanent("550 no such user: reader@example.com");
      },
    });
    await queue.add("apply-report", { reportId: "1" });
    await until(async () => (await queue.counts()).reports.failed === 1);
    expect(await stored()).not.toContain("reader@");
    expect(await stored()).toContain("no such user: [address]");
  });
});
