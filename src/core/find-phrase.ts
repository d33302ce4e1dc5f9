/** Finds the words of a phrase among the laid-out words of many papers: walks the places of its rarest word, compares numbers. */
import { addBit, type Bits, noBits } from "./bits.ts";
import { gapFits, type PhrasePart } from "./phrase.ts";
import type { TextIndex } from "./text-index.ts";
import { Gap, mayJoin } from "./words.ts";

/**
 * The texts in which the words of a part stand.
 *
 * `multi-agent`, `multi agent` and `multiagent` find each other: a word of the phrase may stand as two in the text, and
 * two words of the phrase as one. In quotes nothing is joined or parted.
 */
export function textsSaying(index: TextIndex, part: PhrasePart): Bits {
  const steps = stepsOf(index, part);
  const known = steps === null ? undefined : textsKnown(index, part, steps);
  const texts = known?.slice() ?? noBits(index.size);
  const { textAt } = index;
  if (steps === null) return texts;
  walk({ index, part, steps }, (place) => addBit(texts, textAt[place]!), {
    oncePerText: true,
    isKnown: known !== undefined,
  });
  return texts;
}

/**
 * Calls `visit` for each time the words of a part stand in a text, with its first place and the place behind its last, in no
 * particular order.
 */
export function findPhrase(index: TextIndex, part: PhrasePart, visit: (from: number, to: number) => void): void {
  const steps = stepsOf(index, part);
  if (steps !== null) walk({ index, part, steps }, visit, { oncePerText: false, isKnown: false });
}

/** Where a lone common word stands as it is, which need not be walked through. */
function textsKnown(index: TextIndex, part: PhrasePart, steps: readonly Step[]): Bits | undefined {
  if (steps.length > 1 || part.titleOnly) return undefined;
  const { stem, surface } = steps[0]!;
  return part.exact ? index.textsOfSurface.get(surface) : index.textsOfStem.get(stem);
}

/**
 * @param how.oncePerText repetitions inside one text are mostly passed over, which is faster where only the text matters
 * @param how.isKnown where a lone word stands undivided is known already
 */
function walk(
  search: Search,
  visit: (from: number, to: number) => void,
  { oncePerText, isKnown }: { oncePerText: boolean; isKnown: boolean },
): void {
  const { index, part, steps } = search;
  const anchor = rarest(index, steps);
  const { textAt } = index;
  const limit = part.titleOnly ? index.titleEnd : index.stemAt.length;
  for (const { places, back, isWhole, beside, neighbours } of trailsOf(index, steps, anchor)) {
    if (isKnown && isWhole) continue;
    const only = neighbours.length === 1 ? neighbours[0]! : -1;
    let lastText = -1;
    for (let i = 0; i < places.length; i++) {
      // Nearly all places of a common word fail here, before anything is called.
      if (beside !== null && beside[i] !== only && (only !== -1 || !neighbours.includes(beside[i]!))) continue;
      const place = places[i]! - back;
      if (place >= limit) break;
      if (oncePerText && textAt[place] === lastText) continue;
      const from = cameFrom(search, anchor, place);
      if (from < 0) continue;
      const to = goesOn(search, anchor, place);
      if (to < 0) continue;
      lastText = textAt[place]!;
      visit(from, to);
    }
  }
}

/** How one word of a phrase may stand in the text. −1: it does not stand there so. */
interface Step {
  readonly stem: number;
  /** Only in quotes: the very form. */
  readonly surface: number;
  /** This word and the next as one. */
  readonly joined: number;
  /** This word as two. */
  readonly parted: readonly { readonly first: number; readonly second: number; readonly needsHyphen: boolean }[];
}

interface Search {
  readonly index: TextIndex;
  readonly part: PhrasePart;
  readonly steps: readonly Step[];
}

/** Null when some word stands nowhere, which is so for most phrases and is seen by the first or second word. */
function stepsOf({ stems, surfaces }: TextIndex, { words, exact, joinedStems }: PhrasePart): Step[] | null {
  const steps: Step[] = [];
  let isJoined = false;
  for (const [at, word] of words.entries()) {
    const surface = exact ? (surfaces.get(word.surface) ?? -1) : -1;
    const stem = exact && surface === -1 ? -1 : (stems.get(word.stem) ?? -1);
    const joinedStem = exact ? null : joinedStems[at]!;
    const joined = joinedStem === null ? -1 : (stems.get(joinedStem) ?? -1);
    const parted = exact ? [] : partings(stems, word.stem);
    if (stem === -1 && joined === -1 && parted.length === 0 && !isJoined) return null;
    steps.push({ stem, surface, joined, parted });
    isJoined = joined !== -1;
  }
  return steps;
}

/** No word of two is longer; a longer one is a jest, and each cut costs a look-up. */
const LONGEST_PARTED = 40;

function partings(stems: ReadonlyMap<string, number>, stem: string): Step["parted"] {
  if (stem.length > LONGEST_PARTED) return [];
  const found: { first: number; second: number; needsHyphen: boolean }[] = [];
  for (let cut = 1; cut < stem.length; cut++) {
    const left = stem.slice(0, cut);
    const first = stems.get(left);
    if (first === undefined) continue;
    const right = stem.slice(cut);
    const second = stems.get(right);
    if (second === undefined || !mayJoin(left, right, Gap.hyphen)) continue;
    found.push({ first, second, needsHyphen: !mayJoin(left, right, Gap.space) });
  }
  return found;
}

