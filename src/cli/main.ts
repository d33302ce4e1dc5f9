/**
 * The command line: `paperboy COMMAND`. Exit codes: 0 done, 1 failed, 2 misused.
 *
 * The application is loaded by the commands that need it: help comes at once.
 */
import { join } from "node:path";
import { Command, CommanderError } from "commander";
import { type Config, readConfig } from "../config.ts";
import { Invalid } from "../errors.ts";
import { type Log, openLog } from "../log.ts";
import type { Doors } from "../main.ts";
import { collect } from "./commands/collect.ts";
import { deliver } from "./commands/deliver.ts";
import { doctor } from "./commands/doctor.ts";
import { edition } from "./commands/edition.ts";
import { erase } from "./commands/erase.ts";
import { importFiles } from "./commands/import.ts";
import { pause } from "./commands/pause.ts";
import { preview } from "./commands/preview.ts";
import { type PlayedApp, replay } from "./commands/replay.ts";
import { resume } from "./commands/resume.ts";
import { subscribers } from "./commands/subscribers.ts";
import { suppress } from "./commands/suppress.ts";
import { today } from "./commands/today.ts";
import { topics } from "./commands/topics.ts";
import { widthFor } from "./digest-in-terminal.ts";
import { openProgress } from "./progress.ts";
import type { Terminal } from "./terminal.ts";

const settings = (): Config => readConfig(process.env);
/** What a server says while all is well is of no interest to who gives one command. */
const quieter = (level: string): string => (level === "info" ? "warn" : level);
/** What a program reads stands on standard output alone; the log goes beside it. */
const logFor = (config: Config, level: string = config.logLevel): Log =>
  openLog({ level, pretty: process.stderr.isTTY, write: (line) => void process.stderr.write(line) });

const isColourful = process.stdout.isTTY && !process.env.NO_COLOR;
const progress = openProgress(process.stderr);

const terminal: Terminal = {
  print: (text) => void process.stdout.write(text.endsWith("\n") ? text : `${text}\n`),
  complain: (text) => void process.stderr.write(`${text}\n`),
  async withApp(work) {
    const config = settings();
    const log = logFor(config, quieter(config.logLevel));
    const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
    // The catcher's page is for whoever serves: a command beside a running server takes any free port.
    const { openApp } = await import("../app.ts");
    const app = await openApp({ ...config, catcherPort: 0 }, { log, publicUrl });
    try {
      return await work(app);
    } finally {
      await app.close();
    }
  },
};

const program = new Command("paperboy")
  .description(
    "A daily email digest of trending research papers. Settings come from the environment: see .env.example.",
  )
  .exitOverride()
  .showHelpAfterError("(`paperboy help COMMAND` says more)");

program
  .command("web")
  .description("serve the pages and the API")
  .action(() => serve({ web: true, workers: false }));
program
  .command("worker")
  .description("collect papers, close editions, plan and send digests")
  .option("--record <folder>", "keep every answer of a source there too, for `replay`")
  .action(({ record }: { record?: string }) => serve({ web: false, workers: true, record }));
program
  .command("migrate")
  .description("bring the database to the newest migration")
  .action(async () => {
    const config = settings();
    if (config.databaseUrl === null)
      return terminal.withApp(async () => terminal.print("The embedded database is migrated at every start."));
    const { migrate } = await import("../store/migrate.ts");
    const { applied } = await migrate({ databaseUrl: config.databaseUrl, log: logFor(config) });
    terminal.print(
      applied.length === 0 ? "Nothing to do: the database is up to date." : `Applied: ${applied.join(", ")}`,
    );
  });
for (const command of [collect, importFiles, preview, edition, deliver, pause, resume, suppress, topics, erase])
  program.addCommand(command(terminal).exitOverride());
program.addCommand(subscribers({ ...terminal, progress, output: process.stdout }).exitOverride());
program.addCommand(
  replay({
    ...terminal,
    readRecording: async (folder) => (await import("../sources/read-recording.ts")).readRecording(folder),
    onStage,
    show: progress.show,
  }).exitOverride(),
);
program.addCommand(
  doctor({
    print: terminal.print,
    isColourful,
    examine: async (options) => (await import("../doctor.ts")).examine(process.env, options),
    fail: () => {
      process.exitCode = 1;
    },
  }).exitOverride(),
);

program.addCommand(
  today({
    ...{ print: terminal.print, complain: terminal.complain, progress },
    screen: { width: widthFor(process.stdout.isTTY ? process.stdout.columns : undefined), isColourful },
    async withDesk(work) {
      const config = settings();
      const { openTodayDesk } = await import("../today-desk.ts");
      const desk = await openTodayDesk(config, { log: logFor(config, quieter(config.logLevel)) });
      try {
        return await work(desk);
      } finally {
        await desk.close();
      }
    },
  }).exitOverride(),
);

try {
  await program.parseAsync();
} catch (error) {
  process.exitCode = codeOf(error);
}

/** In a corner of its own, on the parts a fresh machine has: what else is set is for the real thing. */
async function onStage<T>(work: (app: PlayedApp) => Promise<T>): Promise<T> {
  const { EDITION_CLOSES_AT, TOPICS_FILE, RETENTION_DAYS, POSTAL_ADDRESS } = process.env;
  const { dataDir, logLevel, publicUrl, port } = settings();
  const config = readConfig({
    ...{ EDITION_CLOSES_AT, TOPICS_FILE, RETENTION_DAYS, POSTAL_ADDRESS },
    ...{ DATA_DIR: join(dataDir, "replay"), CATCHER_PORT: "0" },
  });
  let at = new Date();
  const { openApp } = await import("../app.ts");
  const app = await openApp(config, {
    // What sources and editions of then were warned of was told then.
    log: logFor(config, logLevel === "info" || logLevel === "warn" ? "error" : logLevel),
    publicUrl: publicUrl ?? `http://localhost:${port}`,
    now: () => at,
    ...{ offline: true, scratch: true },
  });
  const setClock = async (to: Date) => {
    at = to;
    await app.databaseClock!.set(to);
  };
  try {
    return await work({ ...app, setClock });
  } finally {
    await app.close();
  }
}

async function serve({ record, ...doors }: Doors & { record?: string | undefined }): Promise<void> {
  const config = settings();
  const { run } = await import("../main.ts");
  process.exitCode = await run(doors, config, logFor(config), record);
}

function codeOf(error: unknown): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof Invalid) {
    terminal.complain(error.message);
    for (const { field, message } of error.problems)
      if (!error.message.includes(message)) terminal.complain(`  ${field}: ${message}`);
    return 2;
  }
  terminal.complain(error instanceof Error ? error.message : String(error));
  if (process.env.LOG_LEVEL === "debug") console.error(error);
  return 1;
}
