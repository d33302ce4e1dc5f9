/** The commands there are, and what a fault means for the exit code: 0 done, 1 failed, 2 misused. */
import { Command, CommanderError } from "commander";
import { Invalid, lastWords } from "../errors.ts";
import { backup } from "./commands/backup.ts";
import { collect } from "./commands/collect.ts";
import { deliver } from "./commands/deliver.ts";
import { doctor, type Practice } from "./commands/doctor.ts";
import { edition } from "./commands/edition.ts";
import { erase } from "./commands/erase.ts";
import { importFiles } from "./commands/import.ts";
import { pause } from "./commands/pause.ts";
import { preview } from "./commands/preview.ts";
import { replay, type Stage } from "./commands/replay.ts";
import { restore } from "./commands/restore.ts";
import { resume } from "./commands/resume.ts";
import { subscribers } from "./commands/subscribers.ts";
import { suppress } from "./commands/suppress.ts";
import { type TodayNeeds, today } from "./commands/today.ts";
import { topics } from "./commands/topics.ts";
import { examples, json, type ListTerminal } from "./terminal.ts";
import type { Vaults } from "./vaults.ts";

/** What the commands need; nothing is opened before one of them is given. */
export interface World {
  readonly terminal: ListTerminal;
  readonly today: Pick<TodayNeeds, "screen" | "withDesk">;
  readonly replay: Pick<Stage, "readRecording" | "onStage">;
  readonly vaults: Pick<Vaults, "withVault" | "ask">;
  readonly doctor: Omit<Practice, "print">;
  /** Until a signal. */
  serve(doors: {
    readonly web: boolean;
    readonly workers: boolean;
    readonly record?: string | undefined;
  }): Promise<void>;
  /** @returns the migrations it applied; null: the database is the embedded one, which does so at every start */
  migrate(): Promise<readonly string[] | null>;
}

export function openProgram({ terminal, serve, migrate, ...world }: World): Command {
  const program = new Command("paperboy")
    .description(
      "A daily email digest of trending research papers. Settings come from the environment: see .env.example.",
    )
    .addHelpText("after", examples("paperboy today --topics agents", "paperboy help subscribers"))
    .showHelpAfterError("(`paperboy help COMMAND` says more)");
  program
    .command("web")
    .description("serve the pages and the API")
    .addHelpText("after", examples("PORT=8080 paperboy web"))
    .action(() => serve({ web: true, workers: false }));
  program
    .command("worker")
    .description("collect papers, close editions, plan and send digests")
    .option("--record <folder>", "keep every answer of a source there too, for `replay`")
    .addHelpText("after", examples("paperboy worker"))
    .action(({ record }: { record?: string }) => serve({ web: false, workers: true, record }));
  program
    .command("migrate")
    .description("bring the database to the newest migration")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("DATABASE_URL=postgres://paperboy@localhost/paperboy paperboy migrate"))
    .action(async ({ json: asJson }: { json?: boolean }) => {
      const applied = await migrate();
      if (asJson) terminal.print(json({ applied: applied ?? [] }));
      else if (applied === null) terminal.print("The embedded database is migrated at every start.");
      else
        terminal.print(
          applied.length === 0 ? "Nothing to do: the database is up to date." : `Applied: ${applied.join(", ")}`,
        );
    });
  for (const command of [collect, importFiles, preview, edition, deliver, pause, resume, suppress, topics, erase])
    program.addCommand(command(terminal));
  program.addCommand(subscribers(terminal));
  program.addCommand(today({ ...terminal, ...world.today }));
  program.addCommand(replay({ ...terminal, ...world.replay, show: terminal.progress.show }));
  for (const command of [backup, restore]) program.addCommand(command({ ...terminal, ...world.vaults }));
  program.addCommand(doctor({ ...terminal, ...world.doctor }));
  for (const command of allOf(program)) command.exitOverride();
  return program;
}

/** The program, its commands, and theirs. */
export function allOf(command: Command): Command[] {
  return [command, ...command.commands.flatMap(allOf)];
}

/**
 * @param onFault told of what failed, for whoever looks for the reason
 * @returns the exit code, where the command did not set one itself
 */
export async function runProgram(
  program: Command,
  args: readonly string[],
  complain: (text: string) => void,
  onFault: (error: unknown) => void = () => {},
): Promise<number> {
  try {
    await program.parseAsync(args, { from: "user" });
    return 0;
  } catch (error) {
    // Commander has said what it is.
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    if (!(error instanceof Invalid)) onFault(error);
    return lastWords(error, complain);
  }
}
