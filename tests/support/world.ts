/** The whole application on a database of its own, as a reader and an operator meet it: HTTP in, SMTP out. */
import { mkdtemp, rm } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import PostalMime, { type Email } from "postal-mime";
import { collectPapers } from "../../src/actions/collect-papers.ts";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { createServer as createWeb } from "../../src/http/server.ts";
import { openLog } from "../../src/log.ts";
import type { JobName, Payload } from "../../src/queue/jobs.ts";
import { editionJobs } from "../../workers/editions.ts";
import { letterJobs } from "../../workers/letters.ts";
import { mailJobs } from "../../workers/mail.ts";
import { reportJobs } from "../../workers/reports.ts";
import { startWorkers, type Ticks, type Workers } from "../../workers/start.ts";
import { upkeepJobs } from "../../workers/upkeep.ts";
import { aDatabase } from "./database.ts";
import { openSmtp, type SmtpServer } from "./smtp.ts";
import { aClock, aFastClock, type TestClock } from "./time.ts";

export interface World {
  readonly app: App;
  readonly clock: TestClock;
  /** Address of the web server. */
  readonly url: string;
  readonly smtp: SmtpServer;
  readonly pool: pg.Pool;
  readonly databaseUrl: string;
  sql<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  /** Mails taken so far for an address, parsed, oldest first. */
  inbox(address: string): Promise<Email[]>;
  /** The `count`th mail for an address, waiting for it. @throws when it does not come */
  mail(address: string, count: number): Promise<Email>;
  /** Runs real workers on the real queue until the world ends. */
  work(ticks?: Partial<Ticks>): Promise<Workers>;
  /** Does one job here and now, as a worker would. */
  run<N extends JobName>(name: N, payload: Payload<N>): Promise<void>;
  /** Everything that is due at this instant, without any queue: close, plan, deliver, answer, sweep. */
  settle(): Promise<void>;
  close(): Promise<void>;
}

export interface WorldOptions {
  readonly start: Date;
  /** How many times as fast as the world, from `work` on; absent: the clock stands until it is set. */
  readonly factor?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly smtp?: SmtpServer;
  /** Papers come from the test alone. */
  readonly offline?: boolean;
}

export async function aWorld({ start, factor, env = {}, smtp: given, offline = false }: WorldOptions): Promise<World> {
  const database = await aDatabase();
  const dataDir = await mkdtemp(join(tmpdir(), "paperboy-world-"));
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  // A connection that is closing when its database is dropped hears so after the pool has let go of it.
  pool.on("error", () => {});
  const fast = factor ? await aFastClock(pool, start, factor) : null;
  const clock: TestClock = fast ?? (await aClock(pool, start));
  const smtp = given ?? (await openSmtp());
  // What is listening is what the links name, so the port comes first.
  let answer: ReturnType<typeof createWeb> | null = null;
  const server: Server = createServer((request, response) => answer!(request, response));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const config = readConfig({
    ...{ DATABASE_URL: database.url, DATA_DIR: dataDir, SMTP_URL: smtp.url, PUBLIC_URL: url, SOURCES: "hugging-face" },
    ...{ HUGGING_FACE_URL: "http://127.0.0.1:9", MAIL_FROM: "Paperboy <digest@paperboy.example>" },
    ...env,
  });
  const log = openLog({ level: process.env.PAPERBOY_TEST_LOG ?? "silent", pretty: true });
  const app = await openApp(config, { log, publicUrl: url, now: clock.now, offline });
  answer = createWeb(app);
  let workers: Workers | null = null;

  const jobs: { [N in JobName]?: (payload: Payload<N>, signal: AbortSignal) => Promise<unknown> } = {
    ...{ ...editionJobs(app), ...letterJobs(app), ...mailJobs(app), ...reportJobs(app), ...upkeepJobs(app) },
    "collect-papers": () => collectPapers(app),
  };
  const run: World["run"] = async (name, payload) => {
    await jobs[name]!(payload, new AbortController().signal);
  };
  const sql: World["sql"] = async <T extends object>(text: string, values: unknown[] = []) =>
    (await pool.query<T>(text, values)).rows;
  const inbox = (address: string) =>
    Promise.all(smtp.taken.filter(({ to }) => to.includes(address)).map(({ raw }) => PostalMime.parse(raw)));

  return {
    ...{ app, clock, url, smtp, pool, run, inbox, databaseUrl: database.url },
    sql,
    async mail(address, count) {
      for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
        if (smtp.taken.filter(({ to }) => to.includes(address)).length >= count)
          return (await inbox(address))[count - 1]!;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
      throw new Error(`mail ${count} for ${address} did not come in 15 s`);
    },
    async work(ticks = {}) {
      await fast?.go();
      const never = 3_600_000;
      workers = await startWorkers(app, {
        collectMs: never,
        closeMs: never,
        planMs: never,
        sweepMs: never,
        judgeMs: never,
        assertMs: never,
        ...ticks,
      });
      return workers;
    },
    run,
    async settle() {
      await run("close-edition", {});
      await run("plan-deliveries", {});
      for (const { id } of await app.requests.overdue(100)) await run("answer-request", { requestId: String(id) });
      for (const range of await app.deliveries.overdue(0, 100_000, 1_000))
        await run("deliver-batch", {
          localDay: range.localDay,
          fromId: String(range.fromId),
          toId: String(range.toId),
        });
      for (const { id } of await sql<{ id: string }>("SELECT id FROM reports WHERE state = 'waiting'"))
        await run("apply-report", { reportId: id });
      await run("sweep", {});
    },
    async close() {
      await workers?.close({ graceMs: 2_000 });
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
      await app.close();
      if (!given) await smtp.close();
      await pool.end();
      await database.drop();
      await rm(dataDir, { recursive: true, force: true });
    },
  };
}

/** The link of a purpose in a mail. @throws when there is none */
export function linkIn(mail: Email, purpose: string): string {
  const [link] = new RegExp(`https?://\\S+/${purpose}/[\\w.~-]+`).exec(mail.text ?? "") ?? [];
  if (!link) throw new Error(`there is no link to ${purpose} in "${mail.subject}"`);
  return link;
}

/** arXiv ids of the papers in a digest, in their order. */
export function papersIn(mail: Email): string[] {
  return [...new Set([...(mail.text ?? "").matchAll(/arxiv\.org\/abs\/(\d{4}\.\d{4,5})/g)].map(([, id]) => id!))];
}
