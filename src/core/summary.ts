/**
 * The sentences of an abstract that say most: what was done and what came of it, rather than how the field stands.
 *
 * Extractive: whole sentences in their order, nothing written anew; only an opener that leans on a sentence left out goes. All sets of two or three sentences that fit are
 * compared, and the best is the one that covers most of what the abstract keeps coming back to, says what is new or what
 * was found, and can be read without the sentences left out. The weights are guesses that were looked at on a dozen papers
 * and not fitted; tests/core/summary.test.ts measures what they come to: a quarter closer to the source's own summaries
 * than the first sentences are.
 */
import { cutAtWord } from "./inert.ts";
import { joinSentences, sentencesOf } from "./sentences.ts";
import { wordsOf } from "./words.ts";

/** In letters. Two sentences are worth going beyond `usual` for, a third is not. */
const ROOM = { usual: 400, most: 600 } as const;

/** Abstracts have some 8 sentences of some 170 letters; what lies far behind them is no abstract. */
const MOST_READ = { letters: 5_000, sentences: 20 } as const;

/**
 * Two or three whole sentences of an abstract; all of it when it is short. One that is a single sentence beyond all bounds
 * is cut at a word and marked with `…`.
 *
 * @param title its words are what the paper is about
 */
export function summaryOf({ abstract, title }: { readonly abstract: string; readonly title: string }): string {
  const text = abstract.trim();
  if (text.length <= ROOM.usual) return text;
  const sentences = wholeSentences(text);
  const fitting = bestOf(weigh(sentences, title));
  if (fitting === null) return cutAtWord(sentences[0]!, ROOM.most);
  return joinSentences(
    fitting.map((at) => (fitting.includes(at - 1) ? sentences[at]! : withoutOpener(sentences[at]!))),
  );
}

/** "To this end, we introduce …" → "We introduce …": an opener leans on the sentence before, which is not there. */
function withoutOpener(sentence: string): string {
  const rest = sentence.replace(OPENER, "");
  // A name keeps its case: "xLSTM", "vLLM".
  return rest === sentence
    ? rest
    : rest.replace(/^[a-z]+(?![\p{L}\p{N}-])/u, (word) => word[0]!.toUpperCase() + word.slice(1));
}

const OPENER =
  /^(?:to (?:this end|(?:address|bridge|fill|close|overcome|tackle|solve|mitigate|remedy) (?:this|these|those|the)(?: [a-z-]+){0,2})|motivated by this|in this (?:paper|work)|specifically|more specifically|in particular|concretely|moreover|furthermore|additionally|in addition|finally|consequently|therefore|thus|hence|accordingly|as a result|however|notably|besides|meanwhile|also|second|third|lastly), (?=\p{L})/iu;

function wholeSentences(text: string): string[] {
  const sentences = sentencesOf(text.slice(0, MOST_READ.letters));
  // Of a longer text the last one read may have been cut.
  const whole = text.length > MOST_READ.letters && sentences.length > 1 ? sentences.slice(0, -1) : sentences;
  return whole.slice(0, MOST_READ.sentences);
}

interface Weighed {
  readonly letters: number;
  /** Its words that count. */
  readonly words: readonly number[];
  /** What it says, apart from its words. */
  readonly worth: number;
  /** What it loses when the sentence before it is left out. */
  readonly hangs: number;
}

interface Abstract {
  readonly sentences: readonly Weighed[];
  /** What each word counts; all of them together count 1. */
  readonly weights: readonly number[];
}

function weigh(sentences: readonly string[], title: string): Abstract {
  const numbers = new Map<string, number>();
  const counts: number[] = [];
  const rows = sentences.map((sentence) => {
    const row = new Set<number>();
    for (const stem of meaningOf(sentence)) {
      const number = numbers.get(stem) ?? numbers.size;
      numbers.set(stem, number);
      row.add(number);
    }
    for (const number of row) counts[number] = (counts[number] ?? 0) + 1;
    return [...row];
  });
  const titled = new Set(meaningOf(title));
  const raw = [...numbers.keys()].map((stem, number) => Math.min(counts[number]!, 4) * (titled.has(stem) ? TITLED : 1));
  const all = raw.reduce((sum, weight) => sum + weight, 0) || 1;
  return {
    weights: raw.map((weight) => weight / all),
    sentences: sentences.map((sentence, at) => ({
      letters: sentence.length,
      words: rows[at]!,
      worth: worthOf(sentence, at),
      hangs: at === 0 ? 0 : hangsOf(sentence),
    })),
  };
}

/** A word of the title counts as three others. */
const TITLED = 3;
/** What a sentence must add to be worth reading: "It has three parts." fits nearly always. */
const EACH = 0.04;

function meaningOf(text: string): string[] {
  return wordsOf(text)
    .filter(({ surface }) => surface.length > 2 && !EMPTY_WORDS.has(surface))
    .map(({ stem }) => stem);
}

const EMPTY_WORDS = new Set(
  "the and for that with this are from which our can has have been these their its not but also both than then such while when where more most less very into over under between across through via using use used based show shows shown demonstrate demonstrates propose proposes proposed introduce introduces present presents paper work approach method methods framework existing recent however moreover furthermore additionally often remain remains may many several various all each any other they them there here what how whether two three one new novel significantly achieve achieves".split(
    " ",
  ),
);

