/** The sites that papers come from, and what time they think it is. */
import { Permanent, Temporary } from "../errors.ts";
import type { Fetch, Fetched } from "../fetch.ts";
import { green, notLookedAt, red, type Verdict } from "./finding.ts";
import { judgeClock } from "./parts.ts";

export interface Site {
  /** "Hugging Face" */
  readonly name: string;
  /** Asks for as little as can be. */
  readonly url: string;
}

export interface Visit {
  readonly site: Site;
  readonly outcome: { readonly answer: Fetched; readonly askedAt: Date } | { readonly fault: unknown };
}

const PATIENCE_MS = 8_000;

export async function visit(fetch: Fetch, site: Site, now: () => Date): Promise<Visit> {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(new Temporary(`${site.name} does not answer.`)), PATIENCE_MS);
  try {
    const answer = await fetch.get(site.url, { signal: stop.signal, maxBytes: 2_000_000 });
    return { site, outcome: { answer, askedAt: now() } };
  } catch (fault) {
    return { site, outcome: { fault } };
  } finally {
    clearTimeout(timer);
  }
}

/** @param visits none where this machine knows none of the sites */
export function judgeVisits(visits: readonly Visit[]): Verdict[] {
  return visits.length === 0
    ? [notLookedAt("the sites that papers come from are out of reach from here")]
    : visits.map(judgeVisit);
}

/** A site that is away for an hour is asked again: only an address we do not go to is a mistake of ours. */
function judgeVisit({ site, outcome }: Visit): Verdict {
  if ("answer" in outcome) return green(`${site.name} answers.`);
  const { fault } = outcome;
  if (fault instanceof Permanent)
    return red(`${site.name} gives no papers: ${fault.message}`, "Correct SOURCES, HUGGING_FACE_URL or ARXIV_URL.");
  return notLookedAt(`${site.name} is out of reach from here`);
}

/** By the first site that answered: they are set by NTP, and a second is all they tell. */
export function judgeOwnClock(visits: readonly Visit[]): Verdict {
  for (const { site, outcome } of visits) {
    const date = "answer" in outcome ? Date.parse(outcome.answer.headers.date ?? "") : Number.NaN;
    if ("answer" in outcome && !Number.isNaN(date))
      return judgeClock(
        site.name,
        new Date(date),
        outcome.askedAt,
        "Set this machine by NTP: signatures and links carry its time.",
      );
  }
  return notLookedAt("no source of papers is there to compare with");
}
