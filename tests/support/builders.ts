/** Valid things that take what matters. */
import type { Filter, Watch } from "../../src/core/filter.ts";
import type { Sighting } from "../../src/core/paper.ts";
import type { Preferences } from "../../src/core/subscription.ts";

let count = 0;

export function aSighting(given: Partial<Sighting> = {}): Sighting {
  count += 1;
  const number = String(count).padStart(5, "0");
  return {
    source: "hugging-face",
    arxivId: `2604.${number}`,
    title: `Paper ${number}: on agents`,
    abstract: "We study agents. They act.",
    authors: ["Ada Lovelace", "Alan Turing"],
    categories: [],
    keywords: [],
    signals: {},
    ...given,
  };
}

function aWatch(given: Partial<Watch> = {}): Watch {
  return {
    ...{
      name: "",
      topics: [],
      categories: [],
      include: [],
      authors: [],
      exclude: [],
      minUpvotes: 0,
      onlyWithCode: false,
    },
    ...given,
  };
}

export function aFilter(...watches: Partial<Watch>[]): Filter {
  return { grammar: 1, watches: watches.map(aWatch) };
}

export type PreferencesGiven = Partial<Omit<Preferences, "cadence" | "weekday">> &
  ({ cadence?: "daily" | "weekdays" } | { cadence: "weekly"; weekday: number });

export function preferences(given: PreferencesGiven = {}): Preferences {
  const base = { filter: aFilter(), hour: 7, zone: "UTC", maxPapers: 10, language: "en", format: "html" as const };
  return { cadence: "daily", ...base, ...given } as Preferences;
}
