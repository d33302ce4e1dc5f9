/** What the words and names of a watch found last month, in words, as it stands beside their fields. */
import { hintInWords, hintWords } from "../core/hint-in-words.ts";
import { inertLine } from "../core/inert.ts";
import type { Say } from "../core/text.ts";
import type { Understood, UnderstoodName, UnderstoodWatch, UnderstoodWords } from "../core/understood.ts";
import type { View } from "./pages.ts";

/** The keys this file says. */
export const wordsOfFound = [
  "page.found.words",
  "page.found.names",
  "page.found.name",
  "page.found.more",
  "page.found.floodInclude",
  "page.found.floodExclude",
  "page.found.floodAuthors",
  ...hintWords,
] as const;

export interface FoundViews {
  readonly include: readonly View[];
  readonly exclude: readonly View[];
  readonly authors: readonly View[];
}

const NOTHING: FoundViews = { include: [], exclude: [], authors: [] };

/** Empty while there is no edition to have found anything in. */
export function foundViews(understood: Understood | undefined, watch: number, say: Say): FoundViews {
  const found: UnderstoodWatch | undefined = understood?.watches[watch];
  if (understood === undefined || found === undefined) return NOTHING;
  // Before there are papers, what was meant can still be said.
  const isAsked = understood.papers > 0;
  const words = (flood: string) => (entry: UnderstoodWords) => ({
    entry: entry.entry,
    said: isAsked ? say("page.found.words", { ...countsOf(understood), count: entry.papers }) : "",
    flood: entry.isFlood ? say(flood) : "",
    hints: entry.hints.map((hint) => hintInWords(hint, say)),
  });
  return {
    include: found.include.map(words("page.found.floodInclude")),
    exclude: found.exclude.map(words("page.found.floodExclude")),
    authors: found.authors.map((entry) => ({
      entry: entry.entry,
      said: isAsked ? namesInWords(entry, understood, say) : "",
      flood: entry.isFlood ? say("page.found.floodAuthors", { people: entry.people }) : "",
      hints: entry.hints.map((hint) => hintInWords(hint, say)),
    })),
  };
}

function namesInWords({ names, people }: UnderstoodName, understood: Understood, say: Say): string {
  const listed = names.map(({ name, papers }) => say("page.found.name", { name: inertLine(name, 80), papers }));
  const more = people - names.length;
  const all = more > 0 ? [...listed, say("page.found.more", { more })] : listed;
  return say("page.found.names", { ...countsOf(understood), people, names: say.list(all, "unit") });
}

function countsOf({ papers, editions }: Understood) {
  return { total: papers, editions };
}

/** The same for programs: hints in English sentences. */
export function understoodJson({ watches, ...rest }: Understood, say: Say) {
  const said = <E extends UnderstoodWords | UnderstoodName>(entry: E) => ({
    ...entry,
    hints: entry.hints.map((hint) => hintInWords(hint, say)),
  });
  return {
    ...rest,
    watches: watches.map(({ include, authors, exclude }) => ({
      ...{ include: include.map(said), authors: authors.map(said), exclude: exclude.map(said) },
    })),
  };
}
