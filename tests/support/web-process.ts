/** The product as `npm start` runs it, web and workers in a process of their own, over a database and a mail server of the test's. */
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import pg from "pg";
import { type Child, startChild } from "./child.ts";
import { aDatabase } from "./database.ts";
import { freePort } from "./free-port.ts";
import { openSmtp, type SmtpServer } from "./smtp.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PATIENCE_MS = 60_000;

export interface WebProcess {
  readonly url: string;
  readonly smtp: SmtpServer;
  /** Its settings: what the command line is told that works on the same database. */
  readonly env: Readonly<Record<string, string>>;
  /** All it has written so far. */
  output(): string;
  /** Megabytes that are its own. */
  memoryMb(): Promise<number>;
  /** Seconds of processor time it has used: what a busy machine does not change much. */
  cpuSeconds(): Promise<number>;
  sql<T extends object>(text: string, values?: unknown[]): Promise<T[]>;
  /** Ends it as an operator would; its database and its folder stay. */
  stop(): Promise<void>;
  /** Starts it, or starts it again. @throws when it does not answer in time, with what it wrote */
  start(): Promise<void>;
  close(): Promise<void>;
}

/** @param env settings beside the places where its parts are */
export async function aWebProcess(env: Readonly<Record<string, string>> = {}): Promise<WebProcess> {
  const web = await aWebProcessToBe(env);
  await web.start().catch(async (error) => {
    await web.close();
    throw error;
  });
  return web;
}

/** Everything it needs, while it is not started yet: `start()` does. */
export async function aWebProcessToBe(
  env: Readonly<Record<string, string>> = {},
  mailServer: Promise<SmtpServer> = openSmtp(),
): Promise<WebProcess> {
  const [database, smtp, port] = await Promise.all([aDatabase(), mailServer, freePort()]);
  const dataDir = await mkdtemp(join(tmpdir(), "paperboy-web-"));
  const pool = new pg.Pool({ connectionString: database.url, max: 2 });
  // A connection that is closing when its database is dropped hears so after the pool has let go of it.
  pool.on("error", () => {});
  const url = `http://127.0.0.1:${port}`;
  const places = { PATH: process.env.PATH!, HOME: dataDir, DATA_DIR: dataDir };
  const parts = {
    DATABASE_URL: database.url,
    SMTP_URL: smtp.url,
    PUBLIC_URL: url,
    PORT: String(port),
    CATCHER_PORT: "0",
  };
  const nobody = { SOURCES: "hugging-face", HUGGING_FACE_URL: "http://127.0.0.1:9" };
  const settings = { ...places, ...parts, ...nobody, ...env };
  let written = "";
  let child: Child | null = null;
  const stop = async () => {
    if (child === null) return;
    const ending = child;
    child = null;
    ending.signal("SIGTERM");
    const cut = setTimeout(() => ending.signal("SIGKILL"), PATIENCE_MS);
    await ending.gone;
    clearTimeout(cut);
  };
  const close = async () => {
    await stop();
    await smtp.close();
    await pool.end();
    await database.drop();
    await rm(dataDir, { recursive: true, force: true });
  };
  const start = async () => {
    const started = startChild(process.execPath, ["bin/run.js", "src/main.ts"], {
      ...{ cwd: root, env: settings },
      stdio: ["ignore", "pipe", "pipe"],
    });
    child = started;
    for (const stream of [started.process.stdout!, started.process.stderr!])
      stream.on("data", (bytes: Buffer) => {
        written += bytes;
      });
    for (let waitedMs = 0; !(await isUp(url)); waitedMs += 100) {
      if (started.isRunning() && waitedMs < PATIENCE_MS) await new Promise((resolve) => setTimeout(resolve, 100));
      else {
        await stop();
        throw new Error(`it did not start:\n${written}`);
      }
    }
  };
  return {
    ...{ url, smtp, env: settings, start, stop },
    output: () => written,
    async memoryMb() {
      const status = await readFile(`/proc/${child!.pid}/status`, "utf8");
      return Number(/^RssAnon:\s+(\d+) kB/m.exec(status)![1]) / 1024;
    },
    async cpuSeconds() {
      const fields = (await readFile(`/proc/${child!.pid}/stat`, "utf8")).replace(/^.*\) /, "").split(" ");
      return (Number(fields[11]) + Number(fields[12])) / 100; // utime and stime, in ticks of USER_HZ
    },
    async sql<T extends object>(text: string, values: unknown[] = []) {
      return (await pool.query<T>(text, values)).rows;
    },
    close,
  };
}

async function isUp(url: string): Promise<boolean> {
  try {
    const answer = await fetch(`${url}/health`, { headers: { connection: "close" } });
    await answer.body?.cancel();
    return answer.ok;
  } catch {
    return false; // not listening yet
  }
}
