/** What happens to a run from outside, at points a seed chooses; and which doubled mail is whose doing. */
import { setTimeout as sleep } from "node:timers/promises";
import type { BreakablePostgres } from "./postgres.ts";
import type { BreakableRedis } from "./redis.ts";
import type { Double } from "./tally.ts";
import type { WorkerProcess } from "./worker.ts";

export type Kind =
  | "kill worker"
  | "freeze worker"
  /** Longer than a claim lasts: others take over what it holds. */
  | "freeze worker past its claims"
  | "kill PostgreSQL"
  | "freeze PostgreSQL"
  | "kill Redis"
  | "freeze Redis"
  | "flush Redis";

/** One thing that happened. Times are of this machine's clock, in milliseconds. */
export interface Happened {
  readonly kind: Kind;
  readonly at: number;
  until: number;
  /** The far end's door of the worker it happened to; null when it happened to a server. */
  readonly door: number | null;
}

export interface Target {
  readonly postgres: BreakablePostgres;
  readonly redis: BreakableRedis | null;
  /** Those that are neither frozen nor gone, by their door. */
  awake(): { worker: WorkerProcess; door: number }[];
  random(): number;
}

/** A claim lasts 180 s (LEASE_MS in actions/deliver-batch.ts), and the sweep that takes it back comes each minute. */
const PAST_CLAIMS_MS = 250_000;

/**
 * Does it. Resolves when the run may go on; `over` when the effect has passed (a frozen worker is awake again).
 *
 * @returns null when there is nobody it could happen to
 */
export async function happen(kind: Kind, target: Target): Promise<{ happened: Happened; over: Promise<void> } | null> {
  const { postgres, redis, random } = target;
  const awake = target.awake();
  const one = awake[Math.floor(random() * awake.length)];
  const isWorker = kind.includes("worker");
  // Somebody has to take over what a sleeper holds.
  if (isWorker && awake.length < (kind === "freeze worker past its claims" ? 2 : 1)) return null;
  const happened: Happened = { kind, at: Date.now(), until: Date.now(), door: isWorker ? one!.door : null };
  const ended = () => {
    happened.until = Date.now();
  };
  const frozen = async (part: { freeze(): void; thaw(): void }, ms: number) => {
    part.freeze();
    await sleep(ms);
    part.thaw();
    ended();
  };
  const restarted = async (part: { kill(): Promise<void>; start(): Promise<void> }) => {
    await part.kill();
    await sleep(200 + 1_300 * random());
    await part.start();
    ended();
  };
  let over = Promise.resolve();
  if (kind === "kill worker") await one!.worker.kill().then(ended);
  else if (kind === "freeze worker") over = frozen(one!.worker, 1_000 + 19_000 * random());
  else if (kind === "freeze worker past its claims") over = frozen(one!.worker, PAST_CLAIMS_MS);
  else if (kind === "kill PostgreSQL") await restarted(postgres);
  else if (kind === "freeze PostgreSQL") await frozen(postgres, 1_000 + 5_000 * random());
  else if (kind === "kill Redis") await restarted(redis!);
  else if (kind === "freeze Redis") await frozen(redis!, 1_000 + 5_000 * random());
  else await redis!.flush().then(ended);
  return { happened, over };
}

/** What a kill explains: the outcomes that were not recorded because of it. Redis explains none. */
export interface Blame {
  readonly unexplained: readonly Double[];
  /** Doubled mails of what happened, most first. */
  readonly byHappening: readonly { readonly happened: Happened; readonly doubles: number }[];
  /** Most doubles that one thing that happened made of one connection. */
  readonly mostOnAConnection: number;
}

/** An outcome is recorded within this time of its mail, frozen servers included: what happened later did not prevent it. */
const RECORDED_WITHIN_MS = 15_000;
/** A mail may be on its way through the sockets of a process that is gone. */
const IN_THE_WIRE_MS = 2_000;

/**
 * Whose doing each double is. An outcome is unrecorded when its worker was killed after the mail, when PostgreSQL was
 * killed, or when its worker slept past its claim; whoever slept may also be the one that sends the second copy.
 */
export function blame(doubles: readonly Double[], all: readonly Happened[]): Blame {
  const unexplained: Double[] = [];
  const counts = new Map<Happened, Map<number, number>>();
  for (const double of doubles) {
    const { first, second } = double;
    const [lost] = all
      .filter(({ kind, door }) => kind === "kill PostgreSQL" || (door === first.door && kind !== "freeze worker"))
      .map((happened) => ({ happened, apartMs: apart(first.at, happened) }))
      .filter(({ apartMs }) => apartMs < RECORDED_WITHIN_MS)
      .sort((a, b) => a.apartMs - b.apartMs);
    // Whoever wakes up first goes on with what it had begun; later it is a worker like any other.
    const woke = all.find(
      ({ kind, door, at, until }) =>
        kind === "freeze worker past its claims" &&
        door === second.door &&
        first.at > at &&
        second.at < until + RECORDED_WITHIN_MS,
    );
    const culprit = lost?.happened ?? woke;
    if (!culprit) {
      unexplained.push(double);
      continue;
    }
    const ofIt = counts.get(culprit) ?? new Map<number, number>();
    counts.set(culprit, ofIt);
    const { connection } = lost ? first : second;
    ofIt.set(connection, (ofIt.get(connection) ?? 0) + 1);
  }
  const byHappening = [...counts].map(([happened, of]) => ({
    happened,
    doubles: [...of.values()].reduce((sum, one) => sum + one, 0),
  }));
  return {
    unexplained,
    byHappening: byHappening.sort((a, b) => b.doubles - a.doubles),
    mostOnAConnection: Math.max(0, ...[...counts.values()].flatMap((of) => [...of.values()])),
  };
}

/** How long after a mail something happened; infinite when it was over before. */
function apart(mailAt: number, { at, until }: Happened): number {
  if (mailAt > until + IN_THE_WIRE_MS) return Number.POSITIVE_INFINITY;
  return mailAt < at ? at - mailAt : Math.max(0, mailAt - until);
}
