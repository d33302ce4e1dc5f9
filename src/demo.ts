/** The demo: the main job, once, on real parts, written against the doors. It does what a person would do. */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer as createProbe } from "node:net";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { startWorkers } from "../workers/start.ts";
import { closeEdition } from "./actions/close-edition.ts";
import { type App, openApp } from "./app.ts";
import { readConfig } from "./config.ts";
import { type DemoPapers, demoPapers } from "./demo-papers.ts";
import { Invalid } from "./errors.ts";
import { listen } from "./http/listen.ts";
import { createServer } from "./http/server.ts";
import { openLog } from "./log.ts";
import type { Caught } from "./mail/catcher.ts";

const READER = "reader@example.com";
/** For each mail: a busy laptop needs two seconds. */
const MAIL_MS = 30_000;

const USAGE = `Usage: npm run demo -- [--once] [--papers FILE…]

  --once          stop when the digest has arrived; the last line is one JSON object
  --papers FILE…  take the papers of these files instead of today's
`;

const startedAt = performance.now();
const seconds = () => Math.round((performance.now() - startedAt) / 100) / 10;
const say = (line: string) => process.stdout.write(`${line}\n`);

async function demo({ once, files }: { once: boolean; files: readonly string[] }): Promise<void> {
  const env = process.env;
  const port = await freePort(Number(env.PORT ?? 3000));
  const catcherPort = await freePort(Number(env.CATCHER_PORT ?? 1080));
  // Its own corner of the data directory, and the parts a fresh machine has: whatever else is set is for the real thing.
  const dataDir = join(resolve(env.DATA_DIR ?? ".paperboy"), "demo");
  const config = readConfig({
    ...{ PORT: String(port), CATCHER_PORT: String(catcherPort), DATA_DIR: dataDir },
    ...{ REDIS_URL: env.REDIS_URL, HUGGING_FACE_URL: env.HUGGING_FACE_URL, SOURCES: "hugging-face" },
  });
  const publicUrl = `http://localhost:${port}`;
  const log = openLog({
    level: env.LOG_LEVEL ?? "warn",
    pretty: true,
    write: (line) => void process.stderr.write(line),
  });

  say("Paperboy, the demo: one reader, one edition, one digest, on real parts.\n");
  let notice: DemoPapers["notice"] = null;
  const app = await openApp(config, { log, publicUrl, scratch: true, notice: () => notice });
  const closing: (() => Promise<void>)[] = [() => app.close()];
  const close = async () => {
    for (const one of closing.splice(0).reverse()) await one();
  };
  stopOnSignal(close);
  try {
    step(`PostgreSQL, the queue, and a mail catcher are up`);
    const papers = await demoPapers(app, files);
    notice = papers.notice;
    for (const line of papers.told) say(`         ${line}`);
    step(`${papers.read} papers read: ${papers.from}`);

    const decision = await closeEdition(
      { ...app, sources: papers.isLive ? app.sources : [] },
      papers.editionDate,
      app.now(),
      { force: true },
    );
    if (decision === "already-decided" || decision.state !== "closed")
      throw new Error(`no edition was made of them: ${JSON.stringify(decision)}`);
    step(`the edition of ${papers.editionDate} is closed`);

    const server = await listen(createServer(app), port, "127.0.0.1");
    closing.push(() => server.close());
    const workers = await startWorkers({ ...app, sources: papers.isLive ? app.sources : [] });
    closing.push(() => workers.close({ graceMs: 5_000 }));

    const { html, eml, mail } = await beAReader(app, publicUrl, dataDir);
    const result = {
      ...{ confirmed: 1, accepted: 1, read: papers.read, papers: (mail.email.html?.match(/<h2\b/g) ?? []).length },
      ...{ seconds: seconds(), html, eml },
    };
    if (!once) {
      say(`\n  Read it          ${app.catcher!.webUrl}\n  As a file        ${html}\n  Subscribe page   ${publicUrl}`);
      say(`  Leave            with the link in the mail\n\nCtrl-C stops everything.`);
      return;
    }
    say(`\n  Read it          ${html}\n  As it was sent   ${eml}`);
    await close();
    say(JSON.stringify(result));
  } catch (error) {
    await close();
    throw error;
  }
}

