/** Addresses we do not write to, and why: known by their key alone. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { type ListPage, type Paging, pageOf, wayOf } from "./list-pages.ts";

export type SuppressionReason = "never" | "complaint" | "bounces" | "operator";

export interface Suppression {
  readonly addressKey: string;
  readonly because: SuppressionReason;
  readonly at: Date;
  readonly note: string | null;
  /** Null while it stands. */
  readonly liftedAt: Date | null;
  readonly liftedNote: string | null;
}

export type Suppressions = ReturnType<typeof suppressions>;

export function suppressions(prisma: PrismaClient) {
  return {
    /** @returns false when the address was suppressed before, for a reason as good */
    suppress: (addressKey: string, because: SuppressionReason, note: string | null = null): Promise<boolean> =>
      suppressIn(prisma, addressKey, because, note),

    /** Lifts whatever stands, for whoever answers for it. @returns what was lifted; null when nothing stood */
    async lift(addressKey: string, note: string): Promise<Suppression | null> {
      const [row] = await prisma.$queryRaw<Row[]>`
        UPDATE suppressions SET lifted_at = paperboy_now(), lifted_note = ${note}
        WHERE address_key = ${addressKey} AND lifted_at IS NULL RETURNING *`;
      return row ? fromRow(row) : null;
    },

    /** Lifted ones too; null for an address that never was suppressed. */
    async find(addressKey: string): Promise<Suppression | null> {
      const [row] = await prisma.$queryRaw<Row[]>`SELECT * FROM suppressions WHERE address_key = ${addressKey}`;
      return row ? fromRow(row) : null;
    },

    /** Newest first. A place is behind the key of an address; behind one that never was suppressed there is nothing. */
    async list(of: { withLifted: boolean } & Paging<string>): Promise<ListPage<Suppression, string>> {
      const { behind, order } = wayOf(of, "newest-first");
      const from =
        of.place === null
          ? Prisma.empty
          : Prisma.sql`AND (at, address_key) ${behind} (SELECT at, address_key FROM suppressions WHERE address_key = ${of.place.key})`;
      const standing = of.withLifted ? Prisma.empty : Prisma.sql`AND lifted_at IS NULL`;
      const rows = await prisma.$queryRaw<Row[]>`
        SELECT * FROM suppressions WHERE true ${from} ${standing} ORDER BY at ${order}, address_key ${order} LIMIT ${of.limit + 1}`;
      return pageOf(rows.map(fromRow), of, ({ addressKey }) => addressKey);
    },
  };
}

/** Who asked to be left alone, or complained, is not written to before the operator says so; bounces are forgiven to whoever confirms anew. */
export const isForgivable = Prisma.sql`(because = 'bounces')`;

/**
 * Within a transaction. What stands stays as it is, unless it was for bounces: then a reason that is not forgiven takes its
 * place.
 *
 * @returns whether anything changed
 */
export async function suppressIn(
  sql: Pick<Prisma.TransactionClient, "$executeRaw">,
  addressKey: string,
  because: SuppressionReason,
  note: string | null = null,
): Promise<boolean> {
  return (
    0 <
    (await sql.$executeRaw`
      INSERT INTO suppressions AS x (address_key, because, at, note) VALUES (${addressKey}, ${because}, paperboy_now(), ${note})
      ON CONFLICT (address_key) DO UPDATE SET because = EXCLUDED.because, at = EXCLUDED.at, note = EXCLUDED.note,
          lifted_at = NULL, lifted_note = NULL
        WHERE x.lifted_at IS NOT NULL OR (x.because = 'bounces' AND EXCLUDED.because <> 'bounces')`)
  );
}

/** Within the transaction of a request that the owner of the address confirmed. @returns whether there was one to forgive */
export async function forgiveIn(sql: Prisma.TransactionClient, addressKey: string): Promise<boolean> {
  return (
    0 <
    (await sql.$executeRaw`
      UPDATE suppressions SET lifted_at = paperboy_now(), lifted_note = 'the reader confirmed anew'
      WHERE address_key = ${addressKey} AND lifted_at IS NULL AND ${isForgivable}`)
  );
}

interface Row {
  address_key: string;
  because: SuppressionReason;
  at: Date;
  note: string | null;
  lifted_at: Date | null;
  lifted_note: string | null;
}

function fromRow(row: Row): Suppression {
  return {
    addressKey: row.address_key,
    because: row.because,
    at: row.at,
    note: row.note,
    liftedAt: row.lifted_at,
    liftedNote: row.lifted_note,
  };
}
