/** Where the sentences of a text end, and the first of them. */
import { cutAtWord } from "./inert.ts";

/**
 * The first sentences of `text` that fit, always whole ones: never cut inside a formula, a bracket or an abbreviation.
 *
 * The first `min` sentences may go beyond `maxLetters`, up to `hardLetters`. A first sentence longer than that is cut at
 * a word and marked with `…`, because a mail cannot hold whatever a source sends.
 *
 * @param max most sentences
 * @param maxLetters letters the sentences together should stay within
 * @param min sentences worth going beyond `maxLetters` for
 */
export function leadSentences(
  text: string,
  {
    max,
    maxLetters,
    hardLetters = maxLetters * 2,
    min = 1,
  }: { max: number; maxLetters: number; hardLetters?: number; min?: number },
): string {
  // What lies far behind the bound cannot be shown; a hostile text of megabytes need not be read.
  const start = text.trimStart().slice(0, hardLetters * 8);
  const [first = "", ...rest] = sentencesOf(start);
  let lead = first;
  if (lead.length > hardLetters) return cutAtWord(lead, hardLetters);
  for (const [before, next] of rest.slice(0, max - 1).entries()) {
    const room = before + 1 < min ? hardLetters : maxLetters;
    if (lead.length + 1 + next.length > room) break;
    lead = joinSentences([lead, next]);
  }
  return lead;
}

/** Sentences as a text again: with spaces between them, none after a Chinese or Japanese full stop. */
export function joinSentences(sentences: readonly string[]): string {
  return sentences.reduce((text, next) => `${text}${/[。！？]$/u.test(text) ? "" : " "}${next}`);
}

/** Where one sentence may end: its mark, whatever closes after it, then white space (none in Chinese and Japanese). */
const endOfSentence = /(?:[.!?…]+["'”’)\]]*(?=\s|$)|[。！？]+[”’」』）]*)/gu;

/** The sentences of a text, each without white space around it; what has no end is the last one. */
export function sentencesOf(text: string): string[] {
  const sentences: string[] = [];
  let from = 0;
  for (const end of text.matchAll(endOfSentence)) {
    const to = end.index + end[0].length;
    const sentence = text.slice(from, to);
    if (isOpen(sentence) || (end[0].startsWith(".") && goesOn(sentence, text.slice(to)))) continue;
    sentences.push(sentence.trim());
    from = to;
  }
  const tail = text.slice(from).trim();
  return tail === "" ? sentences : [...sentences, tail];
}

/** A bracket or a formula that began in this sentence has not ended. Brackets that never close are forgotten after a while. */
function isOpen(sentence: string): boolean {
  const dollars = sentence.match(/\$(?!\d)/gu)?.length ?? 0;
  if (dollars % 2 === 1 && sentence.length - sentence.lastIndexOf("$") < 200) return true;
  const opened = Math.max(sentence.lastIndexOf("("), sentence.lastIndexOf("["));
  const closed = Math.max(sentence.lastIndexOf(")"), sentence.lastIndexOf("]"));
  return opened > closed && sentence.length - opened < 200;
}

/** Abbreviations that stand before a name, a number or a capital letter, so what follows cannot decide. */
const leadingOn =
  /(?:^|[\s([“"])(?:e\.\s?g|i\.\s?e|cf|viz|vs|resp|approx|ca|al|w\.\s?r\.\s?t|Figs?|Tabs?|Eqs?|Secs?|Sects?|Chs?|Refs?|Thms?|Lem|Props?|Defs?|App|Alg|Nos?|Vol|pp?|Dr|Mr|Mrs|Ms|Prof|St|Jr|Sr|a\.\s?k\.\s?a)\.$/u;

/** Abbreviations that end a sentence as often as not. */
const mayEnd = /(?:^|\s)(?:etc|Inc|Ltd|Co|Corp|Univ|Dept|U\.S|U\.K|Ph\.D|a\.m|p\.m)\.$/u;

/** The full stop at the end of `sentence` belongs to an abbreviation, an initial or a name like `.NET`: the sentence goes on. */
function goesOn(sentence: string, after: string): boolean {
  const next = after.trimStart();
  if (next === "") return false;
  // Sentences begin with a capital letter, a digit or an opening mark; product names such as "iPhone" are too rare to split on.
  if (/^[\p{Ll},;:)\]]/u.test(next)) return true;
  if (/\.{2,}$/u.test(sentence)) return false;
  if (/(?:^|\s)(?:et\s)al\.$/u.test(sentence)) return true;
  if (mayEnd.test(sentence)) return /^[\d(]/u.test(next);
  // An initial: "J. Smith". A single capital letter otherwise ends a sentence ("vitamin C. We …") when a common opener follows.
  if (/(?:^|\s)\p{Lu}\.$/u.test(sentence))
    return !/^(?:The|We|Our|In|It|This|These|To|However|A|An|By|For|Here)\s/u.test(next);
  return leadingOn.test(sentence);
}
