/**
 * Whether two ways to write a person's name mean the same person, as far as letters can tell.
 *
 * Full names: in April 2026 "Y. Li" stood for 48 people, so an initial matches only for a reader who typed one.
 */
import { foldLetters } from "./words.ts";

/** A name ready to compare. */
export interface PersonName {
  /** Folded, in order, surname last: `["yann", "a", "lecun"]`. Empty when there was no letter. */
  readonly words: readonly string[];
  /** All of it as one word: `Xiao-Ming Li`, `Xiaoming Li` and `Xiao Ming Li` agree here. */
  readonly squashed: string;
}

/** Reads `Yann A. LeCun`, `LeCun, Yann A.`, `J.-B. Alayrac`; a title or generation (Jr., PhD) is left out. */
export function parseName(text: string): PersonName {
  const [surname = "", ...given] = foldLetters(text)
    .split(",")
    .map(wordsOfName)
    .filter((words) => words.length > 0);
  const words = [...given.flat(), ...surname];
  return { words, squashed: words.join("") };
}

const NOT_A_NAME = new Set(["jr", "sr", "ii", "iii", "iv", "phd", "md", "dr", "prof"]);

function wordsOfName(text: string): string[] {
  const words = text
    .split(/[\s.]+/)
    .map((word) => word.replace(/[^\p{L}\p{M}\p{N}]/gu, ""))
    .filter((word) => word !== "");
  return words.filter((word) => !NOT_A_NAME.has(word));
}

/**
 * Is `author`, as a paper writes it, the person a reader asked for?
 *
 * First and last name must agree; middle names may be missing on either side, but not differ. A name of one word means an
 * author of that very name (`OpenAI`), not everybody of that surname.
 */
export function isSamePerson(asked: PersonName, author: PersonName): boolean {
  if (asked.squashed === author.squashed) return asked.squashed !== "";
  if (asked.words.length < 2 || author.words.length < 2) return false;
  if (asked.words.at(-1) !== author.words.at(-1)) return false;
  if (!isGiven(asked.words[0]!, author.words[0]!)) return false;
  return middlesAgree(asked.words.slice(1, -1), author.words.slice(1, -1));
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
