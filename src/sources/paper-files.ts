/** Papers from a file of any format we read. Content decides which it is, not the name. */
import { createReadStream } from "node:fs";
import type { Sighting } from "../core/paper.ts";
import { Invalid } from "../errors.ts";
import { parseArxivAnswer } from "./arxiv-api.ts";
import { parseArxivFeed } from "./arxiv-feed.ts";
import { parseOaiRecords } from "./arxiv-oai.ts";
import { isDailyPaper, readDailyPaper } from "./hugging-face.ts";
import { readJsonLine, readJsonPaper } from "./json-lines.ts";
import { readLines } from "./lines.ts";
import { openPageText } from "./page-text.ts";
import type { Pulled, Refusal } from "./source.ts";
import { utf8Text } from "./utf8.ts";

/**
 * Every paper of a file, in its order, and every refusal where it stands.
 *
 * Formats: Hugging Face API answers, arXiv's API, feeds and OAI-PMH, JSON (an array, or one paper a line) and page text.
 * Line formats are read in little memory and lose only their bad lines; the others are read whole, up to 32 MB, and come
 * whole or not at all. Positions count through the file; a paper whose source names no listing day has no `listedOn`.
 *
 * @throws {Invalid} naming the file, what is wrong with it and what to do: missing, empty, packed, binary, cut short, or
 *   in no format we know. What was given before it stays good.
 */
export async function* readPapersFile(path: string): AsyncGenerator<Sighting | Refusal> {
  const stream = createReadStream(path, { highWaterMark: HEAD_BYTES });
  try {
    yield* readPapers(stream);
  } catch (error) {
    if (error instanceof Invalid) throw new Invalid(`${path}: ${error.message}`, error.problems, { cause: error });
    const { code } = error as { code?: string };
    const problem = { ENOENT: "there is no such file", EISDIR: "this is a folder", EACCES: "it may not be read" }[
      code ?? ""
    ];
    if (problem === undefined) throw error;
    throw new Invalid(`${path}: ${problem}. Name a file with papers.`, [], { cause: error });
  } finally {
    stream.destroy();
  }
}

