/** Breaks the lines of a text part. */

/** RFC 5322 2.1.1 asks for at most 78; 72 leaves room for two levels of quoting and the space of a flowed line. */
const width = 72;

/**
 * Each line of at most 72 letters, broken at spaces; what has no space (an address) stays whole.
 *
 * @param mark how many letters to count for one that is filled later
 */
export function wrapLines(text: string, mark = 2): string {
  return linesOf(text, mark)
    .map((lines) => lines.join("\n"))
    .join("\n");
}

/**
 * The same as a mail says it (format=flowed, RFC 3676): a line that goes on ends in a space, so that a narrow screen may
 * break it elsewhere; one that could be taken for a quote or for the head of a mailbox begins with a space, which the
 * reading program takes out again.
 */
export function flowLines(text: string, mark = 2): string {
  return linesOf(text, mark)
    .map((lines) => lines.map((line, i) => stuffed(i < lines.length - 1 ? flowing(line) : line)).join("\n"))
    .join("\n");
}

function linesOf(text: string, mark: number): string[][] {
  return text.split("\n").map((line) => brokenAtSpaces(line.trimEnd(), mark));
}

function brokenAtSpaces(line: string, mark: number): string[] {
  const lengthOf = (words: string): number => words.replace(/\uE000\w+\uE001/gu, "x".repeat(mark)).length;
  if (lengthOf(line) <= width) return [line];
  const broken: string[] = [];
  let current: string | null = null;
  for (const word of line.split(" ")) {
    if (current !== null && lengthOf(current) + 1 + lengthOf(word) > width) {
      broken.push(current);
      current = word;
    } else {
      current = current === null ? word : `${current} ${word}`;
    }
  }
  return [...broken, current ?? ""];
}

/** Two dashes and a space would begin a signature (RFC 3676 4.3). */
function flowing(line: string): string {
  return line === "--" ? line : `${line} `;
}

function stuffed(line: string): string {
  return /^(?: |>|From )/u.test(line) ? ` ${line}` : line;
}
