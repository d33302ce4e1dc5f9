/**
 * The command line: `paperboy COMMAND`.
 *
 * The application is loaded by the commands that need it: help comes at once.
 */
import { join } from "node:path";
import { createInterface } from "node:readline/promises";
import { type Config, readConfig } from "../config.ts";
import { type Log, openLog } from "../log.ts";
import type { Doors } from "../main.ts";
import type { PlayedApp } from "./commands/replay.ts";
import { widthFor } from "./digest-in-terminal.ts";
import { openProgram, runProgram } from "./program.ts";
import { openProgress } from "./progress.ts";
import type { ListTerminal } from "./terminal.ts";

const settings = (): Config => readConfig(process.env);
/** What a server says while all is well is of no interest to who gives one command. */
const quieter = (level: string): string => (level === "info" ? "warn" : level);
/** What a program reads stands on standard output alone; the log goes beside it. */
const logFor = (config: Config, level: string = config.logLevel): Log =>
  openLog({
    ...{ level, pretty: process.stderr.isTTY },
    write(line) {
      terminal.progress.done();
      process.stderr.write(line);
    },
  });

const isColourful = process.stdout.isTTY && !process.env.NO_COLOR;

const terminal: ListTerminal = {
  progress: openProgress(process.stderr),
  input: () => process.stdin,
  output: process.stdout,
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

const program = openProgram({
  terminal,
  today: {
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
  },
  replay: {
    readRecording: async (folder) => (await import("../sources/read-recording.ts")).readRecording(folder),
    onStage,
  },
  vaults: {
    async withVault(work) {
      const config = settings();
      const { openVault } = await import("../vault.ts");
      const vault = await openVault(config, logFor(config, quieter(config.logLevel)));
      try {
        return await work(vault);
      } finally {
        terminal.progress.done();
        await vault.close();
      }
    },
    async ask(question) {
      if (!process.stdin.isTTY) return null;
      const asking = createInterface({ input: process.stdin, output: process.stderr });
      try {
        return /^y(es)?$/i.test((await asking.question(question)).trim());
      } finally {
        asking.close();
      }
    },
  },
  doctor: {
    isColourful,
    examine: async (options) => (await import("../doctor.ts")).examine(process.env, options),
    fail: () => {
      process.exitCode = 1;
    },
  },
  serve,
  async migrate() {
    const config = settings();
    if (config.databaseUrl === null) return terminal.withApp(async () => null);
    const { migrate } = await import("../store/migrate.ts");
    return (await migrate({ databaseUrl: config.databaseUrl, log: logFor(config, quieter(config.logLevel)) })).applied;
  },
});

const code = await runProgram(program, process.argv.slice(2), terminal.complain, (error) => {
  if (process.env.LOG_LEVEL === "debug") console.error(error);
});
if (code !== 0) process.exitCode = code;

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
