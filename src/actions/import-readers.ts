import type { DomainList } from "../core/domain-list.ts";
import type { Address } from "../core/email-address.ts";
import { type ListedReader, readColumns, readerReader } from "../core/reader-list.ts";
import type { Catalogue } from "../core/topics.ts";
import { Invalid } from "../errors.ts";
import type { ImportOutcome, NewReader, ReaderImports } from "../store/reader-imports.ts";

export type Needs = {
  readerImports: ReaderImports;
  addressKey: (address: Pick<Address, "key">) => string;
  catalogue: Catalogue;
  refusedDomains: DomainList;
  databaseNow: () => Promise<Date>;
};

/** A line of a list: its fields, or why it cannot be read. `isUnended`: no line end stands behind it. */
type Line = { readonly line: number } & (
  | { readonly fields: readonly string[]; readonly isUnended?: true }
  | { readonly problem: string }
);

export interface ImportOptions {
  /** Null: a column whose name says so. */
  readonly consentColumn: string | null;
  readonly isDry: boolean;
  /** Told of each line that brought nobody, and why; never with an address. */
  readonly onRefused: (
    line: number,
    because: Exclude<ImportOutcome, "added" | "already"> | "refused",
    reason: string,
  ) => void;
}

/** How many lines came to what. */
export type Imported = Readonly<Record<ImportOutcome | "lines" | "refused", number>>;

/** Few enough that what they are made of dies young: V8 keeps what outlives two of its small collections for the large one. */
const BATCH = 250;

const REASONS = {
  ended: "They have left, and stay away: they may come back by asking.",
  erased: "They were erased, and stay away: they may come back by asking.",
  suppressed: "The address is suppressed: it is not written to.",
};

/**
 * Takes in the readers of a list, batch after batch. A line that cannot be used is told and costs itself alone; who is there
 * already, has left, was erased or is suppressed stays as they are. Cut short or repeated, it does the rest.
 *
 * @param blocks the lines of the file, the one that names the columns first
 * @throws {Invalid} for a first line that names no address, or no proof of consent
 */
export async function importReaders(
  { readerImports, addressKey, catalogue, refusedDomains, databaseNow }: Needs,
  blocks: AsyncIterable<readonly Line[]>,
  { consentColumn, isDry, onRefused }: ImportOptions,
): Promise<Imported> {
  const counts = { lines: 0, added: 0, already: 0, ended: 0, erased: 0, suppressed: 0, refused: 0 };
  let read: ReturnType<typeof readerReader> | null = null;
  let header: readonly string[] = [];
  let batch: { line: number; reader: NewReader }[] = [];
  // One batch is written while the next is read.
  let writing: Promise<void> = Promise.resolve();

  // What a dry run would have written in batches before: some 100 bytes a reader, and only then.
  const wouldBeThere = new Set<string>();
  const isRepeated = (key: string) => wouldBeThere.size === wouldBeThere.add(key).size;
  const refused = (line: number, reason: string) => {
    counts.refused += 1;
    onRefused(line, "refused", reason);
  };
  const write = async (full: typeof batch) => {
    const outcomes = await readerImports.add(
      full.map(({ reader }) => reader),
      { isDry },
    );
    outcomes.forEach((told, n) => {
      const { line, reader } = full[n]!;
      const outcome = told === "added" && isDry && isRepeated(reader.addressKey) ? "already" : told;
      counts[outcome] += 1;
      if (outcome !== "added" && outcome !== "already") onRefused(line, outcome, REASONS[outcome]);
    });
  };
  const next = async () => {
    const full = batch;
    batch = [];
    await writing;
    writing = write(full);
    // Whoever waits for it hears of it; until then it is nobody's.
    writing.catch(() => {});
  };

  for await (const block of blocks)
    for (const line of block) {
      if (read === null) {
        if ("problem" in line) throw new Invalid(`The first line should name the columns, but ${line.problem}.`);
        read = readerReader(readColumns(line.fields, consentColumn), {
          catalogue,
          refusedDomains,
          now: await databaseNow(),
        });
        header = line.fields;
        continue;
      }
      counts.lines += 1;
      if ("problem" in line) {
        refused(line.line, `The line cannot be read: ${line.problem}.`);
        continue;
      }
      const reason = misshapen(line, header);
      if (reason !== null) {
        refused(line.line, reason);
        continue;
      }
      const listed = read(line.fields);
      if ("refused" in listed) refused(line.line, listed.refused);
      else if (batch.push({ line: line.line, reader: asNew(listed, addressKey(listed.address)) }) === BATCH)
        await next();
    }
  if (read === null) throw new Invalid("The file has no line. Name a file whose first line names its columns.");
  await next();
  await writing;
  return counts;
}

/** Why fields that can be read are no line of this list; null: they are. */
function misshapen(
  { fields, isUnended }: { readonly fields: readonly string[]; readonly isUnended?: true },
  header: readonly string[],
): string | null {
  const width = header.length;
  if (fields.slice(width).some((field) => field.trim() !== ""))
    return `It has ${fields.length} fields and the first line ${width}: a field with commas wants quotes.`;
  // Half of an address may be the address of somebody else.
  if (isUnended && fields.length < width)
    return `The file ends within it: it has ${fields.length} of ${width} fields, and no line end.`;
  if (fields.length === width && fields.every((field, at) => field === header[at]))
    return "It names the columns once more: was one list put behind another?";
  return null;
}

function asNew(
  { address, preferences, isPaused, pausedUntil, consent, consentedAt }: ListedReader,
  addressKey: string,
): NewReader {
  return { email: address.typed, addressKey, preferences, isPaused, pausedUntil, consent, consentedAt };
}
