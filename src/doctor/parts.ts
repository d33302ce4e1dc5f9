/** The parts that Paperboy rests on: database and queue. */
import { judgeDrift, postgresqlName, postgresqlObjection } from "../core/limits.ts";
import type { RedisFacts } from "../queue/examine-redis.ts";
import type { DatabaseFacts } from "../store/examine-database.ts";
import { amber, green, notLookedAt, red, type Verdict } from "./finding.ts";

/** BullMQ 6 says so itself when it starts. */
const OLDEST_REDIS = "6.2.0";

/** @param isEmbedded our own: its faults are not mended by a setting */
export function judgeDatabase(facts: DatabaseFacts, { isEmbedded }: { isEmbedded: boolean }): Verdict {
  if (!facts.isReached)
    return red(
      `The database ${isRefusal(facts.code) ? "refuses us" : "does not answer"}: ${sentence(facts.words)}`,
      remedyOf(facts.code, isEmbedded),
    );
  const name = `${postgresqlName(facts.version)}${isEmbedded ? " (embedded)" : ""}`;
  const objection = postgresqlObjection(facts);
  if (objection) return red(objection.found, objection.advice);
  if (facts.broken !== null) return red(`${name} has another history than this program.`, sentence(facts.broken));
  const { applied, pending } = facts.migrations;
  if (pending.length === 0) return green(`${name} answers, with all ${applied} migrations.`);
  const missing = `${name} lacks ${pending.length} of ${applied + pending.length} migrations: ${pending.join(", ")}.`;
  return isEmbedded ? amber(missing, "The next start applies them.") : red(missing, "Run: npm run paperboy -- migrate");
}

export function judgeDatabaseClock(facts: DatabaseFacts): Verdict {
  if (!facts.isReached) return amber("Not looked at: the database does not answer.");
  return judgeClock(
    "the database",
    facts.now,
    facts.askedAt,
    "Set both machines by NTP: digests go by the clock of the database.",
  );
}

/** Older ones lose more than a week of who came, left and was sent what. */
const OLD_BACKUP_MS = 7 * 24 * 60 * 60_000;

/** @param isPublic it serves others, who would miss their subscriptions */
export function judgeBackups(facts: DatabaseFacts, isPublic: boolean): Verdict {
  if (!facts.isReached || facts.sources === null) return notLookedAt("what was backed up stands in the database");
  const { backedUpAt, now } = facts;
  const advice = "Run it daily, unless something else keeps copies: npm run paperboy -- backup paperboy.backup";
  if (backedUpAt !== null && now.getTime() - backedUpAt.getTime() <= OLD_BACKUP_MS)
    return green(`The last backup is of ${backedUpAt.toISOString().slice(0, 10)}.`);
  const found =
    backedUpAt === null
      ? "`paperboy backup` has not been used on this database."
      : `The last use of \`paperboy backup\` was on ${backedUpAt.toISOString().slice(0, 10)}.`;
  return isPublic ? amber(found, advice) : green(found);
}

/** @param whose "the database": its clock said `theirs` when ours said `ours` */
export function judgeClock(whose: string, theirs: Date, ours: Date, advice: string): Verdict {
  const { apartS, harm } = judgeDrift(theirs, ours);
  const found = `The clock of ${whose} is ${Math.abs(apartS)} s ${apartS < 0 ? "behind" : "ahead of"} ours.`;
  if (harm === "none") return green(`The clock of ${whose} agrees with ours.`);
  return harm === "noticed" ? amber(found, advice) : red(found, advice);
}

export function judgeRedis(facts: RedisFacts): Verdict {
  if (!facts.isReached)
    return red(
      `Redis does not answer: ${sentence(facts.words)}`,
      "Start it, or correct REDIS_URL; without REDIS_URL the queue lives in PostgreSQL.",
    );
  const name = `Redis ${facts.version}`;
  if (isOlder(facts.version, OLDEST_REDIS))
    return red(
      `${name} is older than ${OLDEST_REDIS}.`,
      "Upgrade it, or leave REDIS_URL out: the queue then lives in PostgreSQL.",
    );
  if (facts.maxmemoryPolicy !== "noeviction")
    return red(
      `${name} throws jobs away when its memory is full (maxmemory-policy ${facts.maxmemoryPolicy}).`,
      "Write in redis.conf: maxmemory-policy noeviction",
    );
  if (facts.persistence === "none")
    return amber(
      `${name} keeps jobs in memory alone: after its restart the workers ring for everything again, within a minute.`,
      "Write in redis.conf: appendonly yes",
    );
  const kept = facts.persistence === "aof" ? "writes jobs down as they come" : "takes snapshots";
  return green(`${name} answers, evicts nothing and ${kept}.`);
}

/** @param facts null where the database is yet to be made */
export function judgePostgresQueue(facts: DatabaseFacts | null): Verdict {
  return facts?.isReached === false
    ? amber("Not looked at: the queue lives in the database, which does not answer.")
    : green("The queue lives in PostgreSQL (REDIS_URL is not set).");
}

function remedyOf(code: string, isEmbedded: boolean): string {
  if (isEmbedded) return "Look at the log of PostgreSQL in DATA_DIR, and at what the start says.";
  if (code === "3D000") return "Make it (CREATE DATABASE), then run: npm run paperboy -- migrate";
  if (code.startsWith("28")) return "Correct user and password in DATABASE_URL, or let this machine in (pg_hba.conf).";
  if (code === "42501") return "Name the owner of its tables in DATABASE_URL, who ran the migrations.";
  return "Start it, or correct host and port in DATABASE_URL.";
}

/** It answered, and said no (PostgreSQL, appendix A: no such database, 28 authorization, 42501 privilege). */
function isRefusal(code: string): boolean {
  return code === "3D000" || code === "42501" || code.startsWith("28");
}

function isOlder(version: string, than: string): boolean {
  const [mine, theirs] = [version, than].map((text) => text.split(".").map(Number));
  const at = theirs!.findIndex((part, index) => part !== (mine![index] ?? 0));
  return at >= 0 && (mine![at] ?? 0) < theirs![at]!;
}

function sentence(words: string): string {
  return /[.!?]$/u.test(words) ? words : `${words}.`;
}
