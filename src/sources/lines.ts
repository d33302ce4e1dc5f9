/** A file as numbered lines, in little memory whatever the file. */
import { Invalid } from "../errors.ts";
import { utf8Text } from "./utf8.ts";

/** A line without its ending, counted from 1; or why it cannot be read. */
export type Line =
  | { readonly number: number; readonly text: string }
  | { readonly number: number; readonly fault: string };

/** Fifty times the longest paper seen. What is longer is no paper, and must not have to fit into memory. */
const MAX_LINE_BYTES = 1_000_000;

/** Splits a stream of bytes into lines; a bad one is told as such and the next is read all the same. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<Line> {
  let number = 1;
  /** Where the line begins in the file. */
  let at = 0;
  let parts: Buffer[] = [];
  let size = 0;
  const line = (): Line => (size > MAX_LINE_BYTES ? tooLong(number) : lineFrom(Buffer.concat(parts), number, at));

  for await (const chunk of chunks) {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end !== -1; end = chunk.indexOf(NEWLINE, from)) {
      add(chunk.subarray(from, end));
      yield line();
      number += 1;
      at += size + 1;
      parts = [];
      size = 0;
      from = end + 1;
    }
    add(chunk.subarray(from));
  }
  if (size > 0) yield line();

  function add(part: Buffer): void {
    size += part.length;
    if (size > MAX_LINE_BYTES) parts = [];
    else parts.push(part);
  }
}

/** The lines of a text that is in memory. */
export function linesIn(text: string): Line[] {
  return text.split("\n").map((line, index) => ({ number: index + 1, text: line.replace(/\r$/, "") }));
}

const NEWLINE = 0x0a;

function lineFrom(bytes: Buffer, number: number, at: number): Line {
  try {
    const text = utf8Text(bytes, at).replace(/\r$/, "");
    return text.includes("\0") ? { number, fault: "holds a NUL byte, so it is not text" } : { number, text };
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    return { number, fault: error.message };
  }
}

function tooLong(number: number): Line {
  return { number, fault: `longer than ${MAX_LINE_BYTES} bytes` };
}
