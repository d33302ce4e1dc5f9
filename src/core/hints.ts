/**
 * What a reader probably meant by an entry that is valid and means something else: the habits of other search engines, and
 * lists in one line. Hints change nothing; they stand beside the entry.
 */
import { explainPhrase } from "./phrase.ts";

interface Habit {
  readonly seen: RegExp;
  /** What to write instead. */
  readonly say: (found: RegExpExecArray, entry: string) => string;
}

const HABITS: readonly Habit[] = [
  {
    seen: /\s(?:AND|&&)\s/,
    say: (_, entry) =>
      `For papers with both, write ${outsideQuotes(entry, (text) => text.replace(/\s(?:AND|&&)\s/g, " + "))}.`,
  },
  {
    seen: /\sOR\s|\s?\|\|?\s?/,
    say: (_, entry) =>
      `For papers with either, make them entries of their own: ${listed(entry.split(/\sOR\s|\s?\|\|?\s?/))}.`,
  },
  {
    seen: /(?:^|\s)(?:NOT\s+|-)(?=[\p{L}\p{N}"])(.+)$/u,
    say: ([, word]) => `To leave out papers that say ${word!.trim()}, put that among what to leave out (exclude).`,
  },
  {
    // A* is an algorithm.
    seen: /[\p{L}\p{N}]{2}\*|\*[\p{L}\p{N}]{2}/u,
    say: () =>
      "A * stands for nothing here: plurals and spellings are found without it. Make other forms entries of their own.",
  },
  {
    seen: /^(?:authors?|au|by):\s*(.+)$/i,
    say: ([, name]) => `To follow somebody, put ${name!} among the authors.`,
  },
  {
    seen: /^(?:categor(?:y|ies)|cat|primary):\s*(.+)$/i,
    say: ([, category]) => `For a category of arXiv, put ${category!} among the categories.`,
  },
  {
    seen: /^(?:ti|titles?|intitle|allintitle)\s?:\s*(?<!^title:\s*)(.+)$/i,
    say: ([, words]) => `For words of the title, write title:${words!}.`,
  },
  {
    seen: /^(?:all|abs|abstract|text|intext|keywords?|topics?):\s*(.+)$/i,
    say: ([, words]) => `Title, abstract and keywords are searched anyway. Write ${words!}.`,
  },
  {
    seen: /(\S)\s+(title:.*)$/i,
    say: ([, , rest], entry) => {
      const before = entry.slice(0, entry.toLowerCase().indexOf(rest!.toLowerCase())).trim();
      return `title: counts at the beginning of a part only. Write ${before} + ${rest!}.`;
    },
  },
  {
    // Not C++, and not a name that ends in a plus.
    seen: /(?<!\+|\s\s?)\s?\+(?=[\p{L}\p{N}"])|^\+(?=[\p{L}\p{N}"])/u,
    say: (_, entry) => `A plus joins two parts when there are spaces around it. Write ${spacedOut(entry)}.`,
  },
  {
    seen: /[,;]\s*\S/,
    say: (_, entry) => `For papers with any of these, make them entries of their own: ${listed(entry.split(/[,;]/))}.`,
  },
  {
    seen: /^['‘`](.+)['’`]$/,
    say: ([, words]) => `For exactly these words, write them in double quotes: "${words!}".`,
  },
];

/** Hints for an entry of `include` or `exclude`; none for most, and none for one that is a mistake (phrase.ts says which). */
export function hintsOfPhrase(entry: string): string[] {
  const text = entry.trim();
  // Whoever writes quotes means what stands in them.
  const explained = explainPhrase(text);
  if ("mistake" in explained || explained.parts.every(({ exact }) => exact)) return [];
  const open = text.replace(/"[^"]*"/g, '""');
  if (isTitle(open)) return [];
  for (const { seen, say } of HABITS) {
    const found = seen.exec(open);
    if (found) return [`This was read as ${inWords(explained.parts)}. ${say(found, text)}`];
  }
  return [];
}

/** Hints for an entry of `authors`: several names in it are taken for one. */
export function hintsOfName(entry: string): string[] {
  const name = entry.replace(SUFFIX, "");
  const names = name.split(/\s*(?:[,;&]|\band\b)\s*/i).filter((one) => one !== "");
  const isTurned = names.length === 2 && name.includes(",") && (names.some(isOneWord) || PARTICLE.test(names[0]!));
  if (names.length < 2 || isTurned) return [];
  return [`This was read as the name of one person. Write one name a line: ${listed(names)}.`];
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

function listed(pieces: readonly string[]): string {
  return pieces
    .map((piece) => piece.trim())
    .filter((piece) => piece !== "")
    .join(" · ");
}

function spacedOut(entry: string): string {
  const spaced = outsideQuotes(entry, (text) => text.replace(/(?<!\+)\s?\+\s?(?!\+|\s|$)/g, " + "));
  return spaced.replace(/^\s*\+\s*/, "").trim();
}

function inWords(parts: readonly { words: readonly string[]; titleOnly: boolean; exact: boolean }[]): string {
  return parts
    .map(({ words, titleOnly, exact }) => {
      const row = `“${words.join(" ")}”`;
      return `${exact ? "exactly " : ""}${row}${titleOnly ? " in the title" : ""}`;
    })
    .join(" and ");
}
