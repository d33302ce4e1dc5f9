/**
 * What is kept of a mail that comes in, however long it is: its first 256 kB, and of the rest what a report is judged by.
 * In the core, because every way in keeps the same: the SMTP listener and `POST /reports/raw`.
 */

export interface Kept {
  /** Still a mail that a MIME parser reads. */
  readonly raw: Buffer;
  /** Bytes of the mail that are not in `raw`. */
  readonly cut: number;
}

export const KEPT_BYTES = 256 * 1024;
/** For what is kept behind the first `KEPT_BYTES`; the report parts of a DSN have a few kB. */
const LATE_BYTES = 64 * 1024;
/** A longer line is taken in pieces, and headers longer than this are none. */
const PIECE_BYTES = 8 * 1024;

/**
 * Reads a mail to its end and keeps its first `limit` bytes, up to the end of that line (or 8 kB of it). Of what comes later
 * it keeps the parts of a report: `message/delivery-status`, `message/feedback-report` and the header lines of the mail they
 * are about (`text/rfc822-headers`, or the top of `message/rfc822`), at most 64 kB.
 *
 * Memory does not grow with the mail. When the stream fails its error is thrown on, and what was read is gone.
 */
export async function keepOfStream(stream: AsyncIterable<Uint8Array>, limit = KEPT_BYTES): Promise<Kept> {
  const keeper = openKeeper(limit);
  let rest = Buffer.alloc(0);
  let isLineStart = true;
  for await (const chunk of stream) {
    const bytes = Buffer.concat([rest, chunk]);
    let from = 0;
    for (;;) {
      const newline = bytes.indexOf(NEWLINE, from);
      if (newline < 0 && bytes.length - from < PIECE_BYTES) break;
      const end = newline < 0 ? bytes.length : newline + 1;
      keeper.add(bytes.subarray(from, end), isLineStart);
      isLineStart = newline >= 0;
      from = end;
    }
    rest = bytes.subarray(from);
  }
  if (rest.length > 0) keeper.add(rest, isLineStart);
  return keeper.kept();
}

const REPORT_PART =
  /^content-type:\s*(?:message\/(?:global-)?delivery-status|message\/feedback-report|message\/global-headers|text\/rfc822-headers)\b/im;
const ORIGINAL = /^content-type:\s*message\/(?:rfc822|global)\b/im;
const [NEWLINE, RETURN, DASH] = [10, 13, 0x2d];

/**
 * Takes a mail line by line, and follows where in it we stand from its first line on. Boundaries are known by their dashes
 * alone: a line of text that looks like one has no headers of a report below it.
 */
function openKeeper(limit: number) {
  const page = openPage();
  let seen = 0;
  /** Header lines read so far, of the mail or of a part; null in a body. */
  let headers: string | null = "";
  /** Lines behind the first `limit` bytes that are kept if these headers turn out to be those of a report part. */
  let waiting: Buffer[] = [];
  /** Which lines to come are kept: those up to the next boundary, up to the next blank line, or none. */
  let keeping: "part" | "headers" | null = null;

  const keepLate = (line: Buffer) => {
    if (page.length() + line.length <= limit + PIECE_BYTES + LATE_BYTES) page.write(line);
  };

  return {
    add(line: Buffer, isLineStart: boolean): void {
      const isLate = seen >= limit;
      seen += line.length;
      if (!isLate) page.write(line);
      else if (keeping !== null) keepLate(line);

      if (isLineStart && line[0] === DASH && line[1] === DASH) {
        // One that ends a part that is kept is kept with it, and begins the next.
        waiting = isLate && keeping === null ? [Buffer.from(line)] : [];
        [headers, keeping] = ["", null];
      } else if (headers !== null) {
        headers += line.toString("latin1");
        if (isLate) waiting.push(Buffer.from(line));
        if (!isBlank(line) && headers.length <= PIECE_BYTES) return;
        keeping = REPORT_PART.test(headers) ? "part" : ORIGINAL.test(headers) ? "headers" : null;
        if (keeping !== null) for (const one of waiting) keepLate(one);
        [headers, waiting] = [null, []];
      } else if (keeping === "headers" && isBlank(line)) keeping = null;
    },
    kept: (): Kept => ({ raw: page.bytes(), cut: seen - page.length() }),
  };
}

function isBlank(line: Buffer): boolean {
  return line[0] === NEWLINE || (line[0] === RETURN && line[1] === NEWLINE);
}

/** Bytes that grow by doubling: a piece of memory a line would cost more than the lines. */
function openPage() {
  let bytes = Buffer.allocUnsafe(16 * 1024);
  let length = 0;
  return {
    write(piece: Buffer): void {
      if (length + piece.length > bytes.length) {
        const larger = Buffer.allocUnsafe(2 * (length + piece.length));
        bytes.copy(larger, 0, 0, length);
        bytes = larger;
      }
      length += piece.copy(bytes, length);
    },
    length: () => length,
    bytes: () => bytes.subarray(0, length),
  };
}
