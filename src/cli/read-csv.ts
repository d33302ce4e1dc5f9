/** Lines of a file of comma-separated values, in little memory; a broken one costs itself and no other. */
import { createReadStream } from "node:fs";
import { parse } from "csv-parse/sync";
import { Invalid } from "../errors.ts";

/** One record and the line it begins on, from 1; or why it cannot be read. `isUnended`: no line end stands behind it. */
export type CsvLine =
  | { readonly line: number; readonly fields: readonly string[]; readonly isUnended?: true }
  | { readonly line: number; readonly problem: string };

/** A longer line is no line of a list; so much is read of what follows a quote that nobody closes. */
const LONGEST = 64 * 1024;
const CHUNK = 32 * 1024;
const [TAB, LF, CR, QUOTE] = [0x09, 0x0a, 0x0d, 0x22] as const;
const DELIMITERS = [0x2c, 0x3b, TAB] as const;

/**
 * Records as they stand, the header among them, some thousands at a time. Empty lines are left out.
 *
 * The values are separated by commas, semicolons or tabs, whichever the first line has most of; lines end in LF, CRLF or CR,
 * mixed if they must. A quote that is not closed within 64 kB is a mistake of the line it stands in: the next one is read as
 * if it had not been.
 *
 * @param path only a name where `input` is given
 * @param onRead told how many bytes of the file were read so far
 * @throws {Invalid} for a file that is not there, or is no text in UTF-8
 */
export async function* readCsv(
  path: string,
  onRead: (bytes: number) => void = () => {},
  input: AsyncIterable<Buffer> | null = null,
): AsyncGenerator<CsvLine[]> {
  let records: Records | null = null;
  let bytes = 0;
  try {
    for await (const chunk of withWholeHead(input ?? createReadStream(path, { highWaterMark: CHUNK }))) {
      bytes += chunk.length;
      records ??= new Records(chunk, path);
      const lines = records.after(chunk);
      onRead(bytes);
      if (lines.length > 0) yield lines;
    }
  } catch (error) {
    const problem = { ENOENT: "there is no such file", EISDIR: "this is a folder", EACCES: "it may not be read" }[
      (error as { code?: string }).code ?? ""
    ];
    if (problem === undefined) throw error;
    throw new Invalid(`${path}: ${problem}. Name a file of comma-separated values.`, [], { cause: error });
  }
  if (records === null) throw new Invalid(`${path} is empty. Name a file whose first line names its columns.`);
  const last = records.rest();
  if (last.length > 0) yield last;
}

/** The first piece is long enough to tell what the file is: a pipe hands over its first bytes one by one, if it likes. */
async function* withWholeHead(input: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  let head: Buffer[] | null = [];
  let length = 0;
  for await (const chunk of input) {
    if (head === null) yield chunk;
    else {
      head.push(chunk);
      length += chunk.length;
      if (length < CHUNK) continue;
      yield Buffer.concat(head);
      head = null;
    }
  }
  if (length > 0 && head !== null) yield Buffer.concat(head);
}

/** Cuts bytes into records. */
class Records {
  private readonly delimiter: number;
  private held: Buffer = Buffer.alloc(0);
  private line = 1;
  private isSkipping = false;
  private isFirst = true;

  /** @throws {Invalid} for what is no text in UTF-8 */
  constructor(head: Buffer, path: string) {
    refuseOtherEncodings(head, path);
    this.delimiter = delimiterOf(head);
  }

  after(chunk: Buffer): CsvLine[] {
    return this.cut(chunk, false);
  }

  /** What stood behind the last line end. */
  rest(): CsvLine[] {
    const isUnended = this.held.length > 0;
    const lines = this.cut(Buffer.alloc(0), true);
    const last = lines.at(-1);
    if (isUnended && last !== undefined && "fields" in last) lines[lines.length - 1] = { ...last, isUnended };
    return lines;
  }

  private cut(chunk: Buffer, isEnd: boolean): CsvLine[] {
    const bytes = this.held.length === 0 ? chunk : Buffer.concat([this.held, chunk]);
    const lines: CsvLine[] = [];
    let at = this.isFirst && bytes.subarray(0, 3).equals(BOM) ? 3 : 0;
    this.isFirst = false;
    /** Whole records that follow each other, and the line each begins on: parsed at once. */
    let [from, begins] = [at, [] as number[]];
    const flush = () => {
      lines.push(...this.parsed(bytes.subarray(from, at), begins));
      begins = [];
    };
    while (at < bytes.length) {
      if (this.isSkipping) {
        const end = endOfLine(bytes, at, isEnd);
        if (end < 0) {
          at = bytes.length;
          from = at;
          break;
        }
        [at, from, this.isSkipping] = [end, end, false];
        this.line += 1;
        continue;
      }
      const { end, lineEnds } = endOfRecord(bytes, at, this.delimiter, isEnd);
      if (end >= 0) {
        begins.push(this.line);
        this.line += lineEnds;
        at = end;
        continue;
      }
      if (!isEnd && bytes.length - at <= LONGEST) break;
      // Too long, or cut short by the end of the file within a quote: this line is lost, the next one is not.
      flush();
      lines.push({ line: this.line, problem: isEnd ? UNCLOSED : TOO_LONG });
      const next = endOfLine(bytes, at, isEnd);
      if (next < 0) [at, this.isSkipping] = [bytes.length, true];
      else {
        at = next;
        this.line += 1;
      }
      from = at;
    }
    flush();
    this.held = Buffer.from(bytes.subarray(at));
    return lines;
  }

