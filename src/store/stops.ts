/** Digests held back: all of them by the operator, one edition's by the brake. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";

export interface Stop {
  /** The edition the brake stopped; null: every digest, by the operator. */
  readonly editionDate: Day | null;
  readonly because: string;
  readonly at: Date;
}

export type Stops = ReturnType<typeof stops>;

export function stops(prisma: PrismaClient) {
  return {
    /** Holds back one edition's digests, or all of them (null). @returns the stop that stands: `isNew` unless it did before */
    async stop(editionDate: Day | null, because: string): Promise<Stop & { readonly isNew: boolean }> {
      // xmax is 0 in a row that was inserted, not in one that was there.
      const [row] = await prisma.$queryRaw<(StopRow & { is_new: boolean })[]>`
        INSERT INTO sending_stops AS s (kind, edition_date, because)
        VALUES (${editionDate === null ? "operator" : "brake"}, ${editionDate}::date, ${because})
        ON CONFLICT (kind, edition_date) WHERE lifted_at IS NULL DO UPDATE SET because = s.because
        RETURNING s.edition_date::text AS edition_date, s.because, s.at, s.xmax = 0 AS is_new`;
      return { ...fromRow(row!), isNew: row!.is_new };
    },

    /** What is stopped now, oldest first. */
    standing: (): Promise<Stop[]> =>
      prisma.$queryRaw<StopRow[]>`
      SELECT edition_date::text AS edition_date, because, at FROM sending_stops WHERE lifted_at IS NULL ORDER BY id`.then(
        (rows) => rows.map(fromRow),
      ),

    /**
     * Lifts every stop. Of an edition that the brake had stopped everything may go: somebody has looked.
     *
     * @returns what was lifted, oldest first
     */
    async lift(): Promise<Stop[]> {
      const rows = await prisma.$queryRaw<StopRow[]>`
        WITH lifted AS (
          UPDATE sending_stops SET lifted_at = paperboy_now() WHERE lifted_at IS NULL RETURNING *
        ), released AS (
          UPDATE waves w SET released_at = paperboy_now() FROM lifted
          WHERE w.edition_date = lifted.edition_date AND w.released_at IS NULL
        )
        SELECT edition_date::text AS edition_date, because, at FROM lifted ORDER BY id`;
      return rows.map(fromRow);
    },
  };
}

interface StopRow {
  edition_date: string | null;
  because: string;
  at: Date;
}

const fromRow = ({ edition_date, because, at }: StopRow): Stop => ({ editionDate: edition_date, because, at });
