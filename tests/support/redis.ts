import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";
import { type Child, startChild } from "./child.ts";
import { freePort } from "./free-port.ts";

export type TestRedis = { url: string; flush(): Promise<void>; close(): Promise<void> };

/** A Redis that can be killed, and found again at the same address with what it had written down. */
export interface BreakableRedis extends TestRedis {
  /** kill -9; what its last second brought may be gone with it. */
  kill(): Promise<void>;
  /** Starts it again after a kill. */
  start(): Promise<void>;
  freeze(): void;
  thaw(): void;
}

/** Whether this machine has one. The product needs none, so neither does the suite. */
export const hasRedis: boolean = (() => {
  try {
    execFileSync("redis-server", ["--version"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
})();

/** A Redis of its own on a free port, ended with the test file; null where there is no `redis-server`. */
export async function aRedis(): Promise<TestRedis | null> {
  return hasRedis ? startRedis({ isDurable: false }) : null;
}

/**
 * A Redis of its own on a free port.
 *
 * @param isDurable writes down what it is told, each second, as the README asks of one in production
 */
export async function startRedis({ isDurable = true } = {}): Promise<BreakableRedis> {
  const dir = mkdtempSync(join(tmpdir(), "paperboy-redis-"));
  const port = await freePort();
  const url = `redis://127.0.0.1:${port}`;
  const durable = isDurable ? ["--appendonly", "yes", "--appendfsync", "everysec"] : [];
  const args = ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", ...durable];
  let server: Child;
  const start = async () => {
    server = startChild("redis-server", [...args, "--maxmemory-policy", "noeviction"], { stdio: "ignore" });
    await answering(url, server);
  };
  await start();
  return {
    url,
    start,
    flush: () => withClient(url, async (client) => void (await client.flushall())),
    kill: () => server.kill(),
    freeze: () => server.signal("SIGSTOP"),
    thaw: () => server.signal("SIGCONT"),
    async close() {
      await server.kill();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function withClient(url: string, work: (client: Redis) => Promise<void>): Promise<void> {
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null, maxRetriesPerRequest: 1 });
  client.on("error", () => {}); // what is awaited rejects
  try {
    await client.connect();
    await work(client);
  } finally {
    client.disconnect();
  }
}

async function answering(url: string, server: Child): Promise<void> {
  for (let attempt = 0; server.isRunning() && attempt < 400; attempt++) {
    try {
      return await withClient(url, async (client) => {
        await client.ping(); // "LOADING" while it reads what it had written down
      });
    } catch {
      await sleep(25); // not listening yet
    }
  }
  throw new Error("redis-server does not answer");
}
