/**
 * How near the wire: the same 30 kB mails, 50 connections and the same far end, for (a) `smtp-source`, (b) the plain
 * Nodemailer loop a user would write, (c) Paperboy's whole path from planned rows to recorded acceptance.
 *
 * `npm run bench -- deliver [--rounds 5] [--mails 10000] [--only REGEXP] [--profile FOLDER] [--rough]`. Prints a table,
 * then one JSON line; with a folder each worker leaves its CPU profile there. `--rough`: a far end that answers 5 % 4xx and
 * 1 % 5xx, hangs up at times and takes 50 ms; counted are first tries, for second ones come minutes later.
 */
import { spawn } from "node:child_process";
import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { DOORBELL_ROWS } from "../../src/actions/doorbells.ts";
import { pickDigest } from "../../src/core/digest.ts";
import { openLog } from "../../src/log.ts";
import { openQueue } from "../../src/queue/queue.ts";
import { type FarEnd, startFarEnd } from "../support/far-end.ts";
import { cpuOfAll, familyOf, peakMb, program, start } from "../support/processes.ts";
import { aRedis } from "../support/redis.ts";
import { startSink } from "./deliver/far-end.ts";
import { aFilter, aPressRoom, MAX_PAPERS } from "./deliver/press-room.ts";

const { values } = parseArgs({
  args: process.argv.slice(3),
  options: {
    rounds: { type: "string", default: "5" },
    mails: { type: "string", default: "10000" },
    only: { type: "string", default: "" },
    profile: { type: "string" },
    rough: { type: "boolean", default: false },
  },
});
const ROUNDS = Number(values.rounds);
const MAILS = Number(values.mails);
const CONNECTIONS = 50;
/** Sent before the clock starts, so that connections are open and code is compiled. */
const WARM_UP = 1_000;

/** docs/promises.md P2. A hang-up is one mail in two hundred, at each of three moments. */
const ROUGH = {
  ...{ later: 0.05, never: 0.01, latencyMs: [50, 50] as const },
  ...{ hangUpAtMail: 0.002, hangUpInData: 0.002, hangUpAfterDot: 0.002 },
};

interface Figures {
  readonly mailsPerSecond: number;
  readonly cpuMsPerMail?: number;
  readonly databaseCpuMsPerMail?: number;
  readonly peakMb?: number;
}

const room = await aPressRoom({ readers: MAILS, filters: 2_000 });
const redis = await aRedis();
const farEnd = values.rough ? await startFarEnd(ROUGH) : null;
const sink = farEnd ? roughSink(farEnd) : await startSink();
const folder = await mkdtemp(join(tmpdir(), "paperboy-bench-"));
const sample = await aMail();
const key = generateKeyPairSync("rsa", { modulusLength: 2048 }).privateKey;
await writeFile(join(folder, "dkim.pem"), key.export({ type: "pkcs8", format: "pem" }), { mode: 0o600 });

const variants: Record<string, () => Promise<Figures>> = {
  ...(program("smtp-source") ? { "(a) smtp-source": wire } : {}),
  "(b) plain Nodemailer loop": plainLoop,
};
if (farEnd) for (const name of Object.keys(variants)) delete variants[name];
for (const workers of [1, 2])
  for (const queue of redis ? ["Redis", "PostgreSQL"] : ["PostgreSQL"])
    for (const isSigned of [false, true]) {
      const name = `(c) ${workers} worker${workers > 1 ? "s" : ""}, ${queue}${isSigned ? ", DKIM" : ""}`;
      variants[name] = () => paperboy({ workers, queue, isSigned });
    }

const chosen = Object.entries(variants).filter(([name]) => new RegExp(values.only).test(name));
const results = new Map<string, Figures[]>(chosen.map(([name]) => [name, []]));
try {
  for (let round = 1; round <= ROUNDS; round++)
    for (const [name, run] of chosen) {
      const figures = await run();
      results.get(name)!.push(figures);
      console.error(`round ${round}: ${name}: ${Math.round(figures.mailsPerSecond)} mails/s`);
    }
  report();
} finally {
  await Promise.all([redis?.close(), sink.close()]);
  await room.close();
  await rm(folder, { recursive: true, force: true });
}