/** @param at its place, from 0 */
function worthOf(sentence: string, at: number): number {
  let worth = 0;
  if (SAYS_WHAT_IS_NEW.test(sentence)) worth += 0.3;
  if (SAYS_WHAT_CAME_OF_IT.test(sentence)) worth += 0.1;
  if (/\d/.test(sentence) && COMPARES.test(sentence)) worth += 0.05;
  if (IS_BACKGROUND.test(sentence)) worth -= 0.15;
  if (IS_ASIDE.test(sentence)) worth -= 0.4;
  // How the field stands comes first as a rule.
  return at === 0 ? worth - 0.05 : worth;
}

const SAYS_WHAT_IS_NEW =
  /\b(?:we|this (?:paper|work|article|study|report|survey)|here we)\b[^.]{0,60}\b(?:propose|present|introduce|develop|design|build|release|describe|study|investigate|formali[sz]e|examine|explore|ask|argue|conduct)s?\b|\b(?:is|are) (?:proposed|introduced|presented)\b/i;
const SAYS_WHAT_CAME_OF_IT =
  /\b(?:results?|experiments?|evaluations?|findings?|analys[ie]s|we)\b[^.]{0,60}\b(?:show|demonstrate|reveal|find|found|suggest|indicate|prove|confirm|observe|discover)s?\b|\b(?:outperform|surpass|achiev|exceed|improv)(?:s|es|ed|ing|e)?\b/i;
const COMPARES =
  /\b(?:outperform|surpass|achiev|exceed|improv|reduc|increas|faster|gain|accuracy|compared|state-of-the-art|over|up to)/i;
const IS_BACKGROUND =
  /^(?:recent(?:ly)?\b|in recent years|despite|although|while|existing|current|traditional|prior|previous|conventional|with the (?:rapid|rise|advent|growing))|\bha(?:s|ve) (?:emerged|become|shown|achieved|demonstrated|made|attracted|revolutioni[sz]ed|gained)\b|\bremains? (?:a|an|un|largely|limited|difficult|challenging|poorly|open|under)|\bis (?:crucial|essential|fundamental|critical|important)\b/i;
const IS_ASIDE =
  /\b(?:code|data|models?|weights|project page|demo|datasets?|website|resources|checkpoints?)\b.{0,60}\b(?:available|released|open-sourced?|found at|released at)\b|\bwe (?:will|publicly|also|fully|open-?source)\b.{0,20}\b(?:release|open-?source|(?:our|the|all|code|data|models?|weights))|https?:\/\/|\bgithub\b|\bproject page\b/i;

/** Begins with what another sentence said; a paper, work or study is this one, and what is addressed need not be known. */
const IS_HANGING =
  /^(?:this|these|it|its|they|their|such|those|both|here|each|that)\b(?! (?:paper|work|article|study|report|survey))/i;
const MENTIONS =
  /^.{0,50}\b(?:this|these|those|such)\b(?! (?:paper|work|article|study|report|survey|end|gaps?|issues?|problems?|challenges?|limitations?|a|an|as)\b)/i;
const GOES_ON =
  /^(?:however|moreover|furthermore|additionally|in addition|thus|therefore|hence|instead|consequently|as a result|for (?:example|instance)|specifically|in particular|by (?:doing so|contrast)|in contrast|then|second|third|finally|also|besides|meanwhile|conversely|notably|concretely)\b/i;

function hangsOf(sentence: string): number {
  if (IS_HANGING.test(sentence)) return 0.2;
  return MENTIONS.test(sentence) || GOES_ON.test(sentence) ? 0.08 : 0;
}

/** The places of the best sentences in ascending order; null when not even one of them fits. */
function bestOf(abstract: Abstract): number[] | null {
  const { sentences } = abstract;
  const worthOfSet = valuer(abstract);
  let best: number[] | null = null;
  let most = Number.NEGATIVE_INFINITY;
  const consider = (...chosen: number[]): void => {
    const value = worthOfSet(chosen);
    if (value > most) [best, most] = [chosen, value];
  };
  const lettersOf = (at: number) => sentences[at]!.letters;
  for (let first = 0; first < sentences.length; first++) {
    if (lettersOf(first) > ROOM.most) continue;
    consider(first);
    for (let second = first + 1; second < sentences.length; second++) {
      const two = lettersOf(first) + 1 + lettersOf(second);
      if (two > ROOM.most) continue;
      consider(first, second);
      for (let third = second + 1; third < sentences.length; third++) {
        if (two + 1 + lettersOf(third) <= ROOM.usual) consider(first, second, third);
      }
    }
  }
  return best;
}

/** What sets of sentences are worth: a thousand of them are compared for an abstract of twenty. */
function valuer({ sentences, weights }: Abstract): (chosen: readonly number[]) => number {
  const coveredIn = new Int32Array(weights.length);
  let round = 0;
  return (chosen) => {
    round++;
    let value = 0;
    let letters = 0;
    for (const at of chosen) {
      const { words, worth, hangs, letters: own } = sentences[at]!;
      value += worth - EACH - (chosen.includes(at - 1) ? 0 : hangs);
      letters += own;
      for (const word of words) {
        if (coveredIn[word] === round) continue;
        coveredIn[word] = round;
        value += weights[word]!;
      }
    }
    // A mail is to be looked through: what is beyond the usual room has to earn it.
    return value - (0.2 * Math.max(0, letters - ROOM.usual)) / ROOM.usual;
  };
}
