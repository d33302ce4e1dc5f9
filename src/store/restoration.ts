/** What has to be done to a database that was put back from a backup, once, whoever notices first. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";
import type { Group } from "../core/schedule.ts";
import type { Mark } from "./high-water.ts";
import type { JournalPart } from "./journal.ts";
import { type Replayed, replay } from "./replay.ts";

/** An hour of a group of readers that came before the restoration. */
export interface Passed {
  readonly group: Group;
  readonly localDay: Day;
  readonly at: Date;
  /** The newest edition that was nominally due by then. */
  readonly edition: Day;
}

export interface Settled extends Replayed {
  /** The number of this restoration. */
  readonly restorations: number;
  readonly deliveries: number;
  readonly requests: number;
}

export type Restoration = ReturnType<typeof restoration>;

/**
 * By how much numbers are lifted above the mark, which is a minute old or more: what was given out after it must not be
 * given out again, for links and Message-IDs name it. A day of ten million mails; papers are an `integer`.
 */
const LIFTS = { deliveries: 10_000_000n, subscriptions: 1_000_000n, requests: 1_000_000n, papers: 100_000n };

/** A million readers' marks are moved in one statement, and years of a journal are read. */
const TIMEOUT = { timeout: 30 * 60_000, maxWait: 60_000 };

type InTransaction = <T>(work: (sql: Prisma.TransactionClient) => Promise<T>) => Promise<T>;

