/** Which papers may stand in an edition, with what is known of them at this moment. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import { type Candidate, candidateDays, type Previous } from "../core/edition.ts";
import type { Day, Signals } from "../core/paper.ts";

/** The candidates of one edition; their topics are for core/topics.ts to say. */
export interface Candidates {
  readonly candidates: readonly Omit<Candidate, "topics">[];
  readonly previous: Previous;
}

export type CandidateStore = ReturnType<typeof candidates>;

export function candidates(prisma: PrismaClient) {
  return {
    /**
     * Papers that a trending source listed in the days of the edition of `date`, and papers that only other sources know
     * and that were published in them.
     *
     * @param knownSince papers that stood in an edition before this day are left out: deliveries of that time are no
     *   longer kept, so nobody could say who was sent them (docs/promises.md §6.2)
     */
    async of(date: Day, knownSince: Day): Promise<Candidates> {
      const { since, until } = candidateDays(date);
      const rows = await prisma.$queryRaw<Row[]>`
        WITH previous AS (SELECT max(closed_at) AS at FROM editions WHERE state = 'closed' AND date < ${date}::date),
        listed AS (
          SELECT DISTINCT ON (paper_id) paper_id, listed_on, position FROM listings
          WHERE paper_id IN (SELECT paper_id FROM listings WHERE listed_on BETWEEN ${since}::date AND ${until}::date)
          ORDER BY paper_id, listed_on, position
        ), chosen AS (
          SELECT paper_id, listed_on, position, 'trending' AS lane FROM listed
          UNION ALL
          SELECT p.id, (p.published_at AT TIME ZONE 'UTC')::date, 0, 'followed' FROM papers p
          WHERE p.merged_into IS NULL AND p.published_at >= ${since}::date AND p.published_at < ${until}::date + 1
            AND NOT EXISTS (SELECT FROM listings l WHERE l.paper_id = p.id)
        )
        SELECT p.id AS key, ARRAY(SELECT f.id FROM papers f WHERE f.merged_into = p.id) AS "formerKeys", p.public_id AS "publicId",
          c.lane, p.title, p.abstract, p.summary, p.authors, p.categories, p.keywords, p.url, p.pdf_url AS "pdfUrl",
          p.code_url AS "codeUrl", p.organization, c.listed_on::text AS "listedOn", c.position,
          coalesce(signals_at(p.id, 'infinity'), '{}'::jsonb) AS signals,
          signals_at(p.id, (SELECT at FROM previous)) AS "signalsBefore",
          (SELECT min(e.edition_date)::text FROM edition_papers e JOIN papers f ON f.id = e.paper_id
            WHERE (f.id = p.id OR f.merged_into = p.id) AND e.edition_date < ${date}::date) AS "firstStood"
        FROM chosen c JOIN papers p ON p.id = c.paper_id
        WHERE NOT p.withdrawn AND p.merged_into IS NULL
        ORDER BY c.listed_on, c.position, p.id`;

      const known = rows.filter(({ firstStood }) => firstStood === null || firstStood >= knownSince);
      const signals = known.flatMap(({ key, signalsBefore }) => (signalsBefore ? [[key, signalsBefore] as const] : []));
      return {
        candidates: known.map(({ publicId, signalsBefore: _, firstStood: __, ...rest }) => ({ ...rest, id: publicId })),
        previous: {
          stood: new Set(known.filter((row) => row.firstStood).map((row) => row.key)),
          signals: new Map(signals),
        },
      };
    },
  };
}

type Row = Omit<Candidate, "topics" | "id"> & {
  readonly publicId: string;
  readonly signalsBefore: Signals | null;
  readonly firstStood: Day | null;
};
