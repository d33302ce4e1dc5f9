/** What each kind of reader got in a replay, counted. */
import { addDays, weekdayOf } from "./day.ts";
import type { DeliveryReason } from "./delivery.ts";
import type { RankedPaper } from "./edition.ts";
import type { Day } from "./paper.ts";
import type { ReaderKind } from "./reader-kinds.ts";

/** A digest as it would have gone out. */
export interface PlayedDigest {
  readonly localDay: Day;
  readonly editionDate: Day;
  /** In the order of the mail. */
  readonly papers: readonly Pick<RankedPaper, "key" | "formerKeys" | "id" | "lane" | "topics">[];
}

/** One kind of reader after the replay. */
export interface Played {
  readonly kind: ReaderKind;
  /** Local days on which their hour came, oldest first. */
  readonly due: readonly Day[];
  readonly digests: readonly PlayedDigest[];
  /** Local days with an edition that had nothing for them. */
  readonly empty: readonly { readonly localDay: Day; readonly editionDate: Day; readonly reason: DeliveryReason }[];
}

export interface Tallied {
  readonly due: number;
  readonly digests: number;
  readonly papers: number;
  /** Mean; null without digests. */
  readonly papersPerDigest: number | null;
  /** Local days with an edition that had nothing for them. */
  readonly empty: number;
  /** Local days without an edition they had not had: weekends, holidays, broken days. */
  readonly withoutEdition: number;
  /** Weeks, Monday to Sunday, in which their hour came and no digest did. */
  readonly weeksWithout: number;
  /** Papers that came again, under any key they ever had. */
  readonly repeats: number;
  /** The largest share that papers of one topic, their strongest, had of a digest; null without a digest large enough to have shares. */
  readonly largestShare: number | null;
  /** Papers of the followed lane. */
  readonly followed: number;
}

/** Half of two papers is no share to speak of. */
const SHARES_FROM_PAPERS = 5;

export function tally({ due, digests, empty }: Played): Tallied {
  const papers = digests.flatMap((digest) => digest.papers);
  const weeksWith = new Set(digests.map(({ localDay }) => mondayOf(localDay)));
  const weeksWithout = new Set(due.map(mondayOf).filter((monday) => !weeksWith.has(monday)));
  const shares = digests.filter(({ papers }) => papers.length >= SHARES_FROM_PAPERS).map(largestShareOf);
  return {
    due: due.length,
    digests: digests.length,
    papers: papers.length,
    papersPerDigest: digests.length === 0 ? null : papers.length / digests.length,
    empty: empty.length,
    withoutEdition: due.length - digests.length - empty.length,
    weeksWithout: weeksWithout.size,
    repeats: repeatsIn(papers),
    largestShare: shares.length === 0 ? null : Math.max(...shares),
    followed: papers.filter(({ lane }) => lane === "followed").length,
  };
}

function mondayOf(day: Day): Day {
  return addDays(day, 1 - weekdayOf(day));
}

function largestShareOf({ papers }: PlayedDigest): number {
  const counts = new Map<string, number>();
  for (const { topics } of papers) if (topics[0] !== undefined) counts.set(topics[0], (counts.get(topics[0]) ?? 0) + 1);
  return Math.max(0, ...counts.values()) / papers.length;
}

function repeatsIn(papers: PlayedDigest["papers"]): number {
  const seen = new Set<number>();
  let repeats = 0;
  for (const { key, formerKeys } of papers) {
    const keys = [key, ...formerKeys];
    if (keys.some((one) => seen.has(one))) repeats += 1;
    for (const one of keys) seen.add(one);
  }
  return repeats;
}