/** Subscribes, opens the mail, presses the button behind its link, and gets the digest. */
async function beAReader(app: App, publicUrl: string, dataDir: string) {
  const form = new URLSearchParams({ email: READER, cadence: "daily", hour: "7", zone: "UTC", format: "html" });
  await expectOk(
    await fetch(`${publicUrl}/subscriptions`, { method: "POST", body: form, redirect: "follow" }),
    "the subscribe form",
  );
  step(`${READER} asked to subscribe`);

  const confirmation = await arrived(app, "the confirmation mail", (mail) => /\/confirm\//.test(mail.email.text ?? ""));
  const [link] = /https?:\/\/\S+\/confirm\/\S+/.exec(confirmation.email.text!)!;
  await expectOk(await fetch(link), "the confirmation page");
  await expectOk(await fetch(link, { method: "POST" }), "its button");
  step("the confirmation mail came, its link was opened, its button pressed");

  const mail = await arrived(app, "the welcome digest", (it) =>
    it.email.headers.some(({ key }) => key === "list-unsubscribe"),
  );
  step(`the digest came: "${mail.email.subject}"`);
  await mkdir(dataDir, { recursive: true });
  const [html, eml] = [join(dataDir, "digest.html"), join(dataDir, "digest.eml")];
  await writeFile(html, mail.email.html ?? "");
  await writeFile(eml, mail.raw);
  return { html, eml, mail };
}

async function arrived(app: App, what: string, isMeant: (mail: Caught) => boolean): Promise<Caught> {
  const mail = await app.catcher!.waitFor((it) => it.envelope.to.includes(READER) && isMeant(it), MAIL_MS);
  if (!mail) throw new Error(`${what} did not arrive within ${MAIL_MS / 1000} s`);
  return mail;
}

async function expectOk(response: Response, what: string): Promise<void> {
  if (!response.ok) throw new Error(`${what} answered ${response.status}: ${(await response.text()).slice(0, 300)}`);
}

function step(line: string): void {
  say(`${String(seconds()).padStart(6)} s  ${line}`);
}

/** The port, or any free one when somebody has it. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createProbe();
    probe.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EADDRINUSE" && wanted !== 0 ? resolvePort(freePort(0)) : reject(error),
    );
    probe.listen({ port: wanted, host: "127.0.0.1", exclusive: true }, () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolvePort(port));
    });
  });
}

function stopOnSignal(close: () => Promise<void>): void {
  for (const name of ["SIGINT", "SIGTERM"] as const)
    process.once(name, () => {
      void close().finally(() => process.exit(name === "SIGINT" ? 130 : 143));
    });
}

function readArguments(argv: readonly string[]): { once: boolean; files: string[] } | null {
  const { values, positionals } = parseArgs({
    args: [...argv],
    options: {
      once: { type: "boolean" },
      papers: { type: "string", multiple: true },
      help: { type: "boolean", short: "h" },
    },
    allowPositionals: true,
  });
  if (values.help) return null;
  const files = [...(values.papers ?? []), ...positionals];
  if (positionals.length > 0 && !values.papers) throw new Invalid(`"${positionals[0]}" is no option. ${USAGE}`);
  return { once: values.once ?? false, files };
}

try {
  const given = readArguments(process.argv.slice(2));
  if (given) await demo(given);
  else say(USAGE);
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : String(error)}\n`);
  if (process.env.LOG_LEVEL === "debug") console.error(error);
  const isMisuse = error instanceof Invalid || (error as { code?: string }).code?.startsWith("ERR_PARSE_ARGS");
  process.exit(isMisuse ? 2 : 1);
}
