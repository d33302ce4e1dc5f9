/** The record of every attempt to read a source: an edition is never made from half a day. */
import type pg from "pg";
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Pull } from "../core/edition-close.ts";
import type { Day } from "../core/paper.ts";
import type { SourceRecord } from "../core/source-health.ts";
import { sourceRecords } from "./source-records.ts";

/** One attempt, over. */
export interface NewPull extends Pull {
  readonly day: Day;
  readonly endedAt: Date;
  readonly refused: number;
  readonly problem: string | null;
}

export type Pulls = ReturnType<typeof pulls>;

export function pulls(prisma: PrismaClient, pool: pg.Pool) {
  return {
    async add(p: NewPull): Promise<void> {
      await prisma.$executeRaw`
        INSERT INTO pulls (source, day, started_at, ended_at, outcome, papers, refused, problem)
        VALUES (${p.source}, ${p.day}::date, ${p.startedAt}, ${p.endedAt}, ${p.outcome}, ${p.papers}, ${p.refused}, ${p.problem})`;
    },

    /** All attempts at one day, oldest first. */
    of: (day: Day): Promise<Pull[]> => prisma.$queryRaw`
      SELECT source, started_at AS "startedAt", outcome, papers FROM pulls WHERE day = ${day}::date ORDER BY started_at, id`,

    /** How each source has been doing; `judgeSource` says whether that is well. */
    health: (): Promise<SourceRecord[]> => sourceRecords(pool),

    /** Days since `since` of which a source has a good pull that began after the day ended. */
    async complete(source: string, since: Day): Promise<Set<Day>> {
      const rows = await prisma.$queryRaw<{ day: string }[]>`
        SELECT DISTINCT day::text AS day FROM pulls WHERE source = ${source} AND day >= ${since}::date AND outcome = 'good'
          AND started_at >= ((day + 1)::timestamp AT TIME ZONE 'UTC')`;
      return new Set(rows.map((row) => row.day));
    },
  };
}
