/**
 * Whether two ways to write a person's name mean the same person, as far as letters can tell.
 *
 * Full names: in April 2026 "Y. Li" stood for 48 people, so an initial matches only for a reader who typed one. And in the
 * order they are written in: "Wei Chen" and "Chen Wei" are two people, so only a comma turns a name round.
 */
import { foldLetters } from "./words.ts";

/** A name ready to compare. */
export interface PersonName {
  /** Folded, in order, surname last, hyphens kept: `["yann", "a", "lecun"]`, `["jean-baptiste", "alayrac"]`. Empty when there was no letter. */
  readonly words: readonly string[];
  /** All of it as one word: `Xiao-Ming Li`, `Xiaoming Li` and `Xiao Ming Li` agree here. */
  readonly squashed: string;
  /** The same with umlauts in two letters, as passports and American journals have them: Müller as Mueller. Null without any. */
  readonly writtenOut: PersonName | null;
}

/** Reads `Yann A. LeCun`, `LeCun, Yann A.`, `J.-B. Alayrac`; a title or generation (Jr., PhD) is left out. */
export function parseName(text: string): PersonName {
  const name = readName(text);
  const out = text.normalize("NFC").replace(/[äöüøåÄÖÜØÅ]/g, (letter) => TWO_LETTERS[letter.toLowerCase()]!);
  return { ...name, writtenOut: out === text.normalize("NFC") ? null : { ...readName(out), writtenOut: null } };
}

const TWO_LETTERS: Readonly<Record<string, string>> = { ä: "ae", ö: "oe", ü: "ue", ø: "oe", å: "aa" };

function readName(text: string): Omit<PersonName, "writtenOut"> {
  const [surname = [], ...given] = foldLetters(text)
    .split(",")
    .map(wordsOfName)
    .filter((words) => words.length > 0);
  const words = joinSyllables([...given.flat(), ...surname]);
  return { words, squashed: words.map(whole).join("") };
}

/** `Yi Fan Zhang` is Yi-Fan, not Yi with a middle name that may be left out. */
function joinSyllables(words: readonly string[]): readonly string[] {
  const [first = "", second = "", ...rest] = words;
  return rest.length > 0 && SYLLABLE.test(first) && SYLLABLE.test(second) ? [`${first}-${second}`, ...rest] : words;
}

// Of Mandarin in Pinyin, those that Romance surnames begin with left out.
const SYLLABLE =
  /^(?!d[aeiu]$|l[aeo]$|juan$)(?:[bpmfdtnlgkhjqxrzcsyw]|[zcs]h)?(?:ai?|an|ang|ao|e|ei|en|eng|ia|ian|iang|iao|ie|in|ing|iong|i|iu|ong|ou|o|ua|uai|uan|uang|ue|ui|un|uo|u)$/;

// Only where they can be nothing else: Md begins many names in Bangladesh.
const BEFORE_A_NAME = new Set(["dr", "prof", "professor"]);
const BEHIND_A_NAME = new Set(["jr", "sr", "ii", "iii", "iv", "phd", "md"]);

function wordsOfName(text: string): string[] {
  const words = text
    .replace(/[\u2010-\u2015\u2212]/g, "-")
    .split(/[\s.]+/)
    .map((word) => word.replace(/[^\p{L}\p{M}\p{N}-]|^-+|-+$/gu, ""))
    // J-B is two initials.
    .flatMap((word) => (/^\p{L}(?:-\p{L})+$/u.test(word) ? word.split("-") : [word]))
    .filter((word) => word !== "");
  while (BEFORE_A_NAME.has(words[0] ?? "")) words.shift();
  while (BEHIND_A_NAME.has(words.at(-1) ?? "")) words.pop();
  return words;
}

/** A hyphen binds two words to one: `Jean-Baptiste` as `Jeanbaptiste`. */
function whole(word: string): string {
  return word.includes("-") ? word.replaceAll("-", "") : word;
}

/**
 * Is `author`, as a paper writes it, the person a reader asked for?
 *
 * First and last name must agree; middle names may be missing on either side, but not differ, and so may an initial before
 * the first name in full (R. Michael Alvarez). Words may be written as one, or with a hyphen (Le Cun, Xiao-Ming,
 * Aviles Rivero). A name of one word means an author of that very name (`OpenAI`), not everybody of that surname.
 */
export function isSamePerson(asked: PersonName, author: PersonName): boolean {
  return waysToWrite(asked).some((one) => waysToWrite(author).some((other) => isSame(one, other)));
}