function report(): void {
  const limit = median((results.get("(a) smtp-source") ?? []).map((one) => one.mailsPerSecond));
  const plain = median((results.get("(b) plain Nodemailer loop") ?? []).map((one) => one.mailsPerSecond));
  const rows = [...results].map(([name, all]) => {
    const rates = all.map((one) => one.mailsPerSecond).sort((a, b) => a - b);
    const rate = median(rates);
    return {
      name,
      "mails/s": Math.round(rate),
      spread: `${Math.round(rates[0]!)}–${Math.round(rates.at(-1)!)}`,
      "of (a)": ratio(rate, limit),
      "of (b)": ratio(rate, plain),
      "worker CPU ms/mail": rounded(all.map((one) => one.cpuMsPerMail)),
      "database CPU ms/mail": rounded(all.map((one) => one.databaseCpuMsPerMail)),
      "worker peak MB": Math.max(...all.map((one) => one.peakMb ?? 0)) || null,
    };
  });
  console.log(
    `${MAILS} mails of ${sample.bytes} bytes, ${CONNECTIONS} connections, far end ${sink.name}, ${ROUNDS} rounds, medians`,
  );
  console.table(Object.fromEntries(rows.map(({ name, ...figures }) => [name, figures])));
  console.log(JSON.stringify({ bench: "deliver", mails: MAILS, bytes: sample.bytes, farEnd: sink.name, rows }));
}

async function wire(): Promise<Figures> {
  const args = [
    "-d",
    "-s",
    String(CONNECTIONS),
    "-l",
    String(sample.bytes),
    "-m",
    String(MAILS),
    `127.0.0.1:${sink.port}`,
  ];
  const before = performance.now();
  const { child } = start(program("smtp-source")!, args);
  await once(child, "exit");
  return { mailsPerSecond: MAILS / ((performance.now() - before) / 1000) };
}

async function plainLoop(): Promise<Figures> {
  const script = fileURLToPath(new URL("deliver/plain-loop.ts", import.meta.url));
  const mails = Math.ceil(MAILS / 4);
  const child = spawn(process.execPath, [
    "--import",
    "tsx",
    script,
    String(sink.port),
    String(mails),
    String(CONNECTIONS),
    folder,
  ]);
  let printed = "";
  child.stdout.on("data", (chunk) => {
    printed += chunk;
  });
  await once(child, "close");
  const { seconds, cpuMs: cpu } = JSON.parse(printed) as { seconds: number; cpuMs: number };
  return { mailsPerSecond: mails / seconds, cpuMsPerMail: cpu };
}

async function paperboy(of: { workers: number; queue: string; isSigned: boolean }): Promise<Figures> {
  const { workers, queue: kind, isSigned } = of;
  await redis?.flush();
  const redisUrl = kind === "Redis" ? redis!.url : undefined;
  const log = openLog({ level: "warn", pretty: true });
  const queue = await openQueue({ ...(redisUrl ? { redisUrl } : {}), databaseUrl: room.databaseUrl, log });
  const env = {
    ...process.env,
    ...{ DATABASE_URL: room.databaseUrl, DATA_DIR: room.dataDir, REDIS_URL: redisUrl ?? "", SOURCES: "hugging-face" },
    ...{
      HUGGING_FACE_URL: "http://127.0.0.1:9",
      SMTP_URL: `smtp://127.0.0.1:${sink.port}`,
      PUBLIC_URL: "http://localhost:3000",
    },
    ...{
      SMTP_CONNECTIONS: String(CONNECTIONS / workers),
      LOG_LEVEL: "warn",
      ...(isSigned ? { DKIM_DOMAIN: "example.org", DKIM_KEYS: `bench:${join(folder, "dkim.pem")}` } : {}),
      MAIL_FROM: "Paperboy <digest@example.org>",
    },
  };
  const profiling = values.profile ? ["--cpu-prof", "--cpu-prof-dir", values.profile] : [];
  const bin = fileURLToPath(new URL("../../bin/paperboy.js", import.meta.url));
  const started = Array.from({ length: workers }, () =>
    start(process.execPath, ["--max-semi-space-size=4", ...profiling, bin, "worker"], env),
  );
  try {
    await deliver(WARM_UP);
    const pids = started.flatMap(({ pid }) => familyOf(pid));
    const database = familyOf(room.postgres);
    const before = { cpu: cpuOfAll(pids), database: cpuOfAll(database) };
    const seconds = await deliver(MAILS);
    return {
      mailsPerSecond: MAILS / seconds,
      cpuMsPerMail: (cpuOfAll(pids) - before.cpu) / MAILS,
      databaseCpuMsPerMail: (cpuOfAll(familyOf(room.postgres)) - before.database) / MAILS,
      peakMb: Math.max(...pids.map(peakMb)),
    };
  } finally {
    await Promise.all(started.map((one) => one.close()));
    await queue.close();
  }

  /** @returns seconds from the first doorbell to the last recorded acceptance, by PostgreSQL's clock */
  async function deliver(count: number): Promise<number> {
    const { localDay, fromId, toId } = await room.plan(count);
    const { rows: begun } = await room.pool.query<{ at: Date }>("SELECT clock_timestamp() AS at");
    for (let from = fromId; from <= toId; from += BigInt(DOORBELL_ROWS)) {
      const last = from + BigInt(DOORBELL_ROWS) - 1n;
      await queue.ring("deliver-batch", { localDay, fromId: String(from), toId: String(last < toId ? last : toId) });
    }
    while ((await (farEnd ? room.untried() : room.open())) > 0) await sleep(100);
    if (farEnd) return firstTries(begun[0]!.at, localDay, fromId);
    const { rows } = await room.pool.query<{ at: Date; accepted: string }>(
      "SELECT max(ended_at) AS at, count(*) FILTER (WHERE state = 'accepted') AS accepted FROM deliveries WHERE local_day = $1",
      [localDay],
    );
    if (Number(rows[0]!.accepted) !== count) throw new Error(`${rows[0]!.accepted} of ${count} mails were accepted`);
    return (rows[0]!.at.getTime() - begun[0]!.at.getTime()) / 1000;
  }
}

