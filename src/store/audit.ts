/** What the operator did, by whatever way: one line each, which is never changed afterwards but for its outcome. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { type ListPage, MOST_WALKED, type Paging, pageOf, wayOf } from "./list-pages.ts";

export type AuditBy = "admin" | "cli" | "api";

export type AuditWhat =
  | "login"
  | "pause"
  | "resume"
  | "suppress"
  | "lift"
  | "erase"
  | "close-edition"
  | "reopen-edition"
  | "send-test"
  | "import"
  | "import-readers"
  | "export-readers"
  | "backup"
  | "restore";

/** A reader by number and an address by its key alone, in every field. */
export interface AuditEntry {
  readonly by: AuditBy;
  readonly what: AuditWhat;
  /** What it was done to: `reader 17`, `key 9f…`, `edition 2026-04-14`; null for everything at once. */
  readonly about: string | null;
  readonly details: Readonly<Record<string, string | number | boolean | null>>;
}

export interface AuditLine extends AuditEntry {
  readonly id: bigint;
  readonly at: Date;
}

export type Audit = ReturnType<typeof audit>;

export function audit(prisma: PrismaClient) {
  return {
    /** @returns the number of the line */
    async note({ by, what, about, details }: AuditEntry): Promise<bigint> {
      const [row] = await prisma.$queryRaw<{ id: bigint }[]>`
        INSERT INTO audit_lines (by, what, about, details)
        VALUES (${by}, ${what}, ${about}, ${JSON.stringify(details)}::jsonb) RETURNING id`;
      return row!.id;
    },

    /** Adds to a line what came of it. */
    outcome: (id: bigint, details: AuditEntry["details"]): Promise<number> =>
      prisma.$executeRaw`UPDATE audit_lines SET details = details || ${JSON.stringify(details)}::jsonb WHERE id = ${id}`,

    /** The newest first; null: whoever it was by, whatever it was about. */
    async list(
      of: { readonly by: AuditBy | null; readonly about: string | null } & Paging<bigint>,
    ): Promise<ListPage<AuditLine, bigint>> {
      const { behind, order } = wayOf(of, "newest-first");
      const from = of.place === null ? Prisma.empty : Prisma.sql`AND id ${behind} ${of.place.key}`;
      const about = of.about === null ? Prisma.empty : Prisma.sql`AND about = ${of.about}`;
      const by = of.by === null ? Prisma.empty : Prisma.sql`AND by = ${of.by}`;
      const walk = Prisma.sql`SELECT * FROM audit_lines WHERE true ${about} ${from} ORDER BY id ${order} LIMIT ${MOST_WALKED}`;
      const rows = await prisma.$queryRaw<AuditLine[]>`
        SELECT id, at, by, what, about, details FROM (${walk}) l WHERE true ${by} ORDER BY id ${order} LIMIT ${of.limit + 1}`;
      if (of.by === null || rows.length > of.limit) return pageOf(rows, of, ({ id }) => id);
      const [last] = await prisma.$queryRaw<{ id: bigint }[]>`
        SELECT id FROM (${walk}) l ORDER BY id ${order} OFFSET ${MOST_WALKED - 1} LIMIT 1`;
      return pageOf(rows, of, ({ id }) => id, last?.id ?? null);
    },
  };
}
