/** Opens the doors this process should open (web, workers, or both) and closes them on a signal. */
import { parseArgs } from "node:util";
import { setFlagsFromString } from "node:v8";
import { startHouseWatch } from "../workers/house.ts";
import { startIntake } from "../workers/intake.ts";
import { startWorkers } from "../workers/start.ts";
import { watchDatabase } from "../workers/watch.ts";
import { type App, openApp } from "./app.ts";
import { type Config, nearNames, readConfig } from "./config.ts";
import { asPortFault, Invalid, isForeseen, lastWords } from "./errors.ts";
import type { createServer } from "./http/server.ts";
import { type Log, openLog } from "./log.ts";
import { measureProcess } from "./metrics.ts";
import { openRecording } from "./sources/recording.ts";

export interface Doors {
  readonly web: boolean;
  readonly workers: boolean;
}

/** How long mails and jobs under way may take to finish after a signal. */
const GRACE_MS = 25_000;

/**
 * Runs until a signal.
 *
 * @param record folder in which the workers keep every answer of a source, for `paperboy replay`
 * @returns the exit code
 */
export async function run(doors: Doors, config: Config, log: Log, record?: string): Promise<number> {
  keepMemorySmall();
  measureProcess();
  log.info("Paperboy starts");
  for (const { name, meant } of nearNames(process.env))
    log.warn(`${name} is no setting of Paperboy's and is not read. Did you mean ${meant}?`);
  const tracing =
    config.tracedAs === null ? null : await import("./tracing.ts").then((on) => on.startTracing(config.tracedAs!));
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  // Without workers nothing is sent from here: the catcher's page belongs to the process that does.
  const recording = record === undefined ? null : await openRecording(record, log);
  const app = await openApp(doors.workers ? config : { ...config, catcherPort: 0 }, {
    ...{ log, publicUrl },
    staysAs: `paperboy ${doors.web ? (doors.workers ? "start" : "web") : "worker"}`,
  });
  const watch = await watchDatabase(app);
  const workers = doors.workers ? await startWorkers({ ...app, ...(recording && { recording }) }) : null;
  // After them, so that the first visitors do not wait for what workers do first. But no worker goes on behind a closed door.
  const server = doors.web
    ? await serve(doors.workers ? app : { ...app, needs: ["database"] }, config.port).catch(async (error: unknown) => {
        watch.close();
        await workers?.close({ graceMs: GRACE_MS });
        await app.close();
        throw error;
      })
    : null;
  const metrics = doors.web || config.metricsPort === null ? null : await tellMetrics(app, config.metricsPort);
  // With the web server, the other port that is open to the world: of workers there may be many on one machine.
  const intake = doors.web
    ? await startIntake(app).catch(asPortFault("BOUNCE_SMTP_PORT", config.bounceSmtpPort))
    : null;
  const house = await startHouseWatch(app);
  if (workers && (await app.editions.bounds()).first === null) await app.queue.ring("collect-papers", {});
  if (workers) log.info("The workers wait for what is due");
  if (server) log.info(`Paperboy is at ${publicUrl}`);
  if (metrics) log.info(`Metrics are told at port ${metrics.port}`);
  if (intake) log.info(`Mail to ${config.bounceDomain} is taken at port ${intake.port}`);
  if (app.catcher && doors.workers) log.info(`Mail is caught, not sent: read it at ${app.catcher.webUrl}`);

  await signal();
  log.info("finishing what is under way");
  await Promise.all([
    server?.close(),
    metrics?.close(),
    intake?.close(),
    house.close(),
    workers?.close({ graceMs: GRACE_MS }),
  ]);
  watch.close();
  await app.close();
  await tracing?.close();
  return 0;
}

/** A worker does without the web server, in memory too. */
async function serve(app: Parameters<typeof createServer>[0], port: number) {
  const [{ listen }, { createServer }, { rehearse }] = await Promise.all([
    ...([import("./http/listen.ts"), import("./http/server.ts"), import("./http/rehearse.ts")] as const),
  ]);
  const server = createServer(app);
  server.enable("rehearsal");
  await rehearse(server);
  server.disable("rehearsal");
  return listen(server, port).catch(asPortFault("PORT", port));
}

/** For a worker, which has no other port. */
async function tellMetrics(app: App, port: number) {
  const [{ listen }, { openScrape, scrapeListener }, { mayScrape }] = await Promise.all([
    ...([import("./http/listen.ts"), import("./http/metrics.ts"), import("./http/may-scrape.ts")] as const),
  ]);
  return listen(scrapeListener(openScrape(app), mayScrape(app)), port).catch(asPortFault("METRICS_PORT", port));
}

/**
 * V8 lets garbage grow to the size of what is alive before it looks; a sender makes it by the megabyte, and would hold
 * 50 MB more than it needs.
 */
function keepMemorySmall(): void {
  setFlagsFromString("--heap-growing-percent=30");
}

function signal(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => resolve(name));
  });
}

if (process.argv[1] === import.meta.filename) {
  try {
    const config = readConfig(process.env);
    const record = recordOption();
    process.exitCode = await run({ web: true, workers: true }, config, openLog({ level: config.logLevel }), record);
  } catch (error) {
    if (!isForeseen(error)) openLog().fatal({ err: error }, "Paperboy did not start");
    process.exitCode = lastWords(error, (line) => void process.stderr.write(`${line}\n`));
  }
}

/** @throws {Invalid} for any other option */
function recordOption(): string | undefined {
  try {
    return parseArgs({ options: { record: { type: "string" } } }).values.record;
  } catch (cause) {
    throw new Invalid(`${(cause as Error).message}. Write npm start, or npm start -- --record FOLDER`, [], { cause });
  }
}
