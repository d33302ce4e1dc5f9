/**
 * The file of a backup: a tar in gzip, so that other tools can look into it (`tar tzf`), whose last entry is a checksum of
 * all before it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open, rename, rm, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip, createGzip } from "node:zlib";
import { Invalid } from "../../errors.ts";

export interface ArchiveEntry {
  readonly name: string;
  readonly bytes: Buffer;
}

/** Standard output. */
const STDOUT = "-";

/** Of three million deliveries, level 3 leaves 6 % more than level 6 does and takes 40 % of its time. */
const LEVEL = 3;
const BLOCK = 512;
const SUM = "sha256";
/** Nothing of ours is as large by far: a length above it is damage, and is not gathered. */
const LONGEST_ENTRY = 64 * 1024 * 1024;

/**
 * Writes it for its owner's eyes only, under another name until it is whole: what was there stays until then.
 *
 * @param path `-` for standard output
 * @throws {Invalid} when there is no such folder, or the path is one
 */
export async function writeArchive(path: string, entries: AsyncIterable<ArchiveEntry>): Promise<void> {
  const gzip = createGzip({ level: LEVEL });
  if (path === STDOUT) return pipeline(tar(entries), gzip, process.stdout, { end: false });
  const found = await stat(path).catch(() => null);
  if (found?.isDirectory()) throw new Invalid(`${path} is a folder. Write the name of a file.`);
  const draft = `${path}.${process.pid}.part`;
  // One that a killed run left may have been made with other rights.
  await rm(draft, { force: true });
  try {
    // Opened here, not by the stream: one that ends early would make the file after it was removed.
    const file = await open(draft, "wx", 0o600);
    await pipeline(tar(entries), gzip, file.createWriteStream({ flush: true }));
    await rename(draft, path);
    await syncFolder(path);
  } catch (cause) {
    await rm(draft, { force: true });
    const { syscall, message } = cause as NodeJS.ErrnoException;
    throw syscall === "open" ? new Invalid(`${path} cannot be written: ${message}`, [], { cause }) : cause;
  }
}

/** A name is on the disk once its folder is. */
async function syncFolder(path: string): Promise<void> {
  const folder = await open(dirname(path), "r");
  await folder.sync().catch(() => {}); // not every file system lets itself be asked
  await folder.close();
}

async function* tar(entries: AsyncIterable<ArchiveEntry>): AsyncGenerator<Buffer> {
  const hash = createHash("sha256");
  for await (const entry of entries)
    for (const piece of piecesOf(entry)) {
      hash.update(piece);
      yield piece;
    }
  yield* piecesOf({ name: SUM, bytes: Buffer.from(hash.digest("hex")) });
  yield Buffer.alloc(2 * BLOCK);
}

/** Header, content, and what fills its last block (POSIX.1-1988, ustar). */
function piecesOf({ name, bytes }: ArchiveEntry): Buffer[] {
  const header = Buffer.alloc(BLOCK);
  const field = (text: string, at: number) => header.write(text, at, "ascii");
  const octal = (value: number, digits: number) => value.toString(8).padStart(digits, "0");
  field(name, 0);
  field(octal(0o600, 7), 100);
  field(octal(0, 7), 108);
  field(octal(0, 7), 116);
  field(octal(bytes.length, 11), 124);
  field(octal(0, 11), 136);
  field("        ", 148); // the checksum counts as spaces while it is made
  field("0", 156);
  field("ustar", 257);
  field("00", 263);
  field(`${octal(sumOf(header), 6)}\0 `, 148);
  return [header, bytes, Buffer.alloc(fillOf(bytes.length))];
}

function fillOf(length: number): number {
  return (BLOCK - (length % BLOCK)) % BLOCK;
}

function sumOf(header: Buffer): number {
  return header.reduce((sum, byte) => sum + byte, 0);
}

/**
 * Reads it entry by entry. Whoever comes to the end has read what was written: nothing less, and nothing else.
 *
 * @throws {Invalid} when it is not there, no backup, cut off or altered; that may be after its last entry
 */
export async function* readArchive(path: string): AsyncGenerator<ArchiveEntry> {
  const source = createReadStream(path);
  const gunzip = createGunzip();
  source.on("error", (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    yield* untar(new Bytes(gunzip), path);
  } catch (error) {
    throw asInvalid(error, path);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

async function* untar(bytes: Bytes, path: string): AsyncGenerator<ArchiveEntry> {
  const hash = createHash("sha256");
  let sum: string | null = null;
  for (;;) {
    const header = await bytes.take(BLOCK);
    if (header === null) break;
    if (header.every((byte) => byte === 0)) continue;
    const entry = await entryOf(header, bytes);
    if (entry === null || sum !== null) throw new Invalid(altered(path));
    if (entry.name === SUM) sum = entry.bytes.toString("ascii");
    else {
      for (const piece of [header, entry.bytes, entry.fill]) hash.update(piece);
      yield { name: entry.name, bytes: entry.bytes };
    }
  }
  if (sum === null) throw new Invalid(cutOff(path));
  if (sum !== hash.digest("hex")) throw new Invalid(altered(path));
}

/** Null for what is no header of ours. */
async function entryOf(header: Buffer, bytes: Bytes): Promise<(ArchiveEntry & { fill: Buffer }) | null> {
  const text = (from: number, to: number) => header.toString("ascii", from, to).replace(/[\0 ].*$/su, "");
  const blank = Buffer.from(header);
  blank.fill(" ", 148, 156);
  if (Number.parseInt(text(148, 156), 8) !== sumOf(blank)) return null;
  const length = Number.parseInt(text(124, 136), 8);
  if (!(length >= 0 && length <= LONGEST_ENTRY)) return null;
  const content = await bytes.take(length);
  const fill = await bytes.take(fillOf(length));
  return content && fill && { name: text(0, 100), bytes: content, fill };
}

/** A stream, taken by as many bytes as are wanted. */
class Bytes {
  readonly #chunks: AsyncIterator<Buffer>;
  #rest: Buffer = Buffer.alloc(0);

  constructor(stream: AsyncIterable<Buffer>) {
    this.#chunks = stream[Symbol.asyncIterator]();
  }

  /** Null when there are none left, or fewer. */
  async take(count: number): Promise<Buffer | null> {
    const pieces = [this.#rest];
    let length = this.#rest.length;
    while (length < count) {
      const { value, done } = await this.#chunks.next();
      if (done) return null;
      pieces.push(value);
      length += value.length;
    }
    const all = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.#rest = all.subarray(count);
    return all.subarray(0, count);
  }
}

function asInvalid(error: unknown, path: string): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "Z_BUF_ERROR") return new Invalid(cutOff(path), [], { cause: error });
  if (code === "Z_DATA_ERROR" && message === "incorrect header check")
    return new Invalid(`${path} is no backup of Paperboy.`, [], { cause: error });
  if (code?.startsWith("Z_")) return new Invalid(altered(path), [], { cause: error });
  if (code === "ENOENT" || code === "EISDIR" || code === "EACCES")
    return new Invalid(`${path} cannot be read: ${message}`, [], { cause: error });
  return error;
}

const cutOff = (path: string) =>
  `${path} is cut off: it does not come to its end. Take an earlier backup, or copy it anew.`;
const altered = (path: string) =>
  `${path} is not as it was written: its checksum does not match. Take an earlier backup, or copy it anew.`;