/** Where to look for a step: the places of a stem, and how many places before each of them the step would begin. */
interface Trail {
  readonly places: Int32Array;
  readonly back: 0 | 1;
  /** Of the word as it is. */
  readonly isWhole: boolean;
  /** What stands before or behind each place, and what may; null when nothing has to. */
  readonly beside: Int32Array | null;
  readonly neighbours: readonly number[];
}

/** All places where a step may begin; two halves of a word are looked for by the rarer one. */
function trailsOf(index: TextIndex, steps: readonly Step[], at: number): Trail[] {
  const { places, before, after } = index;
  const { stem, joined, parted } = steps[at]!;
  const trails: Trail[] = [];
  const add = (id: number, isWhole: boolean) => {
    const next = beginningsOf(steps[at + (isWhole ? 1 : 2)]);
    const beside = next.length > 0 ? { beside: after[id]!, neighbours: next } : besideBefore(index, steps, at, id);
    trails.push({ places: places[id]!, back: 0, isWhole, ...beside });
  };
  if (stem !== -1) add(stem, true);
  if (joined !== -1) add(joined, false);
  for (const { first, second } of parted) {
    const isLeft = places[first]!.length <= places[second]!.length;
    trails.push(
      isLeft
        ? { places: places[first]!, back: 0, isWhole: false, beside: after[first]!, neighbours: [second] }
        : { places: places[second]!, back: 1, isWhole: false, beside: before[second]!, neighbours: [first] },
    );
  }
  return trails;
}

function besideBefore({ before }: TextIndex, steps: readonly Step[], at: number, id: number) {
  const last = endingsOf(steps[at - 1], steps[at - 2]);
  return last.length > 0 ? { beside: before[id]!, neighbours: last } : { beside: null, neighbours: last };
}

/** The stems a step may begin with. */
function beginningsOf(step: Step | undefined): number[] {
  if (step === undefined) return [];
  return [step.stem, step.joined, ...step.parted.map(({ first }) => first)].filter((id) => id !== -1);
}

/** The stems a step may end with, one of them the step before it joined to it. */
function endingsOf(step: Step | undefined, earlier: Step | undefined): number[] {
  if (step === undefined) return [];
  return [step.stem, earlier?.joined ?? -1, ...step.parted.map(({ second }) => second)].filter((id) => id !== -1);
}

/** The step to start from: the one with the fewest places that no reading leaps over by joining it to the word before. */
function rarest(index: TextIndex, steps: readonly Step[]): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  for (let at = 0; at < steps.length; at++) {
    if (at > 0 && steps[at - 1]!.joined !== -1) continue;
    const places = placesToWalk(index, steps[at]!);
    if (places >= fewest) continue;
    best = at;
    fewest = places;
  }
  return best;
}

function placesToWalk(index: TextIndex, { stem, joined, parted }: Step): number {
  let count = placeCount(index, stem) + placeCount(index, joined);
  for (const { first, second } of parted) count += Math.min(placeCount(index, first), placeCount(index, second));
  return count;
}

function placeCount({ places }: TextIndex, stem: number): number {
  return stem === -1 ? 0 : places[stem]!.length;
}

// These two run for each place of a phrase's rarest word: plain loops, as closures here cost ten times as much.

/** Where the steps from `at` to the last end that stand in the row from `place` on; −1 when they do not stand there. */
function goesOn(search: Search, at: number, place: number): number {
  const { index, steps } = search;
  const step = steps[at]!;
  const stem = index.stemAt[place];
  if (stem === step.stem && isForm(search, step, place)) {
    const end = follows(search, at + 1, place + 1);
    if (end >= 0) return end;
  }
  if (stem === step.joined) {
    const end = follows(search, at + 2, place + 1);
    if (end >= 0) return end;
  }
  for (const parting of step.parted) {
    const end = isParted(index, parting, place) ? follows(search, at + 1, place + 2) : -1;
    if (end >= 0) return end;
  }
  return -1;
}

function follows(search: Search, at: number, place: number): number {
  if (at === search.steps.length) return place;
  return fits(search, at, place) ? goesOn(search, at, place) : -1;
}

/** Where the steps before `at` begin that stand in the row before `place`; −1 when they do not stand there. */
function cameFrom(search: Search, at: number, place: number): number {
  if (at === 0) return place;
  if (!fits(search, at, place)) return -1;
  const { index, steps } = search;
  const step = steps[at - 1]!;
  const stem = index.stemAt[place - 1];
  if (stem === step.stem && isForm(search, step, place - 1)) {
    const start = cameFrom(search, at - 1, place - 1);
    if (start >= 0) return start;
  }
  if (at > 1 && stem === steps[at - 2]!.joined) {
    const start = cameFrom(search, at - 2, place - 1);
    if (start >= 0) return start;
  }
  for (const parting of step.parted) {
    const start = isParted(index, parting, place - 2) ? cameFrom(search, at - 1, place - 2) : -1;
    if (start >= 0) return start;
  }
  return -1;
}

function isForm({ index, part }: Search, step: Step, place: number): boolean {
  return !part.exact || index.surfaceAt[place] === step.surface;
}

/** May the word at `place` follow the one before it as step `at` follows the step before? */
function fits({ index, part }: Search, at: number, place: number): boolean {
  return place < index.gapAt.length && gapFits(part.words[at]!.gap, index.gapAt[place] as Gap, part.exact);
}

function isParted(index: TextIndex, { first, second, needsHyphen }: Step["parted"][number], place: number): boolean {
  if (index.stemAt[place] !== first || index.stemAt[place + 1] !== second) return false;
  const gap = index.gapAt[place + 1]!;
  return needsHyphen ? gap === Gap.hyphen : gap < Gap.break;
}
