import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { Redis } from "ioredis";

export type TestRedis = { url: string; flush(): Promise<void>; close(): Promise<void> };

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
  if (!hasRedis) return null;
  const dir = mkdtempSync(join(tmpdir(), "paperboy-redis-"));
  const port = await freePort();
  const server = spawn(
    "redis-server",
    ["--port", String(port), "--bind", "127.0.0.1", "--dir", dir, "--save", "", "--maxmemory-policy", "noeviction"],
    { stdio: "ignore" },
  );
  const url = `redis://127.0.0.1:${port}`;
  const client = new Redis(url, { lazyConnect: true, retryStrategy: () => null });
  client.on("error", () => {}); // the loop below decides
  await answering(client, server);
  const killWithUs = () => server.kill("SIGKILL");
  process.once("exit", killWithUs);
  return {
    url,
    async flush() {
      await client.flushall();
    },
    async close() {
      client.disconnect();
      process.off("exit", killWithUs);
      const gone = once(server, "exit");
      server.kill();
      await gone;
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

async function answering(client: Redis, server: ChildProcess): Promise<void> {
  for (let attempt = 0; server.exitCode === null && attempt < 200; attempt++) {
    try {
      await client.connect();
      return;
    } catch {
      await sleep(25); // not listening yet
    }
  }
  throw new Error("redis-server does not answer");
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, "close");
  return port;
}
