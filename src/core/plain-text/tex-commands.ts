/** TeX's commands in running text. */
import { subscript, superscript } from "./scripts.ts";
import type { TexReader } from "./tex.ts";
import { accents, droppedArguments, findSymbol, silent, spaces, type TexSymbol } from "./tex-names.ts";

/** What a command with arguments becomes. Those that only dress their argument need no entry: see `readName`. */
const commands: Readonly<Record<string, (reader: TexReader) => string>> = {
  frac: (reader) => fraction(reader),
  dfrac: (reader) => fraction(reader),
  tfrac: (reader) => fraction(reader),
  nicefrac: (reader) => fraction(reader),
  sfrac: (reader) => fraction(reader),
  sqrt: (reader) => {
    const degree = option(reader);
    return `${degree ? superscript(degree, "") : ""}√${underRoot(reader.take() ?? "")}`;
  },
  binom: (reader) => `(${reader.take() ?? ""} choose ${reader.take() ?? ""})`,
  overset: (reader) => overAndUnder(reader, (over) => superscript(over, "")),
  stackrel: (reader) => overAndUnder(reader, (over) => superscript(over, "")),
  underset: (reader) => overAndUnder(reader, subscript),
  textsuperscript: (reader) => superscript(reader.take() ?? "", reader.out.slice(-2)),
  textsubscript: (reader) => subscript(reader.take() ?? ""),
  ensuremath: (reader) => reader.take(true) ?? "",
  text: (reader) => reader.take(false) ?? "",
  footnote: (reader) => ` (${(reader.take() ?? "").trim()})`,
  href: (reader) => {
    const address = (reader.take(false) ?? "").trim();
    return reader.opensGroup() ? reader.link(reader.take(false) ?? "", address) : address;
  },
  verb: (reader) => {
    const found = /^([^\sA-Za-z{*])(.*?)\1/s.exec(reader.ahead(400));
    reader.at += found?.[0].length ?? 0;
    return found?.[2] ?? "";
  },
  not: (reader) => {
    const [sign, ...rest] = reader.take() ?? "";
    return sign ? `${sign}\u0338${rest.join("")}` : "";
  },
  item: () => "\n• ",
  etal: () => "et al.",
};

/** A command with a name, behind which the reader stands. An unknown one around text leaves the text, alone its name. */
export function readName(reader: TexReader, name: string, isDouble: boolean): void {
  if (/^\*\s*\{/.test(reader.ahead())) reader.at++;
  const symbol = findSymbol(name);
  const toDrop = droppedArguments(name);
  if (Object.hasOwn(commands, name)) reader.out += commands[name]!(reader);
  else if (Object.hasOwn(accents, name) && setAccent(reader, name)) return;
  else if (symbol) setSymbol(reader, symbol);
  else if (silent.has(name)) leaveOut(reader, name);
  else if (toDrop > 0) drop(reader, name, toDrop);
  else if (reader.ahead(1) === "{") reader.out += leaveName(reader) ? name : "";
  else if (/^(?:n[A-Z]|[nrt]$)/.test(name)) readEscape(reader, name);
  else reader.out += isDouble && /\S$/.test(reader.out) ? ` ${name}` : name;
}

/** A backslash with a sign behind it: an accent, an escaped sign, a space, the bracket of a formula. */
export function readSign(reader: TexReader, isDouble: boolean): void {
  const sign = reader.ahead(1);
  if (sign === "(" || sign === "[") {
    openFormula(reader, sign, isDouble);
    return;
  }
  if (Object.hasOwn(accents, sign) && setAccent(reader, sign)) return;
  reader.at += sign.length;
  const isBetweenLetters = /^\p{L}/u.test(reader.ahead(1));
  if (/^[\s,:;]?$/.test(sign) || (reader.math && sign === ">")) reader.out += " ";
  else if (
    sign === "/" ||
    (sign === "@" && /^(?:\s|$)/.test(reader.ahead(1))) ||
    (/[!\-@]/.test(sign) && (reader.math || isBetweenLetters))
  )
    return;
  else if (sign === "|") reader.out += reader.math ? "‖" : "|";
  else reader.out += isDouble && !/[%&_#${}*~^'"`]/.test(sign) ? ` ${sign}` : sign;
}

function openFormula(reader: TexReader, sign: "(" | "[", isDouble: boolean): void {
  const close = isDouble ? (sign === "(" ? "\\\\)" : "\\\\]") : sign === "(" ? "\\)" : "\\]";
  const found = reader.source.slice(reader.at, Math.min(reader.end, reader.at + 1000)).indexOf(close);
  const from = reader.at + 1;
  if (found > 0) reader.formula({ from, to: reader.at + found }, reader.at + found + close.length);
  else {
    reader.out += isDouble && sign === "[" && option(reader) !== null ? " " : sign;
    reader.at = Math.max(reader.at, from);
  }
}

/** `first.\nSecond` was escaped once too often; between spaces or quotes `\n` is what the text is about. */
function readEscape(reader: TexReader, name: string): void {
  const before = reader.source[reader.at - name.length - 2] ?? " ";
  reader.at -= name.length - 1;
  reader.out += /[\s"'“‘`(]/.test(before) ? `\\${name[0]}` : " ";
}

function setAccent(reader: TexReader, name: string): boolean {
  const isWord = /^[A-Za-z]/.test(name);
  const before = reader.at;
  reader.at += isWord ? 0 : 1;
  const ahead = reader.ahead();
  // `\t`, `\r`, `\b` and `\d` are escapes elsewhere, and a one-letter accent needs a letter of its own.
  const canBe = isWord
    ? /^\{/.test(ahead) || (/^(?:[cHkuv]|..+)$/.test(name) && /^\s+\p{L}(?!\p{L}{3})|^\\[ij]/u.test(ahead))
    : !isQuote(reader, name, ahead);
  const argument = canBe ? reader.take() : null;
  const made = argument === null ? null : accented(argument, accents[name]!, reader.math || name.length > 1);
  if (made === null) reader.at = before;
  else reader.out += made;
  return made !== null;
}

/** `it\'s`, and the opening one of `\"so\"`. */
function isQuote(reader: TexReader, sign: string, ahead: string): boolean {
  const isInWord = /\p{L}$/u.test(reader.out);
  if (sign === "'" && isInWord && /^(?:s|t|re|ve|ll|d|m)(?![\p{L}\\{])/u.test(ahead)) return true;
  return reader.quotes.has(sign) && (!isInWord || !/^[\p{L}{\\]/u.test(ahead));
}

function accented(argument: string, mark: string, isFormula: boolean): string | null {
  const text = argument.trim();
  const [letter] = text.match(/^\p{L}/u) ?? [];
  if (letter === undefined || /\s/.test(argument[0] ?? "")) return isFormula ? text : null;
  if (isFormula && !/^\p{L}\p{M}*$/u.test(text)) return text; // no bar is long enough for a word
  const base = letter === "ı" ? "i" : letter === "ȷ" ? "j" : letter;
  return base + mark + text.slice(letter.length);
}

function setSymbol(reader: TexReader, { kind, text }: TexSymbol): void {
  const spaced = /^\s*/.exec(reader.ahead())![0];
  const hasLeft = reader.out.trim() !== "";
  const rest = reader.source.slice(reader.at + spaced.length, Math.min(reader.end, reader.at + spaced.length + 8));
  const isBraced = /^\{\}/.test(rest);
  if (kind === "letter" || (kind !== "function" && !reader.math)) {
    // TeX needs the space to end the name and swallows it: `Stra\ss e`, `\Delta x`. Elsewhere authors mean it.
    const swallows = reader.math
      ? /^[\p{Script=Greek}⟨⌊⌈‖]$/u.test(text) && /^[A-Za-z]/.test(rest)
      : /^[^\p{ASCII}\P{Script=Latin}]$/u.test(text);
    if (swallows) reader.at += spaced.length;
    reader.out += text;
  } else if (kind === "function") {
    const runsOn = /^[\p{L}\p{N}]|^\\(?!left|[bB]ig|[,;:! ])/u.test(rest);
    reader.out += (/[\p{L}\p{N})\]}]$/u.test(reader.out) ? " " : "") + text + (runsOn && rest !== "" ? " " : "");
    reader.at += runsOn ? spaced.length : 0;
  } else {
    const isBetween = hasLeft && rest !== "" && !isBraced;
    const space = isBetween && (kind === "relation" || /\s$/.test(reader.out)) ? " " : "";
    reader.out = hasLeft ? reader.out.trimEnd() + space + text + space : text;
    reader.at += spaced.length;
  }
}

function leaveOut(reader: TexReader, name: string): void {
  if (spaces.has(name)) reader.out += " ";
  else if (/^(?:left|right|middle|[bB]igg?[lrm]?)$/.test(name)) {
    if (/^\s*\./.test(reader.ahead())) reader.at = reader.source.indexOf(".", reader.at) + 1;
  } else if (/\s$|^$|[({[]$/.test(reader.out)) reader.at += /^\s*/.exec(reader.ahead())![0].length;
}

function drop(reader: TexReader, name: string, howMany: number): void {
  if (!reader.opensGroup() && !/^\s*\[/.test(reader.ahead())) {
    reader.out += /^(?:color|tag|index|input|include|rule|label|ref|thanks)$/.test(name) ? name : "";
    return;
  }
  while (option(reader) !== null);
  for (let i = 0; i < howMany && reader.opensGroup(); i++) reader.take();
  while (option(reader) !== null);
  const leavesGap = /cite|ref$|label|index|tag|thanks/i.test(name) && /^\s*(?:[.,;:)]|$)/.test(reader.ahead());
  if (leavesGap) reader.out = reader.out.trimEnd();
}

function fraction(reader: TexReader): string {
  const over = reader.take() ?? "";
  return `${inParentheses(over)}/${inParentheses(reader.take() ?? "")}`;
}

function underRoot(text: string): string {
  return /^\s*\p{L}{2}/u.test(text) ? `(${text.trim()})` : inParentheses(text);
}

function overAndUnder(reader: TexReader, set: (mark: string) => string): string {
  const mark = reader.take() ?? "";
  return (reader.take() ?? "") + set(mark);
}

function option(reader: TexReader): string | null {
  const found = /^\s*\[([^\][]*)\]/.exec(reader.ahead(100));
  reader.at += found?.[0].length ?? 0;
  return found?.[1] ?? null;
}

/** `{}` behind a name ends it. */
function leaveName(reader: TexReader): boolean {
  return /^\{\s*\}/.test(reader.ahead());
}

function inParentheses(text: string): string {
  const trimmed = text.trim();
  return /^[\p{L}\p{M}\p{N}.'%∞]*$|^\([^()]*\)$/u.test(trimmed) ? trimmed : `(${trimmed})`;
}
