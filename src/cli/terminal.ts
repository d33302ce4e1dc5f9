import type { App } from "../app.ts";
import type { Progress } from "./progress.ts";

/** What a command needs of the world around it. */
export interface Terminal {
  print(text: string): void;
  complain(text: string): void;
  /** Opens everything for the length of one command. */
  withApp<T>(work: (app: App) => Promise<T>): Promise<T>;
}

/** The same for what takes long, and for what is longer than one argument or one print. */
export interface ListTerminal extends Terminal {
  readonly progress: Progress;
  input(): AsyncIterable<Buffer>;
  readonly output: NodeJS.WritableStream;
}

/** One JSON object on one line, for programs. */
export function json(value: unknown): string {
  return JSON.stringify(value, (_, it) => (typeof it === "bigint" ? String(it) : it));
}

/** What stands below a command's options when it is asked for help. */
export function examples(...commands: readonly string[]): string {
  return `\nExamples:\n${commands.map((command) => `  $ ${command}`).join("\n")}\n`;
}

/** Columns, aligned; a number stands to the right. */
export function table(rows: readonly (readonly (string | number)[])[]): string {
  const widths = rows[0]?.map((_, at) => Math.max(...rows.map((row) => String(row[at] ?? "").length))) ?? [];
  return rows
    .map((row) =>
      row
        .map((cell, at) => (typeof cell === "number" ? String(cell).padStart(widths[at]!) : cell.padEnd(widths[at]!)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}
