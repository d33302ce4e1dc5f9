import { createWriteStream } from "node:fs";
import { rename, rm } from "node:fs/promises";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { Command, InvalidArgumentError } from "commander";
import { asOperator } from "../../../actions/as-operator.ts";
import { exportReaders } from "../../../actions/export-readers.ts";
import type { SubscriptionState } from "../../../core/subscription.ts";
import { Invalid } from "../../../errors.ts";
import { keepHeapLean } from "../../lean-heap.ts";
import { examples, json, type ListTerminal } from "../../terminal.ts";

interface Options {
  readonly state: SubscriptionState[];
  readonly json?: boolean;
}

const STATES: readonly string[] = ["active", "paused", "suspended", "ended"] satisfies SubscriptionState[];

export const exportCommand = ({ print, withApp, progress, output }: ListTerminal) =>
  new Command("export")
    .description(
      "write readers with all they chose, and how they agreed, as comma-separated values that `import` reads again",
    )
    .argument("[file]", "where to; its owner alone may read it (default: standard output, which - says too)", "-")
    .option("--state <states>", "active, paused, suspended, ended; several with commas", states, ["active"])
    .option("--json", "print one JSON object about the file")
    .addHelpText(
      "after",
      examples(
        "paperboy subscribers export readers.csv",
        "paperboy subscribers export --state active,paused - | gzip > readers.csv.gz",
      ),
    )
    .action(async (path: string, options: Options) => {
      if (path === "-" && options.json)
        throw new Invalid("--json tells of a file, and standard output is the list itself. Name a file.");
      keepHeapLean();
      const readers = await withApp(async (app) => {
        const all = await app.readerExports.count(options.state);
        let written = 0;
        const pieces = exportReaders(app, options.state, (count) => {
          written = count;
          if (path !== "-")
            progress.bar({
              what: "writing",
              share: all === 0 ? 1 : count / all,
              detail: `${count.toLocaleString("en")} readers`,
            });
        });
        const details = { states: options.state.join(" ") };
        await asOperator(
          app,
          { by: "cli", what: "export-readers", about: null, details },
          () => (path === "-" ? toOutput(pieces, output) : toFile(pieces, path)),
          () => ({ readers: written }),
        );
        progress.done();
        return written;
      });
      if (options.json) print(json({ path, readers }));
      else if (path !== "-") print(`${path}: ${readers === 1 ? "one reader" : `${readers} readers`}`);
    });

/** Whole or not at all, and from its first byte for its owner's eyes alone. */
async function toFile(pieces: AsyncIterable<string>, path: string): Promise<void> {
  const draft = `${path}.${process.pid}.part`;
  try {
    await pipeline(Readable.from(pieces), createWriteStream(draft, { mode: 0o600, flags: "wx" }));
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    throw error;
  }
}

async function toOutput(pieces: AsyncIterable<string>, output: NodeJS.WritableStream): Promise<void> {
  try {
    await pipeline(Readable.from(pieces), output, { end: false });
  } catch (error) {
    // Who reads it has enough: `… | head`.
    if ((error as NodeJS.ErrnoException).code !== "EPIPE") throw error;
  }
}

function states(text: string): string[] {
  const named = text.split(",").map((state) => state.trim());
  if (named.every((state) => STATES.includes(state))) return named;
  throw new InvalidArgumentError(`Write one or more of ${STATES.join(", ")}.`);
}