function roughSink({ url, pid, close }: FarEnd) {
  return { port: Number(new URL(url).port), pid, close, name: "rough (5 % 4xx, 1 % 5xx, 0.6 % hang-ups, 50 ms)" };
}

/** @returns seconds until the last first try was answered; complains where the far end has what the rows do not know of */
async function firstTries(begunAt: Date, localDay: string, fromId: bigint): Promise<number> {
  const { rows } = await room.pool.query<{ state: string; count: string }>(
    "SELECT state, count(*) AS count FROM deliveries WHERE local_day = $1 AND id >= $2 GROUP BY state ORDER BY state",
    [localDay, fromId],
  );
  const taken = (await farEnd!.mails()).filter(({ answer }) => answer !== "deferred" && answer !== "refused");
  const doubled = taken.length - new Set(taken.map(({ messageId }) => messageId)).size;
  console.error(`${rows.map((row) => `${row.state} ${row.count}`).join(", ")}; doubled at the far end ${doubled}`);
  const seconds = (Date.now() - begunAt.getTime()) / 1000;
  await farEnd!.forget();
  return seconds;
}

/** A mail as a worker makes it: its size for `smtp-source`, its parts for the plain loop. */
async function aMail(): Promise<{ bytes: number }> {
  const shelved = (await room.app.shelf.get(room.editionDate))!;
  const filter = aFilter() as never;
  const digest = pickDigest({ ...shelved, filter, cadence: "daily", maxPapers: MAX_PAPERS, sentKeys: new Set() });
  const preferences = {
    filter,
    cadence: "daily",
    hour: 7,
    zone: "Etc/UTC",
    maxPapers: 10,
    language: "en",
    format: "html",
  } as never;
  const delivery = {
    id: 1n,
    localDay: room.editionDate,
    subscriptionId: 1n,
    email: "reader1@example.com",
    preferences,
  };
  const of = { digest, edition: shelved.edition, delivery, composedAt: new Date() };
  await writeFile(join(folder, "text"), await room.app.post.show(of, "text"));
  await writeFile(join(folder, "html"), await room.app.post.show(of, "html"));
  return { bytes: room.app.post.composeDigest(of).raw.length };
}

function median(of: readonly number[]): number {
  const sorted = [...of].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
}

function ratio(rate: number, to: number): string | null {
  return Number.isNaN(to) ? null : (rate / to).toFixed(2);
}

function rounded(of: readonly (number | undefined)[]): number | null {
  const known = of.filter((one) => one !== undefined);
  return known.length === 0 ? null : Number(median(known).toFixed(3));
}
