/**
 * The grammar of `include` and `exclude` (docs/promises.md §3), version 1.
 *
 *     entry  = part { " + " part }          all parts must be there; the spaces count, so C++ is a word
 *     part   = [ "title:" ] ( words | '"' words '"' )
 *
 * Words match on word boundaries in any case, with or without accents, singular or plural, in British or American
 * spelling, and with a hyphen, a space or nothing between them. In quotes only case and accents are forgiven. `title:` holds
 * for the one part it stands before.
 */
import { Gap, mayJoin, stemOf, type Word, wordsOf } from "./words.ts";

/** The version of this grammar; stored filters carry it. */
export const GRAMMAR = 1;

/** Words that must stand together. */
export interface PhrasePart {
  /** As the reader wrote it, without prefix and quotes. */
  readonly text: string;
  readonly words: readonly Word[];
  /** For each word, the stem of it and the next as one; null where they may not be one. */
  readonly joinedStems: readonly (string | null)[];
  readonly titleOnly: boolean;
  /** Written in quotes. */
  readonly exact: boolean;
}

/** One entry of a watch: all parts must be in the paper. */
export interface Phrase {
  readonly parts: readonly PhrasePart[];
}

/** Why an entry is no phrase. */
export interface PhraseMistake {
  readonly mistake: string;
}

/** What an entry means, or what is wrong with it. Never throws. */
export function parsePhrase(entry: string): Phrase | PhraseMistake {
  const pieces = splitAtPlus(entry.replace(/[\u201c\u201d\u201e\u00ab\u00bb]/g, '"'));
  if (pieces === null) return { mistake: neverClosed(entry) };
  const parts: PhrasePart[] = [];
  for (const piece of pieces) {
    const part = parsePart(piece, pieces);
    if ("mistake" in part) return part;
    parts.push(part);
  }
  return { parts };
}

/** How an entry is understood: for the page that shows it beside the field. */
/** One part of an entry, as it was understood. */
export interface PartRead {
  readonly words: readonly string[];
  readonly titleOnly: boolean;
  readonly exact: boolean;
}

export type PhraseExplained = { readonly parts: readonly PartRead[] } | PhraseMistake;

/** What an entry was understood as, word by word, or what is wrong with it. */
export function explainPhrase(entry: string): PhraseExplained {
  const phrase = parsePhrase(entry);
  if ("mistake" in phrase) return phrase;
  return {
    parts: phrase.parts.map(({ words, titleOnly, exact }) => ({
      words: words.map((word) => word.surface),
      titleOnly,
      exact,
    })),
  };
}

/** The pieces between pluses that have white space on both sides (or the end of the entry), outside quotes; null when a quote stays open. */
function splitAtPlus(entry: string): string[] | null {
  const pieces: string[] = [];
  let inQuotes = false;
  let start = 0;
  for (let i = 0; i < entry.length; i++) {
    if (entry[i] === '"') inQuotes = !inQuotes;
    if (entry[i] !== "+" || inQuotes || !isEdge(entry[i - 1]) || !isEdge(entry[i + 1])) continue;
    pieces.push(entry.slice(start, i));
    start = i + 1;
  }
  return inQuotes ? null : [...pieces, entry.slice(start)];
}

function isEdge(letter: string | undefined): boolean {
  return letter === undefined || /\s/.test(letter);
}

function parsePart(piece: string, all: readonly string[]): PhrasePart | PhraseMistake {
  const trimmed = piece.trim();
  if (trimmed === "") return { mistake: nothingBesidePlus(all) };
  const prefix = /^title:\s*/i.exec(trimmed);
  const body = prefix ? trimmed.slice(prefix[0].length) : trimmed;
  const quoted = /^"([^"]*)"$/.exec(body);
  if (!quoted && body.includes('"')) return { mistake: partlyQuoted(trimmed, prefix?.[0] ?? "", body) };
  const text = (quoted?.[1] ?? body).trim();
  const words = wordsOf(text);
  if (words.length === 0) return { mistake: `There is no word in ${shown(trimmed)}. Write letters or digits.` };
  const joinedStems = words.map(({ surface }, i) => {
    const next = words[i + 1];
    return next !== undefined && mayJoin(surface, next.surface, next.gap) ? stemOf(surface + next.surface) : null;
  });
  return { text, words, joinedStems, titleOnly: prefix !== null, exact: quoted !== null };
}

// Mistakes say what was read and what to write: several entries stand in one field.

function neverClosed(entry: string): string {
  const words = entry.replace(/["\u201c\u201d\u201e\u00ab\u00bb]/g, "").trim();
  const instead =
    words === ""
      ? "Write words between two of them."
      : `Write "${words}" for exactly these words, or ${words} for any form of them.`;
  return `A quotation mark is never closed in ${shown(entry)}. ${instead}`;
}

function nothingBesidePlus(pieces: readonly string[]): string {
  const words = pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
  const instead =
    words.length === 0 ? "Write a phrase on both sides." : `Write ${words.join(" + ")}, or a phrase on both sides.`;
  return `Nothing stands on one side of a plus in ${shown(pieces.join("+"))}. ${instead}`;
}

function partlyQuoted(part: string, prefix: string, body: string): string {
  const pieces = body.split(/("[^"]*")/).filter((piece) => /[\p{L}\p{N}]/u.test(piece));
  const instead = pieces.map((piece) => prefix.trim() + piece.trim()).join(" + ");
  return `In ${shown(part)} only some of the words stand in quotes. Write ${instead} for papers with all of them${pieces.length > 1 ? `, or "${body.replaceAll('"', "").replace(/\s+/g, " ").trim()}" for these words in a row` : ""}.`;
}

/** An entry in a message. Curly, so that marks inside it are the reader's. */
function shown(text: string): string {
  return `“${text.trim()}”`;
}

/** Do two words of a phrase ask for each other's neighbourhood, or does punctuation between them leave the gap open? */
export function gapFits(asked: Gap, found: Gap, exact: boolean): boolean {
  if (exact) return asked === found;
  return found < Gap.break || (asked === Gap.break && found === Gap.break);
}
