import { expect, test } from "vitest";
import { openTurns } from "../../src/mail/turns.ts";

test("who asks often waits for who asks rarely", async () => {
  const turns = openTurns(2);
  const served: string[] = [];
  const done = new Map<string, () => void>();
  for (const name of ["a1", "a2", "a3", "a4", "b1", "c1"])
    void turns.take(name[0]!).then((end) => {
      served.push(name);
      done.set(name, end);
    });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  const end = async (name: string) => {
    done.get(name)!();
    await settled();
  };
  await settled();
  expect(served).toEqual(["a1", "a2"]);
  await end("a1");
  await end("a2");
  // Not a3 and a4, though they asked before: one `a` is served at a time while others wait.
  expect(served).toEqual(["a1", "a2", "b1", "a3"]);
  await end("b1");
  await end("b1"); // a turn is given back once
  expect(served).toEqual(["a1", "a2", "b1", "a3", "c1"]);
  await end("a3");
  expect(served).toEqual(["a1", "a2", "b1", "a3", "c1", "a4"]);
});

test("who goes away leaves nothing behind: twenty thousand who came and went cost those who wait nothing", async () => {
  const turns = openTurns(1);
  const end = await turns.take("first");
  const before = process.cpuUsage();
  const gone: Promise<unknown>[] = [];
  for (let n = 0; n < 20_000; n += 1) {
    const client = new AbortController();
    gone.push(turns.take(`client ${n}`, client.signal).catch((reason: unknown) => reason));
    if (n === 10_000) gone.push(turns.take("last"));
    client.abort("hung up");
  }
  expect(turns.waiting).toBe(1);
  end();
  const settled = await Promise.all(gone);
  expect(new Set(settled.filter((each) => typeof each !== "function"))).toEqual(new Set(["hung up"]));
  const { user, system } = process.cpuUsage(before);
  expect((user + system) / 1e6).toBeLessThan(2);
  expect(turns.waiting).toBe(0);
});

test("who went away before asking, or goes while served, is not waited for and gives their turn back once", async () => {
  const turns = openTurns(1);
  await expect(turns.take("a", AbortSignal.abort("hung up"))).rejects.toBe("hung up");
  const client = new AbortController();
  const end = await turns.take("a", client.signal);
  client.abort("hung up");
  const next = turns.take("b");
  expect(turns.waiting).toBe(1);
  end();
  end();
  (await next)();
  expect(turns.waiting).toBe(0);
});
