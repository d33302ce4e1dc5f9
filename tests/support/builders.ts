/** Valid things that take what matters. */
import { blankWatch, type Filter, type Watch } from "../../src/core/filter.ts";
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

/** A watch that asks for nothing but what is given. */
export function aWatch(given: Partial<Watch> = {}): Watch {
  return { ...blankWatch, ...given };
}

/** A filter of these watches. */
export function aFilter(...watches: Partial<Watch>[]): Filter {
  return { grammar: 1, watches: watches.map(aWatch) };
}

export type PreferencesGiven = Partial<Omit<Preferences, "cadence" | "weekday">> &
  ({ cadence?: "daily" | "weekdays" } | { cadence: "weekly"; weekday: number });

export function preferences(given: PreferencesGiven = {}): Preferences {
  const base = { filter: aFilter(), hour: 7, zone: "UTC", maxPapers: 10, language: "en", format: "html" as const };
  return { cadence: "daily", ...base, ...given } as Preferences;
}
