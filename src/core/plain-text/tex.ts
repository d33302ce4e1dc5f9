/** TeX in running text, read without a grammar: what is surely TeX is set, the rest stays. */
import { subscript, superscript } from "./scripts.ts";
import { readName, readSign } from "./tex-commands.ts";
import {
  closingDollar,
  escapedQuotes,
  isSet,
  isTie,
  matchBraces,
  plainIndex,
  plainPower,
  type Stretch,
} from "./tex-shape.ts";

// Deeper than any formula; what is nested further is passed on as letters.
const deepest = 40;
const longestScript = 60;

/** @param link makes one text of a link's words and its address */
export function readTex(source: string, link: (words: string, address: string) => string): string {
  return /[\\{}$^_~]/.test(source) ? new TexReader(source, link).read({ from: 0, to: source.length }, false) : source;
}

/** Walks over a stretch of the source once and writes what it reads to `out`. Commands move it through `take` and `at`. */
export class TexReader {
  readonly source: string;
  readonly link: (words: string, address: string) => string;
  /** The signs that this text escapes as JSON would (`\"so\"`), so that they are no accents. */
  readonly quotes: ReadonlySet<string>;
  out = "";
  at = 0;
  end = 0;
  math = false;
  private depth = 0;
  private readonly partner: Int32Array;

  constructor(source: string, link: (words: string, address: string) => string) {
    this.source = source;
    this.link = link;
    this.quotes = escapedQuotes(source);
    this.partner = matchBraces(source);
  }

  /** Reads one stretch into a text of its own and leaves the reader where it was. */
  read({ from, to }: Stretch, math = this.math): string {
    const { out, at, end, math: outerMath, depth } = this;
    if (depth > deepest) return this.source.slice(from, to).replace(/[\\{}$]+/g, " ");
    Object.assign(this, { out: "", at: from, end: to, math, depth: depth + 1 });
    // Only the end of `out` is ever looked at. A long string that is both looked at and added to is copied each time.
    const settled: string[] = [];
    while (this.at < this.end) {
      this.step();
      if (this.out.length > 1000) {
        settled.push(this.out.slice(0, -200));
        this.out = this.out.slice(-200);
      }
    }
    const read = settled.join("") + this.out;
    Object.assign(this, { out, at, end, math: outerMath, depth });
    return read;
  }

  /** The next argument as text, or null where there is none: a group, a command with the group behind it, one character. */
  take(math = this.math): string | null {
    const found = this.argument();
    if (!found) return null;
    const read = this.read(found, math);
    this.at = found.next;
    return read;
  }

  /** What comes next in this stretch, at most `length` characters of it. */
  ahead(length = 24): string {
    return this.source.slice(this.at, Math.min(this.end, this.at + length));
  }

  opensGroup(at = this.at): boolean {
    return this.source[at] === "{" && this.partner[at]! > at && this.partner[at]! < this.end;
  }

  /** A formula between delimiters, set in place. */
  formula(span: Stretch, next: number): void {
    this.out += this.read(span, true)
      .replace(/([([⟨⌊⌈])\s+/g, "$1")
      .replace(/(?<=\S)\s{1,9}([)\]⟩⌋⌉])/g, "$1")
      .trim();
    this.at = next;
  }

  private argument(): (Stretch & { next: number }) | null {
    const spaces = /^\s*/.exec(this.ahead())![0].length;
    const from = this.at + spaces;
    if (from >= this.end) return null;
    if (this.opensGroup(from)) return { from: from + 1, to: this.partner[from]!, next: this.partner[from]! + 1 };
    const command = /^\\(?:[A-Za-z]+|[^A-Za-z])/u.exec(this.source.slice(from, Math.min(this.end, from + 40)));
    let next = from + (command?.[0].length ?? String.fromCodePoint(this.source.codePointAt(from)!).length);
    if (command && this.opensGroup(next)) next = this.partner[next]! + 1;
    return { from, to: next, next };
  }

  private step(): void {
    const letter = this.source[this.at]!;
    if (letter === "\\") this.command();
    else if (letter === "{") this.group();
    else if (letter === "}") this.at++;
    else if (letter === "$") this.dollar();
    else if (letter === "^" || letter === "_") this.script(letter);
    else if (letter === "~") this.tie();
    else this.plain();
  }

  private plain(): void {
    const run = /[^\\{}$^_~]+/y;
    run.lastIndex = this.at;
    const found = run.exec(this.source)![0].slice(0, this.end - this.at);
    this.out += this.math ? found.replace(/&/g, " ") : found;
    this.at += found.length;
  }

  private command(): void {
    const token = /(\\+)([A-Za-z]*)/y;
    token.lastIndex = this.at;
    const [whole, slashes, name] = token.exec(this.source)!;
    this.at = Math.min(this.end, this.at + whole.length);
    // Two backslashes are a line end in TeX, or one that was escaped once too often.
    if (name) readName(this, name, slashes!.length > 1);
    else readSign(this, slashes!.length > 1);
  }

  private group(): void {
    if (!this.opensGroup()) {
      this.at++;
      return;
    }
    const [from, to] = [this.at + 1, this.partner[this.at]!];
    const inside = this.read({ from, to });
    const isWhole = this.out.trim() === "" && this.source.slice(to + 1, this.end).trim() === "";
    // `https://…{here}` was a link before its backslash was lost.
    const address = /\ufdd0[\ufdd2-\ufddb]+\ufdd1$/.exec(this.out.slice(-12))?.[0];
    if (address) this.out = this.out.slice(0, -address.length) + this.link(inside, address);
    else
      this.out +=
        !this.math && isSet(this.source.slice(from, to), this.source[to + 1], isWhole) ? `{${inside}}` : inside;
    this.at = to + 1;
  }

  private dollar(): void {
    const close = this.math ? null : closingDollar(this.source, this.at, this.end);
    if (close) this.formula(close, close.next);
    else {
      if (!this.math) this.out += "$";
      this.at++;
    }
  }

  private tie(): void {
    const run = /^~+/.exec(this.ahead())![0];
    const isSpace =
      this.math || (run === "~" && isTie(this.out.slice(-4), this.source.slice(this.at + 1, this.at + 12)));
    this.out += isSpace ? " " : run;
    this.at += run.length;
  }

  private script(sign: "^" | "_"): void {
    // Outside formulas a group that runs on for sentences lost its own end: `Λ^{(\text{best)} that enables …}`.
    const isShort = this.opensGroup(this.at + 1) && (this.partner[this.at + 1] ?? 0) - this.at < longestScript;
    if (!this.math && !isShort && !/^.\\[A-Za-z]/.test(this.ahead())) {
      this.plainScript(sign);
      return;
    }
    this.at++;
    const inside = this.take() ?? "";
    if (this.math) this.out = this.out.trimEnd();
    const set = sign === "^" ? superscript(inside, this.out.slice(-2)) : subscript(inside);
    // In the middle of a formula `f_ip_i` would read as one subscript.
    const runsOn = this.math && /[_^][\p{L}\p{N}.]+$/u.test(set) && /^(?:[\p{L}\p{N}]|\\[A-Za-z])/u.test(this.ahead());
    this.out += runsOn ? `${set} ` : set;
  }

  private plainScript(sign: "^" | "_"): void {
    const found = (sign === "^" ? plainPower : plainIndex)(this.out.slice(-4), this.ahead());
    this.out += found === null ? sign : sign === "^" ? superscript(found, "") : subscript(found);
    this.at += 1 + (found?.length ?? 0);
  }
}
