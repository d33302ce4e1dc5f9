import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, onTestFinished, test } from "vitest";
import { startChild } from "./support/child.ts";
import { aWebProcess } from "./support/web-process.ts";

test("a port that is taken stops the start: no worker goes on behind a closed door", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, resolve));
  onTestFinished(() => void taken.close());
  const { port } = taken.address() as AddressInfo;
  await expect(aWebProcess({ PORT: String(port) })).rejects.toThrow(
    `PORT: nothing can listen at port ${port}, as another process has it (EADDRINUSE). Write another PORT, or stop what has it`,
  );
}, 60_000);

test.each([
  ["a wrong setting", { PORT: "http" }, [], 'PORT is not a whole number from 0 to 65535: "http"\n', 2],
  [
    ...(["an option there is not", {}, ["--watch"]] as const),
    "Unknown option '--watch'. Write npm start, or npm start -- --record FOLDER\n",
    2,
  ],
  [
    "a database that is away",
    { DATABASE_URL: "postgresql://a:hunter2@127.0.0.1:9/x" },
    ...([
      [],
      "The database does not answer: connect ECONNREFUSED 127.0.0.1:9. Start it, or correct host and port in DATABASE_URL\n",
      1,
    ] as const),
  ],
])(
  "npm start, with %s: a sentence, no stack, and an exit code",
  async (_, env, args, said, code) => {
    const places = { PATH: process.env.PATH!, DATA_DIR: await aFolder(), LOG_LEVEL: "warn" };
    const started = startChild(process.execPath, ["bin/run.js", "src/main.ts", ...args], {
      ...{ env: { ...places, ...env }, stdio: ["ignore", "pipe", "pipe"] },
    });
    let written = "";
    for (const stream of [started.process.stdout!, started.process.stderr!])
      stream.on("data", (bytes: Buffer) => {
        written += bytes;
      });
    await started.gone;
    expect([written, started.process.exitCode]).toEqual([said, code]);
  },
  60_000,
);

async function aFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "paperboy-main-"));
  onTestFinished(() => rm(folder, { recursive: true }));
  return folder;
}
