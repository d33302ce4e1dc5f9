/** Deliveries as the operator looks through them. Each list walks an index, however many millions there are. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { DeliveryState } from "../core/delivery.ts";
import type { Day } from "../core/paper.ts";
import type { Preferences } from "../core/subscription.ts";
import { type ListPage, MOST_WALKED, type Paging, pageOf, wayOf } from "./list-pages.ts";

export interface ListedDelivery {
  readonly localDay: Day;
  readonly id: bigint;
  readonly subscriptionId: bigint;
  readonly editionDate: Day;
  readonly cadence: Preferences["cadence"];
  readonly isWelcome: boolean;
  readonly state: DeliveryState;
  readonly reason: string | null;
  readonly attempts: number;
  readonly dueAt: Date;
  /** Not begun after this. */
  readonly sendBy: Date;
  /** Null unless it is planned or to be tried again. */
  readonly nextTryAt: Date | null;
  readonly endedAt: Date | null;
  /** How many; null before they were fixed. */
  readonly papers: number | null;
  /** What the mail server said last, without addresses. */
  readonly answer: string | null;
}

/** Its place among all: the local day first. */
export type DeliveryKey = Pick<ListedDelivery, "localDay" | "id">;

/** What is looked for; null: anything. */
export interface WantedDeliveries {
  readonly state: DeliveryState | null;
  readonly localDay: Day | null;
  readonly editionDate: Day | null;
  readonly subscriptionId: bigint | null;
}

/** An edition is at most a week old when it falls due (core/schedule.ts), and a zone a day ahead of another. */
const DAYS_OF_EDITION = 9;

export type DeliveryList = ReturnType<typeof deliveryList>;

export function deliveryList(prisma: PrismaClient) {
  return {
    /**
     * The newest first. Those of one edition oldest first: most of them fall due on its first days, and later days are full
     * of other editions.
     *
     * A page may hold fewer rows than there is room for, or none, and go on all the same: it looks at so many rows and no more.
     */
    async list(of: WantedDeliveries & Paging<DeliveryKey>): Promise<ListPage<ListedDelivery, DeliveryKey>> {
      const { behind, order } = wayOf(of, of.editionDate === null ? "newest-first" : "oldest-first");
      const days = await daysOf(of);
      if (days === null) return pageOf<ListedDelivery, DeliveryKey>([], of, keyOf);
      const from = of.place
        ? Prisma.sql`AND (d.local_day, d.id) ${behind} (${of.place.key.localDay}::date, ${of.place.key.id}::bigint)`
        : Prisma.empty;
      const state = of.state === null ? Prisma.empty : Prisma.sql`AND d.state = ${of.state}`;
      const edition = of.editionDate === null ? Prisma.empty : Prisma.sql`AND d.edition_date = ${of.editionDate}::date`;
      const sorted = Prisma.sql`ORDER BY d.local_day ${order}, d.id ${order}`;
      const walk =
        of.subscriptionId === null
          ? Prisma.sql`SELECT d.* FROM deliveries d WHERE true ${indexed(of.state)} ${days} ${from} ${sorted} LIMIT ${MOST_WALKED}`
          : Prisma.sql`SELECT d.* FROM (${theirs(of.subscriptionId)}) d WHERE true ${days} ${from}`;
      const rows = await prisma.$queryRaw<ListedDelivery[]>`
        SELECT ${COLUMNS} FROM (${walk}) d WHERE true ${state} ${edition} ${sorted} LIMIT ${of.limit + 1}`;
      // Rows that no condition has left out are all there are.
      const isWhole = of.subscriptionId !== null || (of.editionDate === null && isFoundByIndex(of.state));
      if (isWhole || rows.length > of.limit) return pageOf(rows, of, keyOf);
      const [last] = await prisma.$queryRaw<DeliveryKey[]>`
        SELECT d.local_day::text AS "localDay", d.id FROM (${walk}) d ${sorted} OFFSET ${MOST_WALKED - 1} LIMIT 1`;
      return pageOf(rows, of, keyOf, last ?? null);
    },

    async find({ localDay, id }: DeliveryKey): Promise<ListedDelivery | null> {
      const [row] = await prisma.$queryRaw<ListedDelivery[]>`
        SELECT ${COLUMNS} FROM deliveries d WHERE d.local_day = ${localDay}::date AND d.id = ${id}::bigint`;
      return row ?? null;
    },
  };

  /** The local days to look at, as a condition; null: none, since the edition is not closed. */
  async function daysOf({ localDay, editionDate }: WantedDeliveries): Promise<Prisma.Sql | null> {
    const day = localDay === null ? Prisma.empty : Prisma.sql`AND d.local_day = ${localDay}::date`;
    if (editionDate === null) return day;
    const [edition] = await prisma.$queryRaw<{ since: string; until: string }[]>`
      SELECT (closed_at::date - 1)::text AS since, (closed_at::date + ${DAYS_OF_EDITION}::int)::text AS until
      FROM editions WHERE date = ${editionDate}::date AND closed_at IS NOT NULL`;
    return edition
      ? Prisma.sql`${day} AND d.local_day BETWEEN ${edition.since}::date AND ${edition.until}::date`
      : null;
  }
}

const keyOf = ({ localDay, id }: ListedDelivery): DeliveryKey => ({ localDay, id });

const COLUMNS = Prisma.sql`d.local_day::text AS "localDay", d.id, d.subscription_id AS "subscriptionId",
  d.edition_date::text AS "editionDate", d.cadence, d.is_welcome AS "isWelcome", d.state, d.reason, d.attempts,
  d.due_at AS "dueAt", d.send_by AS "sendBy", d.next_try_at AS "nextTryAt", d.ended_at AS "endedAt",
  cardinality(d.paper_ids) AS papers, d.answer`;

/** The condition of the index that holds this state and little else. */
function indexed(state: DeliveryState | null): Prisma.Sql {
  if (state === null || state === "accepted") return Prisma.empty;
  if (state === "planned") return Prisma.sql`AND d.next_try_at IS NOT NULL`;
  if (state === "claimed") return Prisma.sql`AND d.claim_until IS NOT NULL`;
  return Prisma.sql`AND d.state = ${state}`;
}

/** What an index walks is then nothing else. */
function isFoundByIndex(state: DeliveryState | null): boolean {
  return state !== "accepted" && state !== "planned";
}

/** As store/reader-records.ts finds them: what has papers, what ended without, and the one under way. */
function theirs(id: bigint): Prisma.Sql {
  return Prisma.sql`
    SELECT d.* FROM deliveries d WHERE d.subscription_id = ${id} AND d.paper_ids IS NOT NULL
    UNION ALL
    SELECT d.* FROM deliveries d WHERE d.subscription_id = ${id} AND d.paper_ids IS NULL AND d.next_try_at IS NULL
      AND d.claim_until IS NULL
    UNION ALL
    SELECT d.* FROM subscription_clocks c JOIN deliveries d ON d.local_day = c.last_local_day AND d.id = c.last_delivery
    WHERE c.subscription_id = ${id} AND d.paper_ids IS NULL AND (d.next_try_at IS NOT NULL OR d.claim_until IS NOT NULL)`;
}
