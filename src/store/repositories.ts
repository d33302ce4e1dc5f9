/** Papers whose code lies at GitHub, as far as their stars are yet to be counted. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import { candidateDays } from "../core/edition.ts";
import type { Day } from "../core/paper.ts";

interface PaperWithCode {
  /** Absent for one that is known by its title. */
  readonly arxivId?: string;
  readonly title: string;
  readonly codeUrl: string;
}

/** Many times the papers of a week. */
const MOST = 5_000;

export function repositories(prisma: PrismaClient) {
  return {
    /**
     * Papers that a trending source listed in the days of the edition of `day`, and of which GitHub has said nothing since
     * that day ended: those with the most votes first, among equals those that nobody asked about for the longest time.
     */
    async uncounted(day: Day): Promise<PaperWithCode[]> {
      const { since, until } = candidateDays(day);
      const rows = await prisma.$queryRaw<{ publicId: string; title: string; codeUrl: string }[]>`
        SELECT p.public_id AS "publicId", p.title, p.code_url AS "codeUrl" FROM papers p
        LEFT JOIN LATERAL (
          SELECT max(s.last_seen_at) AS at FROM sightings s WHERE s.paper_id = p.id AND s.source = 'github'
        ) AS counted ON true
        WHERE p.code_url ~* '^https?://(www[.])?github[.]com/' AND p.merged_into IS NULL AND NOT p.withdrawn
          AND EXISTS (SELECT FROM listings l WHERE l.paper_id = p.id AND l.listed_on BETWEEN ${since}::date AND ${until}::date)
          AND (counted.at IS NULL OR counted.at < (${day}::date + 1)::timestamp AT TIME ZONE 'UTC')
        ORDER BY coalesce((signals_at(p.id, 'infinity') ->> 'upvotes')::numeric, 0) DESC, counted.at NULLS FIRST, p.id DESC
        LIMIT ${MOST}`;
      return rows.map(({ publicId, ...paper }) => ({
        ...paper,
        ...(!publicId.startsWith("import:") && { arxivId: publicId }),
      }));
    },
  };
}
