/** Finds the words of a phrase among the laid-out words of many papers: walks the places of its rarest word, compares numbers. */
import { gapFits, type PhrasePart } from "./phrase.ts";
import type { TextIndex } from "./text-index.ts";
import { Gap, mayJoin } from "./words.ts";

/**
 * Calls `visit` for each time the words of a part stand in a text, with its first place and the place behind its last, in
 * no particular order. With `oncePerText` repetitions inside one text are mostly passed over, which is faster where only the text matters.
 *
 * `multi-agent`, `multi agent` and `multiagent` find each other: a word of the phrase may stand as two in the text, and
 * two words of the phrase as one. In quotes nothing is joined or parted.
 */
export function findPhrase(
  index: TextIndex,
  part: PhrasePart,
  visit: (from: number, to: number) => void,
  oncePerText = false,
): void {
  const steps = stepsOf(index, part);
  if (steps === null) return;
  const search = { index, part, steps };
  const anchor = rarest(index, steps);
  const before = onlyStemOf(steps, anchor - 1);
  const after = onlyStemOf(steps, anchor + 1);
  const { stemAt, textAt } = index;
  const limit = part.titleOnly ? index.titleEnd : stemAt.length;
  for (const { places, back } of trailsOf(index, steps[anchor]!)) {
    let lastText = -1;
    for (let i = 0; i < places.length; i++) {
      const place = places[i]! - back;
      if (place >= limit) break;
      if (oncePerText && textAt[place] === lastText) continue;
      // Nearly all places of a common word fail here, before anything is called.
      if (after >= 0 && stemAt[place + 1] !== after) continue;
      if (before >= 0 && stemAt[place - 1] !== before) continue;
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

function partings(stems: ReadonlyMap<string, number>, stem: string): Step["parted"] {
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
}

/** All places where this step may begin; two halves of a word are looked for by the rarer one. */
function trailsOf(index: TextIndex, { stem, joined, parted }: Step): Trail[] {
  const whole = [stem, joined].filter((id) => id !== -1).map((id): Trail => ({ places: index.places[id]!, back: 0 }));
  const halves = parted.map(({ first, second }): Trail => {
    const [left, right] = [index.places[first]!, index.places[second]!];
    return left.length <= right.length ? { places: left, back: 0 } : { places: right, back: 1 };
  });
  return [...whole, ...halves];
}

/** The one stem that must stand beside the anchor for step `at`; −1 when there is no such step or it can stand otherwise. */
function onlyStemOf(steps: readonly Step[], at: number): number {
  const step = steps[at];
  // With a joined or parted word about, the neighbour may be one place further on.
  if (step === undefined || steps.some(({ joined, parted }) => joined !== -1 || parted.length > 0)) return -1;
  return step.stem;
}

/** The step to start from: the one with the fewest places that no reading leaps over by joining it to the word before. */
function rarest(index: TextIndex, steps: readonly Step[]): number {
  let best = 0;
  let fewest = Number.POSITIVE_INFINITY;
  steps.forEach((step, at) => {
    if (at > 0 && steps[at - 1]!.joined !== -1) return;
    const places = trailsOf(index, step).reduce((sum, trail) => sum + trail.places.length, 0);
    if (places < fewest) [best, fewest] = [at, places];
  });
  return best;
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
