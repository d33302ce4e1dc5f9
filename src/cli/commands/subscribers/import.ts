import { createWriteStream, type WriteStream } from "node:fs";
import { stat } from "node:fs/promises";
import { finished } from "node:stream/promises";
import { Command } from "commander";
import { asOperator } from "../../../actions/as-operator.ts";
import { type Imported, importReaders } from "../../../actions/import-readers.ts";
import { csvRow } from "../../../core/csv.ts";
import { keepHeapLean } from "../../lean-heap.ts";
import { readCsv } from "../../read-csv.ts";
import { examples, json, type ListTerminal } from "../../terminal.ts";

interface Options {
  readonly consentColumn?: string;
  readonly dryRun?: boolean;
  readonly report?: string;
  readonly json?: boolean;
}

/** Refusals shown one by one; `--report` has them all. */
const SHOWN = 20;

export const importCommand = ({ print, complain, withApp, progress, input }: ListTerminal) =>
  new Command("import")
    .description(
      "take in readers who agreed elsewhere; who is a reader already, has left, was erased or is suppressed stays as they are",
    )
    .argument(
      "<file>",
      "comma-, semicolon- or tab-separated values in UTF-8; the first line names the columns; - is standard input",
    )
    .option(
      "--consent-column <name>",
      "the column that says when or how each reader agreed (default: one called consent, CONFIRM_TIME, OPTIN_TIME, …)",
    )
    .option("--dry-run", "say what would become of each line, and write nothing")
    .option("--report <file>", "write every line that brought nobody there, with its number and the reason")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      `${COLUMNS}${examples(
        "paperboy subscribers import readers.csv --dry-run",
        "paperboy subscribers import members.csv --consent-column created_at --report refused.csv",
        "paperboy subscribers import - --dry-run < readers.csv",
      )}`,
    )
    .action(async (path: string, options: Options) => {
      keepHeapLean();
      const refusals = openReport(options.report ?? null, (text) => {
        progress.show("");
        complain(text);
      });
      const size = path === "-" ? null : await sizeOf(path);
      let lines = 0;
      const show = (bytes: number) => {
        const what = options.dryRun ? "looking" : "importing";
        const detail = `${lines.toLocaleString("en")} lines`;
        if (size === null) progress.show(`${what}: ${detail}`);
        else progress.bar({ what, share: size === 0 ? 0 : Math.min(bytes / size, 1), detail });
      };
      const read = path === "-" ? readCsv("Standard input", show, input()) : readCsv(path, show);
      const counting = async function* () {
        for await (const block of read) {
          lines += block.length;
          yield block;
        }
      };
      const isDry = options.dryRun ?? false;
      let counts: Imported;
      try {
        counts = await withApp((app) =>
          asOperator(
            app,
            { by: "cli", what: "import-readers", about: null, details: { isDry } },
            () =>
              importReaders(app, counting(), {
                consentColumn: options.consentColumn ?? null,
                isDry,
                onRefused: refusals.add,
              }),
            (counted) => counted,
          ),
        );
      } finally {
        progress.done();
        await refusals.close();
      }
      if (options.json) print(json({ path, dryRun: isDry, ...counts }));
      else print(inWords(counts, isDry));
      // A few lines that cannot be used are told; a list of nothing else is a mistake.
      if (counts.refused > 0 && counts.refused === counts.lines) process.exitCode = 1;
    });

/** In bytes; 0 for what is not there, as who reads it will say. */
function sizeOf(path: string): Promise<number> {
  return stat(path).then(
    ({ size }) => size,
    () => 0,
  );
}

const COLUMNS = `
Columns are known by their names, whatever their case, spaces and order: email; consent; status, paused until; cadence, weekday,
hour, zone, max papers, language, format; topics and categories (separated by commas), include, authors, exclude (by semicolons),
min upvotes, only with code; or filter, as JSON. What is missing takes its default. Exports of listmonk, Mailchimp and Ghost are
read as they are, but for the consent that they do not name; who has left or was cleaned there is not taken in.
`;

interface Report {
  add(line: number, because: string, reason: string): void;
  close(): Promise<void>;
}

/** Lines that brought nobody: the first on the terminal, all of them in the file; without an address in either. */
function openReport(path: string | null, complain: (text: string) => void): Report {
  let file: WriteStream | null = null;
  let told = 0;
  return {
    add(line, because, reason) {
      told += 1;
      if (told <= SHOWN) complain(`line ${line}: ${reason}`);
      if (path === null) return;
      file ??= begin(path);
      file.write(csvRow([line, because, reason]));
    },
    async close() {
      if (told > SHOWN) complain(`and ${told - SHOWN} more${path === null ? ": --report FILE keeps them all" : ""}`);
      if (path === null) return;
      file ??= begin(path);
      file.end();
      await finished(file);
    },
  };
}

function begin(path: string): WriteStream {
  const file = createWriteStream(path, { mode: 0o600 });
  // Told when it is closed: until then nobody waits for it.
  file.on("error", () => {});
  file.write(csvRow(["line", "outcome", "reason"]));
  return file;
}

function inWords({ lines, added, already, ended, erased, suppressed, refused }: Imported, isDry: boolean): string {
  const away = [
    ...(ended > 0 ? [`${ended} have left`] : []),
    ...(erased > 0 ? [`${erased} were erased`] : []),
    ...(suppressed > 0 ? [`${suppressed} are suppressed`] : []),
  ];
  const kept = away.length > 0 ? ` ${ended + erased + suppressed} stay away: ${away.join(", ")}.` : "";
  const head = isDry ? `Of ${lines} lines ${added} would be taken in` : `Of ${lines} lines ${added} were taken in`;
  return `${head}, ${already} were readers already, ${refused} refused.${kept}`;
}
