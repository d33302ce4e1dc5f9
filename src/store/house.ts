/** What the watch over the house reads: few rows, however many readers there are. */
import { access, constants, statfs } from "node:fs/promises";
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";

export type House = ReturnType<typeof house>;

export function house(prisma: PrismaClient) {
  return {
    /** The first day for which there is no partition of deliveries; null when there is none at all. */
    async partitionsUntil(): Promise<Day | null> {
      const [row] = await prisma.$queryRaw<{ until: Day | null }[]>`
        SELECT (max(to_date(right(c.relname, 8), 'YYYYMMDD')) + 7)::text AS until
        FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'deliveries'::regclass`;
      return row!.until;
    },

    /** Since when the delivery waits that has waited longest, whatever holds it back; null: none waits. */
    async oldestDueAt(): Promise<Date | null> {
      const [row] = await prisma.$queryRaw<{ at: Date | null }[]>`
        SELECT min(next_try_at) AS at FROM deliveries WHERE next_try_at IS NOT NULL`;
      return row!.at;
    },

    /** Complaints that came in over the last seven days. */
    async complaints(): Promise<number> {
      const [row] = await prisma.$queryRaw<{ count: number }[]>`
        SELECT count(*)::int AS count FROM verdicts WHERE class = 'complaint' AND at > paperboy_now() - interval '7 days'`;
      return row!.count;
    },

    /** The newest time this database was put back from a backup; null: it never was. */
    async restoration(): Promise<{ number: number; at: Date; lostSince: Date | null } | null> {
      const [row] = await prisma.$queryRaw<{ number: number; at: Date; lostSince: Date | null }[]>`
        SELECT number, at, lost_since AS "lostSince" FROM restorations ORDER BY number DESC LIMIT 1`;
      return row ?? null;
    },
  };
}

/** Bytes that are left for us on the disk of a folder. */
export async function freeBytes(folder: string): Promise<number> {
  const { bavail, bsize } = await statfs(folder);
  return bavail * bsize;
}

/** Why a file that should take lines does not: a code such as `EROFS` or `ENOENT`; null when it does. */
export async function writeFault(path: string): Promise<string | null> {
  try {
    await access(path, constants.W_OK);
    return null;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? "unknown";
  }
}
