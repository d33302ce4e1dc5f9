/** Readers as the operator looks through them: the newest first, or one by number, address or key. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { SubscriptionState } from "../core/subscription.ts";
import { type ListPage, type Paging, pageOf, wayOf } from "./list-pages.ts";
import { fromRow, type Row, type Subscription, type SubscriptionId } from "./subscription-moves.ts";

/** A reader with what only the operator asks for. */
export interface ListedReader extends Subscription {
  /** What the address is known by; stays when it is erased. */
  readonly addressKey: string;
  readonly createdAt: Date;
  readonly confirmedAt: Date | null;
  readonly endedBecause: string | null;
}

export type ReaderList = ReturnType<typeof readerList>;

export function readerList(prisma: PrismaClient) {
  const one = async (where: Prisma.Sql): Promise<ListedReader | null> => {
    const [row] = await prisma.$queryRaw<ListedRow[]>`SELECT * FROM subscriptions WHERE ${where}`;
    return row ? fromListedRow(row) : null;
  };

  return {
    /** The newest first. `state` null: in any. */
    async list(
      of: { readonly state: SubscriptionState | null } & Paging<SubscriptionId>,
    ): Promise<ListPage<ListedReader, SubscriptionId>> {
      const { behind, order } = wayOf(of, "newest-first");
      const from = of.place === null ? Prisma.empty : Prisma.sql`AND id ${behind} ${of.place.key}`;
      const state = of.state === null ? Prisma.empty : Prisma.sql`AND state = ${of.state}`;
      const rows = await prisma.$queryRaw<ListedRow[]>`
        SELECT * FROM subscriptions WHERE true ${state} ${from} ORDER BY id ${order} LIMIT ${of.limit + 1}`;
      return pageOf(rows.map(fromListedRow), of, ({ id }) => id);
    },

    findById: (id: SubscriptionId) => one(Prisma.sql`id = ${id}`),
    /** By the key of an address: it finds who was erased, too. */
    findByKey: (addressKey: string) => one(Prisma.sql`address_key = ${addressKey}`),
  };
}

interface ListedRow extends Row {
  address_key: string;
  created_at: Date;
  confirmed_at: Date | null;
  ended_because: string | null;
}

function fromListedRow(row: ListedRow): ListedReader {
  return {
    ...fromRow(row),
    addressKey: row.address_key,
    createdAt: row.created_at,
    confirmedAt: row.confirmed_at,
    endedBecause: row.ended_because,
  };
}
