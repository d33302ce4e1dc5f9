/** Waves: what was planned of each edition, page by page, and how much of it may go. The rule is in core/wave.ts. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import { LARGE_WAVE, letThrough, type Tally } from "../core/wave.ts";
import type { DeliveryRange } from "./claims.ts";

/** Deliveries of one edition that one statement planned: all with ids in `[fromId, toId]`. */
export interface Page extends DeliveryRange {
  readonly editionDate: Day;
}

/** Deliveries that go on top, once a minute, while the vanguard hears nothing. */
const WIDEN_ROWS = 100;

export type Waves = ReturnType<typeof waves>;

export function waves(prisma: PrismaClient) {
  return {
    /**
     * Notes a page that was planned. Asked again about the same page it gives the same answer.
     *
     * @returns the part of it that may go now, from its beginning; null for none of it
     */
    async opened(page: Page): Promise<DeliveryRange | null> {
      const { localDay, fromId, toId } = page;
      return (await openedWhole(prisma, page)) ? { localDay, fromId, toId } : openedInPart(prisma, page);
    },

    /** Deliveries that nobody may begin: what is held of each wave, and all that belongs to an edition the brake stopped. */
    async closed(): Promise<DeliveryRange[]> {
      const rows = await prisma.$queryRaw<RangeRow[]>`
        SELECT p.local_day::text AS local_day, p.to_id,
          CASE WHEN s.id IS NULL THEN p.through_to_id + 1 ELSE p.from_id END AS from_id
        FROM waves w JOIN wave_pages p ON p.edition_date = w.edition_date
        LEFT JOIN sending_stops s ON s.edition_date = w.edition_date AND s.lifted_at IS NULL
        WHERE s.id IS NOT NULL OR (w.released_at IS NULL AND w.let_through < w.planned AND p.through_to_id < p.to_id)
        ORDER BY p.local_day, p.from_id`;
      return rows.map(fromRow);
    },

    /** Editions with deliveries that are held until their vanguard is judged. */
    async holding(): Promise<Day[]> {
      const rows = await prisma.$queryRaw<{ edition_date: string }[]>`
        SELECT w.edition_date::text AS edition_date FROM waves w
        WHERE w.released_at IS NULL AND w.let_through < w.planned
          AND NOT EXISTS (SELECT FROM sending_stops s WHERE s.edition_date = w.edition_date AND s.lifted_at IS NULL)
        ORDER BY w.edition_date`;
      return rows.map((row) => row.edition_date);
    },

    /** What became of those that were let through, read from their rows. */
    async tally(editionDate: Day): Promise<Tally> {
      // One index range a page: joined flat, the planner may read a million rows to count ten thousand.
      const [row] = await prisma.$queryRaw<Record<keyof Tally, number>[]>`
        SELECT coalesce(sum(waiting), 0)::int AS waiting, coalesce(sum(silent), 0)::int AS silent,
          coalesce(sum(answered), 0)::int AS answered, coalesce(sum(refused), 0)::int AS refused,
          coalesce(sum(unsent), 0)::int AS unsent
        FROM wave_pages p CROSS JOIN LATERAL (
          SELECT count(*) FILTER (WHERE d.state = 'planned' OR (d.state = 'claimed' AND d.attempts < 2)) AS waiting,
            count(*) FILTER (WHERE (d.state = 'retry' AND d.reason IS DISTINCT FROM 'deferred') OR (d.state = 'claimed' AND d.attempts > 1)) AS silent,
            count(*) FILTER (WHERE d.state IN ('accepted', 'refused') OR (d.state = 'retry' AND d.reason = 'deferred')) AS answered,
            count(*) FILTER (WHERE d.state = 'refused') AS refused,
            count(*) FILTER (WHERE d.state IN ('empty', 'withdrawn', 'expired', 'uncertain')) AS unsent
          FROM deliveries d WHERE d.local_day = p.local_day AND d.id BETWEEN p.from_id AND p.through_to_id
            AND d.edition_date = p.edition_date
        ) t WHERE p.edition_date = ${editionDate}::date`;
      return row!;
    },

    /** Lets some more of a held wave through, at most once a minute. @returns them; null when it is not time, or none are held */
    async widen(editionDate: Day): Promise<DeliveryRange | null> {
      const [row] = await prisma.$queryRaw<RangeRow[]>`
        WITH wave AS (
          SELECT edition_date FROM waves WHERE edition_date = ${editionDate}::date AND released_at IS NULL
            AND (widened_at IS NULL OR widened_at <= paperboy_now() - interval '1 minute') FOR UPDATE
        ), page AS (
          SELECT p.local_day, p.from_id, p.through_to_id + 1 AS next_id FROM wave_pages p JOIN wave USING (edition_date)
          WHERE p.through_to_id < p.to_id ORDER BY p.local_day, p.from_id LIMIT 1
        ), widened AS (
          UPDATE wave_pages p SET through_to_id = least(p.to_id, p.through_to_id + ${WIDEN_ROWS}::int) FROM page
          WHERE p.local_day = page.local_day AND p.from_id = page.from_id
          RETURNING p.local_day, page.next_id AS from_id, p.through_to_id AS to_id
        ), counted AS (
          UPDATE waves SET widened_at = paperboy_now(), let_through = let_through + (widened.to_id - widened.from_id + 1)
          FROM widened WHERE edition_date = ${editionDate}::date
        )
        SELECT local_day::text AS local_day, from_id, to_id FROM widened`;
      return row ? fromRow(row) : null;
    },

    /** Releases a wave. @returns what was held of it, for whoever released it; null when somebody else did */
    async release(editionDate: Day): Promise<DeliveryRange[] | null> {
      const released = await prisma.$executeRaw`
        UPDATE waves SET released_at = paperboy_now() WHERE edition_date = ${editionDate}::date AND released_at IS NULL`;
      if (released === 0) return null;
      const rows = await prisma.$queryRaw<RangeRow[]>`
        SELECT local_day::text AS local_day, through_to_id + 1 AS from_id, to_id FROM wave_pages
        WHERE edition_date = ${editionDate}::date AND through_to_id < to_id ORDER BY local_day, from_id`;
      return rows.map(fromRow);
    },

    /** Forgets waves of editions older than `before`: none of their digests is valid any more. */
    forget: (before: Day): Promise<number> =>
      prisma.$executeRaw`DELETE FROM waves WHERE edition_date < ${before}::date`,
  };
}

