/** Breaks the lines of a text part. */

/** RFC 5322 2.1.1 asks for at most 78; 72 leaves room for two levels of quoting. */
const width = 72;

/**
 * Each line of at most 72 letters, broken at spaces; what has no space (an address) stays whole. A continuation is
 * indented like its line, or to where the words of a numbered line begin.
 *
 * @param mark how many letters to count for one that is filled later
 */
export function wrapLines(text: string, mark = 2): string {
  return text
    .split("\n")
    .map((line) => wrapLine(line.trimEnd(), mark))
    .join("\n");
}

function wrapLine(line: string, mark: number): string {
  const lengthOf = (words: string): number => words.replace(/\uE000\w+\uE001/gu, "x".repeat(mark)).length;
  if (lengthOf(line) <= width) return line;
  const indent = /^ */u.exec(line)![0];
  const hanging = /^\uE000number\uE001\. /u.test(line) ? "   " : indent;
  const wrapped: string[] = [];
  let current = indent;
  for (const word of line.slice(indent.length).split(" ")) {
    const begins = current.trim() === "";
    if (!begins && lengthOf(current) + 1 + lengthOf(word) > width) {
      wrapped.push(current);
      current = hanging + word;
    } else {
      current += begins ? word : ` ${word}`;
    }
  }
  return [...wrapped, current].join("\n");
}