/** @param within how a transaction is had; by default each call has one of its own */
export function restoration(
  prisma: PrismaClient,
  within: InTransaction = (work) => prisma.$transaction(work, TIMEOUT),
) {
  return {
    /** Every schedule that readers have or had, whatever became of them: who left may take that back. */
    async schedules(): Promise<Group[]> {
      const rows = await prisma.$queryRaw<{ cadence: Group["cadence"]; weekday: number; zone: string; hour: number }[]>`
        SELECT DISTINCT cadence, coalesce(weekday, 0) AS weekday, zone, hour FROM subscriptions`;
      return rows.map(
        ({ weekday, ...rest }) => ({ ...rest, ...(rest.cadence === "weekly" ? { weekday } : {}) }) as Group,
      );
    },

    /**
     * Ends what was due by `now`, moves every reader's marks past it, lifts the numbers, replays the journal: all of it or
     * nothing.
     *
     * @param passed the newest hour of each schedule first, then as many before it as are worth a line in `group_days`
     * @param mark what is known of the time before; null when nothing is
     * @param isSure somebody restored it just now: it is not questioned
     * @returns null when another process did it since that mark
     */
    settle: (of: {
      mark: Pick<Mark, "restorations" | "lastIds"> | null;
      passed: readonly Passed[];
      journal: AsyncIterable<JournalPart>;
      now: Date;
      isSure?: boolean;
    }): Promise<Settled | null> =>
      within(async (sql) => {
        // Whoever comes second waits here, and then finds the number grown.
        await sql.$executeRaw`SELECT FROM database_identity FOR UPDATE`;
        const [last] = await sql.$queryRaw<{ number: number }[]>`
          SELECT coalesce(max(number), 0) AS number FROM restorations`;
        if (of.mark && !of.isSure && last!.number > of.mark.restorations) return null;
        await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('plan-deliveries'))`;

        const ended = {
          deliveries: await endDeliveries(sql, of.now),
          requests: await endRequests(sql, of.now),
        };
        await decidePassed(sql, of.passed, of.now);
        await moveMarks(sql, of.passed);
        await liftIds(sql, of.mark?.lastIds ?? {});
        const replayed = await replay(sql, of.journal);

        const restorations = Math.max(last!.number, of.mark?.restorations ?? 0) + 1;
        await sql.$executeRaw`
          INSERT INTO restorations (number, lost_since, at) SELECT ${restorations}, max(risen_at), ${of.now} FROM witnesses`;
        await sql.$executeRaw`DELETE FROM witnesses`;
        return { restorations, ...ended, ...replayed };
      }),

    /** Replays another machine's journal, after somebody else has settled the rest. */
    replay: (journal: AsyncIterable<JournalPart>): Promise<Replayed> => within((sql) => replay(sql, journal)),
  };
}

/**
 * What was claimed when the backup was made has most likely gone out, so its papers count as sent. So has much of the
 * rest, but which papers that had nobody knows any more.
 */
function endDeliveries(sql: Prisma.TransactionClient, now: Date) {
  return sql.$executeRaw`
    UPDATE deliveries SET reason = 'before-restore', next_try_at = NULL, claim = NULL, claim_until = NULL, ended_at = ${now},
      state = CASE WHEN was_uncertain OR (state = 'claimed' AND paper_ids IS NOT NULL) THEN 'uncertain' ELSE 'expired' END
    WHERE (next_try_at IS NOT NULL OR claim_until IS NOT NULL) AND due_at <= ${now}`;
}

/** Each was answered since, or its owner has long given up waiting; a link they may have been sent still opens. */
function endRequests(sql: Prisma.TransactionClient, now: Date) {
  return sql.$executeRaw`
    UPDATE requests SET state = 'answered', answer = 'nothing', answered_at = ${now}
    WHERE state = 'waiting' AND not_before <= ${now}`;
}

/** Planning finds these hours decided. The days that went by undecided between the backup and now get their line as well. */
async function decidePassed(sql: Prisma.TransactionClient, passed: readonly Passed[], now: Date) {
  await sql.$executeRaw`
    UPDATE group_days SET outcome = 'missed', because = 'before-restore', decided_at = ${now}
    WHERE outcome = 'waiting' AND due_at <= ${now}`;
  await sql.$executeRaw`
    WITH passed AS (
      SELECT g.id AS group_id, p.*, (SELECT max(local_day) FROM group_days d WHERE d.group_id = g.id) AS last_decided,
        max(p.local_day) OVER (PARTITION BY g.id) AS newest
      FROM ${rowsOf(passed)} JOIN delivery_groups g USING (cadence, weekday, zone, hour)
    )
    INSERT INTO group_days (group_id, local_day, due_at, outcome, because, planned, decided_at)
    SELECT group_id, local_day, at, 'missed', 'before-restore', 0, ${now} FROM passed
    WHERE local_day = newest OR local_day > last_decided
    ON CONFLICT (group_id, local_day) DO NOTHING`;
}

/** By what each reader chose, not by their group: who paused or left may be back today. */
function moveMarks(sql: Prisma.TransactionClient, passed: readonly Passed[]) {
  return sql.$executeRaw`
    UPDATE subscription_clocks c SET last_local_day = greatest(c.last_local_day, p.local_day),
      last_edition = greatest(c.last_edition, p.edition)
    FROM subscriptions s JOIN (
      SELECT DISTINCT ON (cadence, weekday, zone, hour) * FROM ${rowsOf(passed)}
      ORDER BY cadence, weekday, zone, hour, local_day DESC
    ) p ON (p.cadence, p.weekday, p.zone, p.hour) = (s.cadence, coalesce(s.weekday, 0), s.zone, s.hour)
    WHERE s.id = c.subscription_id`;
}

/** A sequence that is lifted by a transaction which fails stays lifted: that does no harm. */
async function liftIds(sql: Prisma.TransactionClient, lastIds: Mark["lastIds"]) {
  for (const [name, lift] of Object.entries(LIFTS)) {
    const sequence = Prisma.raw(`${name}_id_seq`);
    await sql.$executeRaw`
      SELECT setval(${`${name}_id_seq`}::regclass, greatest(last_value, ${BigInt(lastIds[name] ?? 0)}) + ${lift}) FROM ${sequence}`;
  }
}

function rowsOf(passed: readonly Passed[]): Prisma.Sql {
  const of = <T>(read: (one: Passed) => T) => passed.map(read);
  return Prisma.sql`unnest(${of(({ group }) => group.cadence)}::text[],
    ${of(({ group }) => (group.cadence === "weekly" ? group.weekday : 0))}::smallint[], ${of(({ group }) => group.zone)}::text[],
    ${of(({ group }) => group.hour)}::smallint[], ${of((one) => one.localDay)}::date[], ${of((one) => one.at)}::timestamptz[],
    ${of((one) => one.edition)}::date[]) AS p(cadence, weekday, zone, hour, local_day, at, edition)`;
}
