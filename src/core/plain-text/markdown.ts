/** Markdown, as far as people put it into abstracts: lists, headings, rules, emphasis. */
import type { TextKind } from "../plain-text.ts";

const rule = /^[ \t]*(?:-[ \t]*){3,}$|^[ \t]*(?:\*[ \t]*){3,}$|^[ \t]*(?:_[ \t]*){3,}$|^[ \t]*={3,}[ \t]*$/gm;

/**
 * Marks that stand at the beginning of a line. A list becomes `• one • two`, a heading ends in a colon.
 *
 * A title has no lines: its line ends are where the source wrapped it. Abstracts are wrapped too, and a wrapped dash or
 * plus may begin a line, so those are a list only when there are two.
 */
export function readBlocks(text: string, kind: TextKind): string {
  const unmarked = text.replace(/^\s*#{1,6}[ \t]+(?=\S)/, "");
  if (kind === "title" || !text.includes("\n")) return unmarked;
  const isList = (text.match(/^[ \t]*[-+][ \t]+\S/gm)?.length ?? 0) > 1;
  return text
    .replace(rule, "")
    .replace(/^[ \t]*#{1,6}[ \t]+(\S.{0,200}?)[ \t]*#*[ \t]*$/gm, (_, words: string) =>
      /[\p{P}]$/u.test(words) ? words : `${words}:`,
    )
    .replace(/^[ \t]*\*[ \t]+(?=\S)/gm, "• ")
    .replace(/^[ \t]*[-+][ \t]+(?=\S)/gm, isList ? "• " : "$&")
    .replace(/(?<=^|\n[ \t]*\n)[ \t]*>[ \t]+(?=\p{L})/gu, "");
}

interface Run {
  readonly at: number;
  readonly letter: string;
  /** How many of its marks still wait for a partner. */
  left: number;
}

/**
 * Takes off `*emphasis*`, `**bold**`, `_emphasis_`, `__bold words__` and `~~struck~~`.
 *
 * Stricter than CommonMark: marks never touch a letter, digit or bracket on their outer side, because `8*16B … 8*16B`,
 * `f(x)*2`, `A*`, `snake_case` and `2**10` are text. `__init__` is a name, and `*.py` a pattern.
 */
export function readEmphasis(text: string): string {
  if (!/[*_~]/.test(text)) return text;
  const taken: [from: number, to: number][] = [];
  const open: Run[] = [];
  for (const { 0: marks, index } of text.matchAll(/\*{1,3}(?!\*)|_{1,3}(?!_)|(?<!~)~~(?!~)/g)) {
    const letter = marks[0]!;
    const before = text.slice(Math.max(0, index - 2), index);
    const after = text.slice(index + marks.length, index + marks.length + 2);
    if (before.endsWith(letter)) continue; // the tail of a longer run: a rule or a drawing
    if (/[\p{L}\p{N}\p{M})\]}”’"'.,:;!?%…+²³\ufdd1*_]$/u.test(before) && !/^[\p{L}\p{N}]/u.test(after)) {
      close(text, { at: index, letter, left: marks.length }, open, taken);
    } else if (!/[\p{L}\p{N}\p{M})\]}]$/u.test(before) && /^[\p{L}\p{N}([“‘"'<+$#@\ufdd0*_]/u.test(after)) {
      open.push({ at: index, letter, left: marks.length });
    }
  }
  return without(text, taken);
}

/** Pairs a closing run with the nearest opening ones. Looks back over a few only, so that the time stays linear. */
function close(text: string, run: Run, open: Run[], taken: [number, number][]): void {
  let start = run.at;
  for (let depth = 1; depth <= 8 && run.left > 0 && open.length >= depth; ) {
    const opener = open[open.length - depth]!;
    if (opener.letter !== run.letter) {
      depth++;
      continue;
    }
    const pairs = Math.min(opener.left, run.left);
    const from = opener.at + opener.left - pairs;
    const inside = run.letter === "_" && pairs === 2 ? text.slice(opener.at + opener.left, run.at) : "";
    const isName = /^\w+$/.test(inside.slice(0, 60));
    if (!isName) taken.push([from, from + pairs], [start, start + pairs]);
    start += pairs;
    opener.left -= pairs;
    run.left -= pairs;
    open.length -= opener.left > 0 ? depth - 1 : depth;
    depth = 1;
  }
}

function without(text: string, taken: [number, number][]): string {
  taken.sort(([a], [b]) => a - b);
  let out = "";
  let at = 0;
  for (const [from, to] of taken) {
    out += text.slice(at, from);
    at = to;
  }
  return out + text.slice(at);
}
