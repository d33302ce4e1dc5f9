/**
 * Sheets: memory that finished mails are written on, used again and again. At a thousand mails of 30 kB a second the
 * collector finds them late: a worker grew by 100 MB and spent a twelfth of its time on them.
 */

/** Holds nearly every mail; of a sheet only the pages that are written to are real memory. */
const SHEET_BYTES = 256 * 1024;
/** More than there are connections. */
const MOST_KEPT = 100;

const kept: ArrayBuffer[] = [];

/** A part of a message: bytes that many mails share, or ASCII of this one's own. */
export type Piece = Buffer | string;

/** Writes a message from its beginning to its end. */
export class Sheet {
  private bytes = Buffer.from(kept.pop() ?? new ArrayBuffer(SHEET_BYTES));
  private length = 0;

  write(piece: Piece): void {
    const end = this.length + piece.length;
    if (end > this.bytes.length) this.grow(end);
    if (typeof piece === "string") this.bytes.write(piece, this.length, "latin1");
    else this.bytes.set(piece, this.length);
    this.length = end;
  }

  /** What was written. The sheet is not written on after this. */
  written(): Buffer {
    return this.bytes.subarray(0, this.length);
  }

  private grow(atLeast: number): void {
    const larger = Buffer.allocUnsafeSlow(Math.max(atLeast, 2 * this.bytes.length));
    larger.set(this.bytes.subarray(0, this.length));
    this.bytes = larger;
  }
}

/** Gives back the sheet of a message that nobody looks at again: the next one is written over it. */
export function reuseSheet({ buffer }: Buffer): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === SHEET_BYTES && kept.length < MOST_KEPT) kept.push(buffer);
}
