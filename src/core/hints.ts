/**
 * What a reader probably meant by an entry that is valid and means something else: the habits of other search engines, and
 * lists in one line. Hints change nothing; they stand beside the entry.
 */
import { explainPhrase, type PartRead } from "./phrase.ts";

/** What an entry looks like, where it means something else. `names`: several in one; `meant`: a name that nobody has. */
export type HintKind =
  | "both"
  | "either"
  | "leaveOut"
  | "wildcard"
  | "author"
  | "category"
  | "title"
  | "anywhere"
  | "titleFirst"
  | "plus"
  | "any"
  | "exactly"
  | "names"
  | "meant";

/** Said in a language by hint-in-words.ts. */
export interface Hint {
  readonly kind: HintKind;
  /** What the entry was read as; of a name, nothing. */
  readonly read: readonly PartRead[];
  /** What to write instead, as it is written: entries, names, or what goes into another field. */
  readonly write: readonly string[];
}

interface Habit {
  readonly kind: HintKind;
  readonly seen: RegExp;
  readonly write: (found: RegExpExecArray, entry: string) => readonly string[];
}

const HABITS: readonly Habit[] = [
  {
    kind: "both",
    seen: /\s(?:AND|&&)\s/,
    write: (_, entry) => [outsideQuotes(entry, (text) => text.replace(/\s(?:AND|&&)\s/g, " + "))],
  },
  {
    kind: "either",
    seen: /\sOR\s|\s?\|\|?\s?/,
    write: (_, entry) => entry.split(/\sOR\s|\s?\|\|?\s?/),
  },
  {
    kind: "leaveOut",
    seen: /(?:^|\s)(?:NOT\s+|-)(?=[\p{L}\p{N}"])(.+)$/u,
    write: ([, word]) => [word!],
  },
  {
    kind: "wildcard",
    // A* is an algorithm.
    seen: /[\p{L}\p{N}]{2}\*|\*[\p{L}\p{N}]{2}/u,
    write: () => [],
  },
  {
    kind: "author",
    seen: /^(?:authors?|au|by):\s*(.+)$/i,
    write: ([, name]) => [name!],
  },
  {
    kind: "category",
    seen: /^(?:categor(?:y|ies)|cat|primary):\s*(.+)$/i,
    write: ([, category]) => [category!],
  },
  {
    kind: "title",
    seen: /^(?:ti|titles?|intitle|allintitle)\s?:\s*(?<!^title:\s*)(.+)$/i,
    write: ([, words]) => [`title:${words!}`],
  },
  {
    kind: "anywhere",
    seen: /^(?:all|abs|abstract|text|intext|keywords?|topics?):\s*(.+)$/i,
    write: ([, words]) => [words!],
  },
  {
    kind: "titleFirst",
    seen: /(\S)\s+(title:.*)$/i,
    write: ([, , rest], entry) => {
      const before = entry.slice(0, entry.toLowerCase().indexOf(rest!.toLowerCase())).trim();
      return [`${before} + ${rest!}`];
    },
  },
  {
    kind: "plus",
    // Not C++, and not a name that ends in a plus.
    seen: /(?<!\+|\s\s?)\s?\+(?=[\p{L}\p{N}"])|^\+(?=[\p{L}\p{N}"])/u,
    write: (_, entry) => [spacedOut(entry)],
  },
  {
    kind: "any",
    seen: /[,;]\s*\S/,
    write: (_, entry) => entry.split(/[,;]/),
  },
  {
    kind: "exactly",
    seen: /^['‘`](.+)['’`]$/,
    write: ([, words]) => [`"${words!}"`],
  },
];

/** Hints for an entry of `include` or `exclude`; none for most, and none for one that is a mistake (phrase.ts says which). */
export function hintsOfPhrase(entry: string): Hint[] {
  const text = entry.trim();
  // Whoever writes quotes means what stands in them.
  const explained = explainPhrase(text);
  if ("mistake" in explained || explained.parts.every(({ exact }) => exact)) return [];
  const open = text.replace(/"[^"]*"/g, '""');
  if (isTitle(open)) return [];
  for (const { kind, seen, write } of HABITS) {
    const found = seen.exec(open);
    if (found) return [{ kind, read: explained.parts, write: trimmed(write(found, text)) }];
  }
  return [];
}

/** Hints for an entry of `authors`: several names in it are taken for one. */
export function hintsOfName(entry: string): Hint[] {
  const name = entry.replace(SUFFIX, "");
  const names = name.split(/\s*(?:[,;&]|\band\b)\s*/i).filter((one) => one !== "");
  const isTurned = names.length === 2 && name.includes(",") && (names.some(isOneWord) || PARTICLE.test(names[0]!));
  if (names.length < 2 || isTurned) return [];
  return [{ kind: "names", read: [], write: trimmed(names) }];
}

const PARTICLE = /^(?:van|von|de|der|den|del|della|di|da|dos|la|le|al|el|bin|ibn|ter|ten)\s/i;
const SUFFIX = /,\s*(?:jr|sr|ii|iii|iv|phd|md)\.?$/i;

function isOneWord(name: string): boolean {
  return wordCount(name) === 1;
}

/** A title pasted whole may hold commas, and words like "or" in capitals. */
function isTitle(text: string): boolean {
  return text.split(" + ").some((part) => {
    const words = part.replace(/^\s*title:/i, "");
    return wordCount(words) > 8 || (/[,;:]/.test(words) && words.split(/[,;]/).some((piece) => wordCount(piece) > 4));
  });
}

function wordCount(text: string): number {
  return text.split(/\s+/).filter((word) => word !== "").length;
}

function outsideQuotes(entry: string, change: (text: string) => string): string {
  return entry
    .split(/("[^"]*")/)
    .map((piece) => (piece.startsWith('"') ? piece : change(piece)))
    .join("");
}

function trimmed(pieces: readonly string[]): string[] {
  return pieces.map((piece) => piece.trim()).filter((piece) => piece !== "");
}

function spacedOut(entry: string): string {
  const spaced = outsideQuotes(entry, (text) => text.replace(/(?<!\+)\s?\+\s?(?!\+|\s|$)/g, " + "));
  return spaced.replace(/^\s*\+\s*/, "").trim();
}
