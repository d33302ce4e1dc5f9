/** Telling TeX's signs from the same signs used as themselves. */

/** From an index up to, not including, another. */
export interface Stretch {
  readonly from: number;
  readonly to: number;
}

/** For each `{` the index of its `}` and the reverse; -1 where there is none, or the brace is escaped. */
export function matchBraces(source: string): Int32Array {
  const partner = new Int32Array(source.length).fill(-1);
  const open: number[] = [];
  for (let at = 0; at < source.length; at++) {
    const letter = source[at];
    if (letter === "\\") at++;
    else if (letter === "{") open.push(at);
    else if (letter === "}" && open.length > 0) {
      const from = open.pop()!;
      partner[from] = at;
      partner[at] = from;
    }
  }
  return partner;
}

/** The formula that a `$` at this place opens, or null when it is money, a variable, or alone. */
export function closingDollar(source: string, at: number, end: number): (Stretch & { next: number }) | null {
  const width = source[at + 1] === "$" ? 2 : 1;
  const from = at + width;
  let to = from;
  do to = source.indexOf("$", to + (to === from ? 0 : 1));
  while (to > 0 && source[to - 1] === "\\");
  if (to <= from || to >= end || to - from > 1000) return null;
  const inside = source.slice(from, to);
  const next = to + (width === 2 && source[to + 1] === "$" ? 2 : 1);
  if (width === 2) return { from, to, next };
  if (/^\s|\s$|\n\s*\n/.test(inside)) return null;
  if (/^[<>=≤≥≈~±+×→|-]+$/.test(inside)) return { from, to, next };
  const isTex = /[\\^_{}]/.test(inside);
  // `$5 and US$10`, `$0.10/$0.20`: an amount with more than an operator behind it.
  if (!isTex && /^[\d.,]+\s*[kKmMbB]?(?:\s+\p{L}|[-–/]$)/u.test(inside)) return null;
  const follows = source[next] ?? "";
  if (!isTex && /\p{N}/u.test(follows)) return null;
  if (!isTex && inside.length > 1 && /[\p{L}_{]/u.test(follows)) return null;
  return { from, to, next };
}

/**
 * Whether braces in running text are braces: `{T,S}`, `{+1,-1}`, `{"a": 1}`. TeX's own group (`{D}en{o}ising`,
 * `1{,}879`, `{\em so}`, or all of a title) only groups.
 */
export function isSet(inside: string, next: string | undefined, isWhole: boolean): boolean {
  if (/^\s*\\[A-Za-z]/.test(inside)) return false;
  if (next === "_" || next === "^") return !/^\s*[\p{L}\p{N}]*\s*$/u.test(inside);
  if (/^\s*["“][^"“”]*["”]\s*[:,]/.test(inside)) return true;
  if (isWhole) return false;
  const parts = inside.split(/[,;|]/);
  return parts.length > 1 && parts.every((part) => part.trim() !== "" && part.trim().split(/\s+/).length < 4);
}

/** Whether `~` between these is TeX's space: `Claude~4.5`, `models~(LLMs)`; not `~50`, `2~5x`, `/~home`, `x~p(x)`. */
export function isTie(before: string, after: string): boolean {
  if (/\p{N}$/u.test(before) && /^\p{N}/u.test(after)) return false;
  if (/[,:;]$/.test(before) && /^\d[\d.,]*\s?(?:[%×kKMBx]|$)/.test(after)) return false;
  if (/(?<!\p{L})\p{L}$/u.test(before) && /^\p{L}\(/u.test(after)) return false;
  if (/\s$/.test(before)) return /^[([]/.test(after); // behind a citation that is gone
  return /[\p{L}\p{M}\p{N})\]}.,:;”’"'%\ufdd1]$/u.test(before) && /^(?:[\p{L}\p{N}([{$\\“‘"`\ufdd0]|\s|$)/u.test(after);
}

/** Digits, or a star, that a `^` outside formulas raises: `S^2L`, `10^-5`, `R^*`. */
export function plainPower(before: string, ahead: string): string | null {
  if (!/[\p{L}\p{N})\]}]$/u.test(before)) return null;
  const power = /^\^(?:([+-]?\d+)(?!\d|\.\d)|(\*)(?![\p{L}\p{N}*]))/u.exec(ahead);
  return power?.[1] ?? power?.[2] ?? null;
}

/** Digits that a `_` outside formulas lowers: behind one letter (`F_1`, `θ_0`), because `min_p` and `utils_2` are names. */
export function plainIndex(before: string, ahead: string): string | null {
  if (!/(?<![\p{L}\p{M}\p{N}_\\.@/])\p{L}$/u.test(before)) return null;
  return /^_(\d+)(?![\p{L}\p{N}_@]|\.[\p{L}\p{N}])/u.exec(ahead)?.[1] ?? null;
}

/**
 * Which of `'` and `"` this text escapes as JSON and shells do. It shows where the sign could be no accent:
 * `\"example\" is`, but not in `T\"ULU` or `Pok\'emon`.
 */
export function escapedQuotes(source: string): ReadonlySet<string> {
  const found = new Set<string>();
  for (const [, sign] of source.matchAll(/\\(["'])(?=[\s.,:;!?)"'”’]|$)/g)) found.add(sign!);
  return found;
}
