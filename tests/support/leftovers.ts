import type { ChildProcess } from "node:child_process";
import { Server, Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll } from "vitest";

/** Runs in every test file: what it opened and did not close fails it. */
let before: string[];

beforeAll(() => {
  before = process.getActiveResourcesInfo();
});

// Registered first, so it runs last: after the file's own clean-up.
afterAll(async () => {
  let left = leftovers();
  for (let waitedMs = 0; left.length > 0 && waitedMs < 2_000; waitedMs += 50) {
    await sleep(50); // a closed socket takes a turn or two to go
    left = leftovers();
  }
  if (left.length > 0) throw new Error(`This file left open: ${left.join(", ")}${details()}`);
});

/** Kinds of things that keep the process alive, one entry for each that was not there at the start. */
function leftovers(): string[] {
  const rest = [...before];
  return process.getActiveResourcesInfo().filter((kind) => {
    const known = rest.indexOf(kind);
    if (known >= 0) rest.splice(known, 1);
    return known < 0 && kind !== "Immediate";
  });
}

/** Node has no public way to ask which ones; this one is undocumented but as old as Node. */
function details(): string {
  const handles = (process as unknown as { _getActiveHandles?: () => unknown[] })._getActiveHandles?.() ?? [];
  const words = handles.flatMap((handle) => {
    if (handle instanceof Server) return [`server at ${JSON.stringify(handle.address())}`];
    if (handle instanceof Socket && handle.remotePort) return [`socket to port ${handle.remotePort}`];
    const child = handle as Partial<ChildProcess>;
    return child.spawnfile ? [`process ${child.pid} ${child.spawnfile}`] : [];
  });
  return words.length > 0 ? ` (${words.join("; ")})` : "";
}