interface RangeRow {
  local_day: string;
  from_id: bigint;
  to_id: bigint;
}

const fromRow = ({ local_day, from_id, to_id }: RangeRow): DeliveryRange => ({
  localDay: local_day,
  fromId: from_id,
  toId: to_id,
});

/** Nearly every page is let through as a whole, in one statement. @returns false when it has to be looked at, or was noted before */
async function openedWhole(prisma: PrismaClient, { editionDate, localDay, fromId, toId }: Page): Promise<boolean> {
  const rows = Number(toId - fromId) + 1;
  const noted = await prisma.$executeRaw`
    WITH wave AS (
      INSERT INTO waves AS w (edition_date, planned, let_through)
      SELECT ${editionDate}::date, ${rows}::int, ${rows}::int
      WHERE ${rows}::int < ${LARGE_WAVE}::int
        AND NOT EXISTS (SELECT FROM wave_pages WHERE local_day = ${localDay}::date AND from_id = ${fromId})
      ON CONFLICT (edition_date) DO UPDATE SET planned = w.planned + ${rows}::int, let_through = w.let_through + ${rows}::int
      WHERE w.released_at IS NOT NULL OR w.planned + ${rows}::int < ${LARGE_WAVE}::int
      RETURNING edition_date
    )
    INSERT INTO wave_pages (local_day, from_id, to_id, through_to_id, edition_date)
    SELECT ${localDay}::date, ${fromId}, ${toId}, ${toId}, edition_date FROM wave`;
  return noted > 0;
}

function openedInPart(
  prisma: PrismaClient,
  { editionDate, localDay, fromId, toId }: Page,
): Promise<DeliveryRange | null> {
  return prisma.$transaction(async (sql) => {
    await sql.$executeRaw`INSERT INTO waves (edition_date) VALUES (${editionDate}::date) ON CONFLICT DO NOTHING`;
    const [wave] = await sql.$queryRaw<{ planned: number; let_through: number; is_released: boolean }[]>`
        SELECT planned, let_through, released_at IS NOT NULL AS is_released FROM waves
        WHERE edition_date = ${editionDate}::date FOR UPDATE`;
    const { planned, let_through, is_released } = wave!;
    const rows = Number(toId - fromId) + 1;
    const through = letThrough({ planned, letThrough: let_through, isReleased: is_released }, rows);
    // xmax is 0 in a row that was inserted, not in one that was there.
    const noted = await sql.$queryRaw<{ through_to_id: bigint; is_new: boolean }[]>`
        INSERT INTO wave_pages AS p (local_day, from_id, to_id, through_to_id, edition_date)
        VALUES (${localDay}::date, ${fromId}, ${toId}, ${fromId + BigInt(through) - 1n}, ${editionDate}::date)
        ON CONFLICT (local_day, from_id) DO UPDATE SET to_id = p.to_id
        RETURNING p.through_to_id, p.xmax = 0 AS is_new`;
    const { through_to_id, is_new } = noted[0]!;
    if (is_new)
      await sql.$executeRaw`
          UPDATE waves SET planned = planned + ${rows}::int, let_through = let_through + ${through}::int
          WHERE edition_date = ${editionDate}::date`;
    return through_to_id < fromId ? null : { localDay, fromId, toId: through_to_id };
  });
}