/** {@link readPapersFile} for bytes from anywhere. */
export async function* readPapers(bytes: AsyncIterable<Buffer>): AsyncGenerator<Sighting | Refusal> {
  const chunks = bytes[Symbol.asyncIterator]();
  const head = await readAhead(chunks, HEAD_BYTES);
  refuseUnreadable(head);
  const start = head
    .toString("utf8")
    .replace(/^\ufeff/, "")
    .trimStart();
  const rest = () => chained(head, chunks);

  if (/^<[?!a-z]/i.test(start)) yield* entriesOf(readXml(await readWhole(rest())));
  else if (/^\[\s*(?:[[{\]]|$)/.test(start)) yield* readJsonArray(await readWhole(rest()));
  else if (/^\{\s*(?:["}]|$)/.test(start)) yield* readJson(start, rest());
  else {
    refuseBinary(head);
    yield* readPageText(rest());
  }
}

/** Enough to recognise every format: arXiv's feeds say what they are in the first 2 kB. */
const HEAD_BYTES = 65_536;
/** A day of all of arXiv is 3 MB. As much as this took 7 s and 400 MB to read, measured on XML and on JSON. */
const MAX_WHOLE_BYTES = 32_000_000;

function refuseUnreadable(head: Buffer): void {
  const magic = head.subarray(0, 4).toString("hex");
  if (/^(?:1f8b|504b0304|28b52ffd|425a68|fd377a58)/.test(magic))
    throw new Invalid("this is a packed file. Unpack it first.");
  if (/^(?:fffe|feff)/.test(magic)) throw new Invalid("this is UTF-16 text. Convert it to UTF-8.");
  if (head.toString("latin1").trim() === "" && head.length < HEAD_BYTES) {
    throw new Invalid("the file is empty. Name a file with papers.");
  }
}

function refuseBinary(head: Buffer): void {
  const nul = head.indexOf(0);
  if (nul !== -1) throw new Invalid(`this is not text: byte ${nul} is NUL. Name a file with papers.`);
}

function readXml(text: string): Pulled {
  const name = /<(?:[\w.-]+:)?([A-Za-z_][\w.-]*)/.exec(text.replace(/<!--[\s\S]*?-->/g, ""))?.[1];
  if (name === "OAI-PMH") return parseOaiRecords(text);
  if (name === "rss") return parseArxivFeed(text);
  // Both are Atom; only the feed names its entries as OAI does and says how they were announced.
  if (name === "feed") return /announce_type|<id>\s*oai:/.test(text) ? parseArxivFeed(text) : parseArxivAnswer(text);
  const what =
    name?.toLowerCase() === "html" ? "this is a web page" : `XML that begins with <${name ?? "?"}> is not read`;
  throw new Invalid(`${what}. ${FORMATS}`);
}

function* readJsonArray(text: string): Generator<Sighting | Refusal> {
  let papers: unknown[];
  try {
    papers = JSON.parse(text);
  } catch (error) {
    throw new Invalid(`not whole JSON: ${(error as Error).message.slice(0, 200)}. Was the file cut short?`, [], {
      cause: error,
    });
  }
  for (const [position, paper] of papers.entries()) {
    yield readAnyJson(paper, { where: `item ${position + 1}`, position });
  }
}

/** One object a line; or, where the first line is none, one object over several lines. */
async function* readJson(start: string, bytes: AsyncGenerator<Buffer>): AsyncGenerator<Sighting | Refusal> {
  const [firstLine = ""] = start.split("\n", 1);
  if (isJson(firstLine) || !isJson(start)) {
    yield* readJsonLines(bytes);
    return;
  }
  yield readAnyJson(JSON.parse(await readWhole(bytes)), { where: "item 1", position: 0 });
}

async function* readJsonLines(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Sighting | Refusal> {
  let position = 0;
  for await (const line of readLines(bytes)) {
    const entry = readJsonLine(line, position, readAnyJson);
    if (entry === null) continue;
    if ("signals" in entry) position += 1;
    yield entry;
  }
}

function readAnyJson(value: unknown, place: { where: string; position: number }): Sighting | Refusal {
  if (!isDailyPaper(value)) return readJsonPaper(value, place);
  const entry = readDailyPaper(value, place);
  return "reason" in entry ? { ...entry, where: place.where } : entry;
}

/** Any text has lines, and some of them look like papers: the first fifty entries are held until most of them are. */
async function* readPageText(bytes: AsyncGenerator<Buffer>): AsyncGenerator<Sighting | Refusal> {
  const reader = openPageText();
  const held: (Sighting | Refusal)[] = [];
  let isKnown = false;
  for await (const line of readLines(bytes)) {
    const entries = reader.take(line);
    if (isKnown) {
      yield* entries;
      continue;
    }
    held.push(...entries);
    if (held.length < 50) continue;
    refuseUnlessMostlyPapers(held);
    isKnown = true;
    yield* held;
  }
  if (isKnown) {
    yield* reader.end();
    return;
  }
  held.push(...reader.end());
  refuseUnlessMostlyPapers(held);
  yield* held;
}

function refuseUnlessMostlyPapers(entries: readonly (Sighting | Refusal)[]): void {
  const refusals = entries.filter((entry) => "reason" in entry);
  if (entries.length > 0 && refusals.length * 2 <= entries.length) return;
  const [first] = refusals;
  const hint = first === undefined ? "" : ` (${first.where}: ${first.reason})`;
  throw new Invalid(`this does not look like papers${hint}. ${FORMATS}`);
}

const FORMATS =
  "Name a file with a Hugging Face or arXiv API answer, an arXiv feed, OAI-PMH records, JSON (one paper a line, or an array), or the text of a papers page.";

function* entriesOf({ sightings, refusals }: Pulled): Generator<Sighting | Refusal> {
  yield* sightings;
  yield* refusals;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

async function readWhole(bytes: AsyncGenerator<Buffer>): Promise<string> {
  const parts: Buffer[] = [];
  let size = 0;
  for await (const part of bytes) {
    size += part.length;
    if (size > MAX_WHOLE_BYTES) {
      throw new Invalid(
        `larger than ${MAX_WHOLE_BYTES} bytes. Split it, or write one JSON object a line: that has no limit.`,
      );
    }
    parts.push(part);
  }
  return utf8Text(Buffer.concat(parts));
}

async function readAhead(chunks: AsyncIterator<Buffer>, atLeast: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let size = 0;
  while (size < atLeast) {
    const next = await chunks.next();
    if (next.done) break;
    parts.push(next.value);
    size += next.value.length;
  }
  return Buffer.concat(parts);
}

async function* chained(head: Buffer, chunks: AsyncIterator<Buffer>): AsyncGenerator<Buffer> {
  yield head;
  for (let next = await chunks.next(); !next.done; next = await chunks.next()) yield next.value;
}