  private parsed(bytes: Buffer, begins: readonly number[]): CsvLine[] {
    if (begins.length === 0) return [];
    const rows = this.rowsOf(bytes);
    if (rows?.length === begins.length)
      return rows.flatMap((fields, n) => (isEmpty(fields) ? [] : [{ line: begins[n]!, fields }]));
    // One of them is broken: each by itself tells which.
    const lines: CsvLine[] = [];
    let at = 0;
    for (const line of begins) {
      const { end } = endOfRecord(bytes, at, this.delimiter, true);
      const [fields, ...others] = this.rowsOf(bytes.subarray(at, end)) ?? [];
      if (fields === undefined || others.length > 0) lines.push({ line, problem: "its quotes do not match" });
      else if (!isEmpty(fields)) lines.push({ line, fields });
      at = end;
    }
    return lines;
  }

  /** Null: the quotes do not match. */
  private rowsOf(bytes: Buffer): string[][] | null {
    try {
      return parse(bytes, {
        ...{ delimiter: String.fromCharCode(this.delimiter), record_delimiter: ["\r\n", "\n", "\r"] },
        ...{ relax_quotes: true, relax_column_count: true },
      });
    } catch {
      return null; // which record it is, and what to say of it, is found out by the caller
    }
  }
}

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const TOO_LONG = `it is longer than ${LONGEST / 1024} kB, or a quote in it is not closed`;
const UNCLOSED = "a quote in it is not closed";

/** Behind the end of the record that begins at `from`; -1: it is not whole, or too long. */
function endOfRecord(
  bytes: Buffer,
  from: number,
  delimiter: number,
  isEnd: boolean,
): { end: number; lineEnds: number } {
  const most = Math.min(bytes.length, from + LONGEST);
  let [isQuoted, isFieldStart, lineEnds] = [false, true, 0];
  for (let at = from; at < most; at += 1) {
    const byte = bytes[at];
    if (byte === LF || byte === CR) {
      if (byte === CR && at + 1 === bytes.length && !isEnd) return NOT_WHOLE; // an LF may follow
      if (byte === CR && bytes[at + 1] === LF) at += 1;
      lineEnds += 1;
      if (!isQuoted) return { end: at + 1, lineEnds };
    } else if (isQuoted) {
      if (byte === QUOTE) {
        if (bytes[at + 1] === QUOTE) at += 1;
        else isQuoted = false;
      }
    } else if (byte === QUOTE && isFieldStart) isQuoted = true;
    isFieldStart = !isQuoted && byte === delimiter;
  }
  return isEnd && most === bytes.length && !isQuoted ? { end: most, lineEnds: lineEnds + 1 } : NOT_WHOLE;
}

const NOT_WHOLE = { end: -1, lineEnds: 0 } as const;

/** Behind the next line end, whatever is quoted; -1: there is none. */
function endOfLine(bytes: Buffer, from: number, isEnd: boolean): number {
  for (let at = from; at < bytes.length; at += 1) {
    if (bytes[at] === LF) return at + 1;
    if (bytes[at] === CR && (at + 1 < bytes.length || isEnd)) return bytes[at + 1] === LF ? at + 2 : at + 1;
  }
  return -1;
}

function isEmpty(fields: readonly string[]): boolean {
  return fields.every((field) => field.trim() === "");
}

/** Of what separates values, that which the first line has most of outside quotes. */
function delimiterOf(head: Buffer): number {
  const counts = new Map<number, number>(DELIMITERS.map((delimiter) => [delimiter, 0]));
  let isQuoted = false;
  for (const byte of head) {
    if (byte === QUOTE) isQuoted = !isQuoted;
    else if (!isQuoted && (byte === LF || byte === CR)) break;
    else if (!isQuoted && counts.has(byte)) counts.set(byte, counts.get(byte)! + 1);
  }
  return [...DELIMITERS].sort((a, b) => counts.get(b)! - counts.get(a)!)[0]!;
}

function refuseOtherEncodings(head: Buffer, path: string): void {
  if (/^(?:1f8b|504b0304)/.test(head.toString("hex", 0, 4)))
    throw new Invalid(`${path} is packed. Unpack it, and name the file of comma-separated values that is in it.`);
  const start = head.subarray(0, 1_000);
  const zeros = start.filter((byte) => byte === 0).length;
  if (/^(?:fffe|feff)/.test(head.toString("hex", 0, 2)) || zeros > start.length / 4)
    throw new Invalid(
      `${path} is in UTF-16. Save it as UTF-8: in Excel as "CSV UTF-8", in LibreOffice with the character set UTF-8.`,
    );
}