/** Two names that mean the same person share one of these. */
export function keysOfName(name: PersonName): string[] {
  const keys = waysToWrite(name).flatMap((way) => [
    way.squashed,
    ...surnamesOf(way.words).flatMap(({ surname, given }) =>
      firstNamesOf(given).map(([first]) => `${first!.at(0)} ${surname}`),
    ),
  ]);
  return [...new Set(keys)];
}

function waysToWrite(name: PersonName): PersonName[] {
  return name.writtenOut === null ? [name] : [name, name.writtenOut];
}

function isSame(asked: PersonName, author: PersonName): boolean {
  if (asked.squashed === author.squashed) return asked.squashed !== "";
  for (const { surname, length, given } of surnamesOf(asked.words)) {
    // A surname that is parted on both sides is found by its last word alone.
    const authors = surnamesOf(author.words, length === 1 ? 3 : 1, surname);
    for (const other of authors) if (other.surname === surname && givenNamesAgree(given, other.given)) return true;
  }
  return false;
}

interface Surname {
  readonly surname: string;
  /** Words it is written in. */
  readonly length: number;
  /** What stands before it: at least one word. */
  readonly given: readonly string[];
}

/**
 * Of `Laurens van der Maaten`: maaten, dermaaten, vandermaaten.
 *
 * @param most words that a surname may be written in
 * @param ending what a surname must be the end of to be worth looking at
 */
function surnamesOf(words: readonly string[], most = 3, ending?: string): Surname[] {
  const surnames: Surname[] = [];
  let surname = "";
  for (let length = 1; length <= most && length < words.length; length++) {
    surname = whole(words.at(-length)!) + surname;
    if (ending !== undefined && !ending.endsWith(surname)) break;
    surnames.push({ surname, length, given: words.slice(0, -length) });
  }
  return surnames;
}

function givenNamesAgree(asked: readonly string[], author: readonly string[]): boolean {
  const [all, inFull] = firstNamesOf(asked);
  const [authorsAll, authorsInFull] = firstNamesOf(author);
  // Who asks for R. Michael does not ask for every R.
  const isTold = inFull === undefined || author.length > 1;
  return (
    (isTold && firstNamesAgree(all!, authorsAll!)) ||
    (inFull !== undefined && firstNamesAgree(inFull, authorsAll!)) ||
    (authorsInFull !== undefined && firstNamesAgree(all!, authorsInFull))
  );
}

function firstNamesAgree(asked: readonly string[], author: readonly string[]): boolean {
  // J.-B. and J. B. are both asked of Jean-Baptiste, one initial after the other.
  if (asked[0]!.length === 1) return namesAgree(asked, partsOf(author));
  return namesAgree(asked.map(whole), author.map(whole));
}

/** All given names; and, where initials stand before a first name in full, the names from there on. */
function firstNamesOf(given: readonly string[]): (readonly string[])[] {
  const inFull = given.findIndex((name) => name.length > 1);
  return inFull > 0 ? [given, given.slice(inFull)] : [given];
}

function partsOf(names: readonly string[]): string[] {
  return names.flatMap((name) => name.split("-"));
}

function namesAgree([asked = "", ...askedMiddles]: readonly string[], names: readonly string[]): boolean {
  const [author = "", ...middles] = names;
  if (isGiven(asked, author) && middlesAgree(askedMiddles, middles)) return true;
  // Xiao Ming Q. Li and Xiaoming Li.
  const [askedNext = "", ...askedRest] = askedMiddles;
  const [next = "", ...rest] = middles;
  if (askedNext !== "" && asked + askedNext === author) return middlesAgree(askedRest, middles);
  return next !== "" && asked === author + next && middlesAgree(askedMiddles, rest);
}

/** An initial that the reader typed stands for any name it begins; one in the paper stands for itself. */
function isGiven(asked: string, author: string): boolean {
  return asked === author || (asked.length === 1 && author.startsWith(asked));
}

/** The shorter list must be found in the longer one in order; a middle initial stands for its name on either side. */
function middlesAgree(asked: readonly string[], author: readonly string[]): boolean {
  const [short, long] = asked.length <= author.length ? [asked, author] : [author, asked];
  let at = 0;
  for (const middle of short) {
    while (at < long.length && !isMiddle(middle, long[at]!)) at++;
    if (at++ >= long.length) return false;
  }
  return true;
}

function isMiddle(one: string, other: string): boolean {
  return one === other || (one.length === 1 && other.startsWith(one)) || (other.length === 1 && one.startsWith(other));
}
