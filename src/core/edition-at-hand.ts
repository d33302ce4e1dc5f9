/** The edition of papers that are at hand, made in memory: what one person reads who has no database. */
import { daysBetween } from "./day.ts";
import { type Candidate, candidateDays, type Edition, rankEdition } from "./edition.ts";
import { identify, type KnownPapers, type PaperRef } from "./identity.ts";
import { type Day, importId, mergeSightings, type PaperFacts, type Sighting, type Signals } from "./paper.ts";
import { type Catalogue, topicsOfAll } from "./topics.ts";

export interface EditionAtHand {
  readonly edition: Pick<Edition, "date" | "rankedBy" | "papers">;
  /** All ids each paper goes by, by its key in this edition: what knows it again another day. */
  readonly namesOf: ReadonlyMap<number, readonly string[]>;
}

/**
 * The edition of a day as an installation without a past would close it: the same papers become one, stand in it and are
 * ranked by the same rules. Only what is new in it is told by the days on which papers were listed.
 *
 * @param sightings in the order they were heard: of one source the later word counts
 */
export function editionAtHand(date: Day, sightings: readonly Sighting[], catalogue: Catalogue): EditionAtHand {
  const heard = together(sightings);
  const { since, until } = candidateDays(date);
  const isIn = (day: Day | null): boolean => day !== null && day >= since && day <= until;
  const candidates = heard.flatMap(({ key, id, facts, listed, signals }): Omit<Candidate, "topics">[] => {
    const { withdrawn, publishedAt, projectUrl: _, toldBy: __, ...told } = facts;
    const published = publishedAt?.toISOString().slice(0, 10) ?? null;
    const isTrending = listed.some(({ day }) => isIn(day));
    if (withdrawn || !(isTrending || (listed.length === 0 && isIn(published)))) return [];
    const [first] = listed;
    return [
      {
        ...{ ...told, key, id, signals, formerKeys: [] },
        ...{
          lane: isTrending ? "trending" : "followed",
          listedOn: first?.day ?? published!,
          position: first?.position ?? 0,
        },
      },
    ];
  });
  const topics = topicsOfAll(candidates, catalogue);
  const ranked = rankEdition({
    date,
    candidates: candidates.map((candidate, n) => ({ ...candidate, topics: topics[n]!.map(({ id }) => id) })),
    // Whoever was listed before this day stood in the edition of that day.
    previous: {
      stood: new Set(candidates.filter(({ listedOn }) => listedOn < date).map(({ key }) => key)),
      signals: new Map(),
    },
  });
  return { edition: ranked, namesOf: new Map(heard.map(({ key, names }) => [key, names])) };
}

/**
 * The day whose edition the papers of files belong in: the last complete one, unless they are all too old for it. Files of a
 * month ago make the edition of that month's last day.
 *
 * @param newest the newest day on which any of them was listed
 */
export function editionDayOf(newest: Day, lastComplete: Day): Day {
  return daysBetween(newest, lastComplete) >= EDITION_DAYS ? newest : lastComplete;
}

/** An edition takes the papers of so many days (`candidateDays`). */
const EDITION_DAYS = 7;

/** A paper, and all that was said of it. */
interface Heard {
  readonly key: number;
  readonly id: string;
  readonly names: readonly string[];
  readonly facts: PaperFacts;
  /** Earliest day first, then by place. */
  readonly listed: readonly { readonly day: Day; readonly position: number }[];
  readonly signals: Signals;
}

function together(sightings: readonly Sighting[]): Heard[] {
  const known: KnownPapers = new Map();
  const told = sightings.map((sighting) => {
    const aliases = { arxivId: sighting.arxivId ?? null, titleId: importId(sighting.title) };
    return { sighting, aliases, paper: identify(known, aliases) };
  });
  const papers = new Map<PaperRef, typeof told>();
  for (const one of told) {
    const paper = whatItIs(one.paper);
    papers.set(paper, [...(papers.get(paper) ?? []), one]);
  }
  return [...papers].map(([paper, said], at): Heard => {
    const names = new Set(
      said.flatMap(({ aliases }) => [aliases.arxivId, aliases.titleId]).filter((it) => it !== null),
    );
    // Of one source the later word counts as a whole: what it no longer counts is not said any more.
    const bySource = new Map(said.map(({ sighting }) => [sighting.source, sighting.signals]));
    const listed = said.flatMap(({ sighting: { listedOn: day, position = 0 } }) =>
      day === undefined ? [] : [{ day, position }],
    );
    return {
      key: at + 1,
      id: paper.arxivId ?? said.at(-1)!.aliases.titleId,
      names: [...names],
      facts: said.reduce<PaperFacts | null>((facts, { sighting }) => mergeSightings(facts, sighting), null)!,
      listed: listed.sort((a, b) => a.day.localeCompare(b.day) || a.position - b.position),
      signals: Object.assign({}, ...bySource.values()),
    };
  });
}

function whatItIs(paper: PaperRef): PaperRef {
  return paper.mergedInto === null ? paper : whatItIs(paper.mergedInto);
}
