/** What the pages of one edition and of all editions show. */
import { members } from "../core/bits.ts";
import { dayOfYear } from "../core/day.ts";
import type { Edition, RankedPaper } from "../core/edition.ts";
import type { Filter } from "../core/filter.ts";
import { filterInWords } from "../core/filter-in-words.ts";
import { inertLine } from "../core/inert.ts";
import { becauseOf, match } from "../core/match.ts";
import { RANKING } from "../core/score.ts";
import { scoreInWords } from "../core/score-in-words.ts";
import { dateOf, type Say } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import type { Catalogue } from "../core/topics.ts";
import type { EditionPlace, EditionSummary } from "../store/editions.ts";
import type { Shelved } from "../store/shelf.ts";
import { feedLinks, withQuery } from "./feeds.ts";
import type { View } from "./pages.ts";
import { paperView, topicNames } from "./paper-view.ts";

/** The keys this file says. */
export const editionWords = [
  "page.edition.heading",
  "page.edition.lead",
  "page.edition.gap",
  "page.edition.listed",
  "page.edition.followed",
  "page.editions.heading",
  "page.editions.lead",
  "page.editions.month",
  "page.editions.state",
] as const;

/** Letters of what a shared link says; those who show one cut it there, or sooner. */
export const LONGEST_DESCRIPTION = 300;

interface Asked {
  readonly filter: Filter;
  readonly say: Say;
  readonly catalogue: Catalogue;
}

export function editionView({ edition, index }: Shelved, place: EditionPlace, { filter, say, catalogue }: Asked) {
  const { date, state, rankedBy } = edition;
  const matched = match(index, filter);
  const watches = filter.watches.length;
  const shown = members(matched.papers).map((at) => ({ at, paper: index.papers[at]! }));
  const papers = shown.map(({ at, paper }, i) => ({
    ...paperView(paper, say, {
      // Of a whole edition the places are told, which may have gaps; what a filter picks is counted.
      number: watches > 0 ? i + 1 : paper.rank,
      catalogue,
      watches,
      because: watches > 0 ? becauseOf(index, filter, at, matched) : [],
      standing: { anchor: `place-${paper.rank}`, why: whyHere(paper, edition, say) },
    }),
    gap: watches > 0 ? "" : gapBefore(paper.rank, shown[i - 1]?.paper.rank ?? 0, say),
  }));
  const isClosed = state === "closed";
  const turn = (day: string | null) => day && { href: withQuery(`/editions/${day}`, filter), date: dateOf(day) };
  const lead = say("page.edition.lead", {
    ...{ state, rankedBy, count: papers.length, because: place.because ?? "" },
    fresh: shown.filter(({ paper }) => paper.isNew).length,
  });
  const titles = shown.slice(0, 3).map(({ paper }) => paper.title);
  return {
    title: say("page.edition.heading", { date: dateOf(date), rankedBy }),
    description: titles.length > 0 ? inertLine(titles.join(" · "), LONGEST_DESCRIPTION) : lead,
    alternates: feedLinks(filter, say, catalogue),
    dateline: { date, number: isClosed ? dayOfYear(date) : 0 },
    ...{ closedAt: isClosed ? (edition.closedAt ?? "") : "", ranking: RANKING },
    ...{ state, rankedBy, isRanked: isClosed && rankedBy === "trend", isIncomplete: place.because === "incomplete" },
    lead,
    filter: filterInWords(filter, say, topicNames(catalogueIn(say, catalogue))),
    allHref: `/editions/${date}`,
    subscribeHref: withQuery("/", filter),
    feeds: feedLinks(filter, say, catalogue),
    papers,
    previous: turn(place.previous),
    next: turn(place.next),
  };
}

/** How a paper came to its place. */
function whyHere(paper: RankedPaper, { date, rankedBy }: Edition, say: Say): View {
  if (paper.lane === "followed") return { total: say("page.edition.followed"), parts: [] };
  if (rankedBy === "listing") return { total: say("page.edition.listed", { rank: paper.rank }), parts: [] };
  return scoreInWords(paper, date, say);
}

function gapBefore(rank: number, before: number, say: Say): string {
  const count = rank - before - 1;
  return count > 0 ? say("page.edition.gap", { count, first: before + 1, last: rank - 1 }) : "";
}

/**
 * Editions under their months, the newest first.
 *
 * @param rows one more than `most`, when there are more: then the month that may go on is left to the next page
 */
export function editionsView(
  rows: readonly EditionSummary[],
  { most, filter, say, catalogue }: Asked & { readonly most: number },
) {
  const months = [...new Set(rows.map(({ date }) => date.slice(0, 7)))];
  const shown = rows.length > most && months.length > 1 ? months.slice(0, -1) : months;
  return {
    title: say("page.editions.heading"),
    description: say("page.editions.lead"),
    alternates: feedLinks(filter, say, catalogue),
    filter: filterInWords(filter, say, topicNames(catalogueIn(say, catalogue))),
    months: shown.map((month) => ({
      name: say("page.editions.month", { date: dateOf(`${month}-01`) }),
      editions: rows.filter(({ date }) => date.startsWith(month)).map((row) => lineOf(row, filter, say)),
    })),
    olderHref: shown.length < months.length ? olderHref(`${shown.at(-1)}-01`, filter) : "",
  };
}

function olderHref(before: string, filter: Filter): string {
  const href = withQuery("/editions", filter);
  return `${href}${href.includes("?") ? "&" : "?"}before=${before}`;
}

function lineOf({ date, state, papers, because }: EditionSummary, filter: Filter, say: Say): View {
  return {
    href: withQuery(`/editions/${date}`, filter),
    date: dateOf(date),
    state: say("page.editions.state", { state, papers, because: because ?? "" }),
    hasPapers: papers > 0,
  };
}
