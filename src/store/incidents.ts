/** What is wrong at the moment: one alarm an incident, however many mails meet it in however many processes. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { IncidentKind } from "../core/alarms.ts";
import type { Log } from "../log.ts";

export interface Incidents {
  /**
   * Notes that something is wrong. The first of all processes to notice opens the incident and logs one line of level 50.
   * Costs nothing when it was called for the same a moment ago, so it may be called for every mail. Never fails.
   *
   * @param subject what it is about, such as a server's host; never an address of a reader
   * @param words a sentence for a person: what, and what to do
   */
  raise(kind: IncidentKind, subject: string, words: string): Promise<void>;
  /** Ends the incident, if there is one, and logs one line. As cheap as `raise`, and fails as little. */
  clear(kind: IncidentKind, subject: string): Promise<void>;
  /** What is wrong now, the oldest first. */
  standing(): Promise<Incident[]>;
}

/** Something that is wrong since `beganAt`. */
export interface Incident {
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly words: string;
  readonly beganAt: Date;
  readonly lastSeenAt: Date;
}

/**
 * Minutes without a new complaint before one ends. With fifty connections some mails succeed while others fail: without
 * this a shaky server would be a new incident every second.
 */
const QUIET_MINUTES: Readonly<Partial<Record<IncidentKind, number>>> = {
  "smtp-auth": 2,
  "smtp-tls": 2,
  "smtp-down": 2,
  // Blame comes back in its own time, with each day's mails.
  "mail-blamed": 2 * 24 * 60,
  // A leap is over at once; an hour without another is a clock that runs.
  clock: 60,
  // A disk and a rate waver about their limits.
  disk: 30,
  "disk-full": 30,
  "refusal-rate": 6 * 60,
  complaints: 24 * 60,
  "complaints-high": 24 * 60,
};

/** @param askAgainMs for so long what this process said last is not said again; what another one said is noticed after that */
export function incidents(prisma: PrismaClient, log: Log, { askAgainMs = 10_000 } = {}): Incidents {
  const raisedAt = new Map<string, number>();
  const clearedAt = new Map<string, number>();
  /** Said aloud while the database did not answer. */
  const unstored = new Set<string>();
  /** Whether `key` was not said a moment ago; from now on it was. */
  const isToSay = (said: Map<string, number>, key: string): boolean => {
    if (performance.now() - (said.get(key) ?? Number.NEGATIVE_INFINITY) < askAgainMs) return false;
    said.set(key, performance.now());
    return true;
  };

  return {
    standing: () => prisma.$queryRaw<Incident[]>`
      SELECT kind, subject, words, began_at AS "beganAt", last_seen_at AS "lastSeenAt" FROM incidents
      WHERE ended_at IS NULL ORDER BY id LIMIT 100`,

    async raise(kind, subject, words) {
      const key = `${kind} ${subject}`;
      if (!isToSay(raisedAt, key)) return;
      try {
        // xmax is 0 in a row that was inserted, not in one that was there.
        const [row] = await prisma.$queryRaw<{ is_new: boolean }[]>`
          INSERT INTO incidents AS i (kind, subject, words) VALUES (${kind}, ${subject}, ${words})
          ON CONFLICT (kind, subject) WHERE ended_at IS NULL DO UPDATE SET last_seen_at = paperboy_now()
          RETURNING i.xmax = 0 AS is_new`;
        const wasSaid = unstored.delete(key);
        if (!row!.is_new) return;
        clearedAt.delete(key);
        if (!wasSaid) log.error({ incident: kind, subject }, words);
      } catch (err) {
        // Better an alarm a process than none.
        if (!unstored.has(key)) log.error({ incident: kind, subject, err }, words);
        unstored.add(key);
      }
    },

    async clear(kind, subject) {
      const key = `${kind} ${subject}`;
      if (!isToSay(clearedAt, key)) return;
      try {
        const ended = await prisma.$executeRaw`
          UPDATE incidents SET ended_at = paperboy_now() WHERE kind = ${kind} AND subject = ${subject} AND ended_at IS NULL
            AND last_seen_at <= paperboy_now() - ${QUIET_MINUTES[kind] ?? 0}::int * interval '1 minute'`;
        // What was said while the database was away is over as well: the next of its kind is said anew.
        unstored.delete(key);
        if (ended === 0) return;
        raisedAt.delete(key);
        log.info({ incident: kind, subject }, "is over");
      } catch (err) {
        log.debug({ incident: kind, subject, err }, "an incident could not be ended; it is tried again");
      }
    },
  };
}
