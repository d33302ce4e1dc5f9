/** A whole run of real workers while things happen to them, and what the far end and the ledger say of it afterwards. */
import { setTimeout as sleep } from "node:timers/promises";
import { migrate } from "../../src/store/migrate.ts";
import { aCampaign } from "./campaign.ts";
import { type FarEndOptions, type FarMail, startFarEnd } from "./far-end.ts";
import { type Blame, blame, type Happened, happen, type Kind, type Target } from "./mischief.ts";
import { startPostgres } from "./postgres.ts";
import { seeded } from "./random.ts";
import { startRedis } from "./redis.ts";
import { type Tally, tally } from "./tally.ts";
import { startWorker, type WorkerProcess } from "./worker.ts";

export interface HavocOptions {
  readonly readers: number;
  readonly workers?: number;
  /** Of each worker. */
  readonly connections?: number;
  readonly queue?: "Redis" | "PostgreSQL";
  /** Everything that is to happen; the seed decides in which order and when. */
  readonly mischief?: readonly Kind[];
  readonly farEnd?: FarEndOptions;
  readonly seed: number;
  /** How long the run may take. */
  readonly withinMs: number;
  readonly tell?: (line: string) => void;
}

export interface Havoc {
  readonly tally: Tally;
  readonly blame: Blame;
  readonly happened: readonly Happened[];
  readonly mails: readonly FarMail[];
  /** Workers that ended without having been told to. */
  readonly fell: number;
  /** How the last ones ended on SIGTERM. */
  readonly exits: readonly (number | NodeJS.Signals)[];
  /** By the clock of this machine, in milliseconds. */
  readonly startedAt: number;
  readonly seconds: number;
}

/** Something happens at least so often, even when nothing moves because of what happened before. */
const STALLED_MS = 20_000;

const MOST_APART_MS = 4_000;

/** A run that does not come to its end in time is counted as it then stands. */
export async function havoc(options: HavocOptions): Promise<Havoc> {
  const {
    readers,
    workers = 2,
    connections = 50,
    queue = "Redis",
    mischief = [],
    seed,
    withinMs,
    tell = () => {},
  } = options;
  const random = seeded(seed);
  const closers: (() => Promise<unknown>)[] = [];
  const open = async <T extends { close(): Promise<unknown> }>(opening: Promise<T>): Promise<T> => {
    const opened = await opening;
    closers.push(() => opened.close());
    return opened;
  };
  try {
    const postgres = await open(startPostgres());
    const redis = queue === "Redis" ? await open(startRedis()) : null;
    // Every worker there will ever be has a door of its own.
    const doors = workers + 4 * mischief.length + 10;
    const farEnd = await open(startFarEnd({ seed, ...options.farEnd, doors }));
    await migrate({ databaseUrl: postgres.url });
    const campaign = await open(aCampaign({ readers, databaseUrl: postgres.url, redisUrl: redis?.url }));

    const places: { worker: WorkerProcess; door: number; isFrozen: boolean }[] = [];
    let [fell, nextDoor, isOver] = [0, 0, false];
    const employ = () => {
      if (isOver) return;
      const door = nextDoor++;
      const SMTP_URL = farEnd.urls[door]!;
      const worker = startWorker({ ...campaign.env, SMTP_URL, SMTP_CONNECTIONS: String(connections) });
      const place = { worker, door, isFrozen: false };
      places.push(place);
      // As a supervisor does: whoever ends is replaced, whether killed or fallen by itself.
      void worker.gone.then(async (end) => {
        places.splice(places.indexOf(place), 1);
        if (end !== "SIGKILL" && !isOver) {
          fell += 1;
          tell(`the worker at door ${door} fell (${end}): ${worker.said().slice(-500)}`);
          await sleep(1_000);
        }
        employ();
      });
    };
    closers.push(async () => {
      isOver = true;
      await Promise.all([...places].map(({ worker }) => worker.kill()));
    });
    for (let n = 0; n < workers; n += 1) employ();
    const target: Target = { postgres, redis, random, awake: () => places.filter((place) => !place.isFrozen) };

    const [began, startedAt] = [performance.now(), Date.now()];
    const seconds = () => Math.round((performance.now() - began) / 1_000);
    const late = () => performance.now() - began > withinMs;
    await campaign.ring();
    const happenings: Happened[] = [];
    const underway: Promise<void>[] = [];
    const moments = mischief.map(() => Math.round(readers * (0.02 + 0.86 * random()))).sort((a, b) => a - b);
    // A loaded machine takes its time until a worker is up: nothing is there to be disturbed before.
    while (farEnd.count() === 0 && !late()) await sleep(20);
    for (const [n, kind] of shuffled(mischief, random).entries()) {
      const from = performance.now();
      // What one thing held up comes in a rush; the next does not follow it on the heel.
      await sleep(MOST_APART_MS * random());
      while (farEnd.count() < moments[n]! && performance.now() - from < STALLED_MS) await sleep(20);
      let done = await happen(kind, target);
      for (; !done && !late(); done = await happen(kind, target)) await sleep(200);
      if (!done) break;
      const { happened, over } = done;
      tell(
        `${seconds()} s, ${farEnd.count()} mails: ${kind}${happened.door === null ? "" : ` at door ${happened.door}`}`,
      );
      happenings.push(happened);
      const frozen = places.find(({ door }) => door === happened.door);
      if (frozen) frozen.isFrozen = true;
      underway.push(
        over.then(() => {
          if (frozen) frozen.isFrozen = false;
        }),
      );
    }

    for (let told = 0; !late(); ) {
      const left = await campaign.open();
      if (left?.waiting === 0) break;
      if (performance.now() - told > 30_000) {
        tell(`${seconds()} s, ${farEnd.count()} mails: ${left?.waiting} deliveries are still open`);
        told = performance.now();
      }
      await sleep(1_000);
    }
    await Promise.all(underway);
    await sleep(2_000); // whoever has woken up may do now what it should not
    isOver = true;
    const exits = await Promise.all([...places].map(({ worker }) => worker.end()));
    const ledger = await campaign.ledger();
    const mails = await farEnd.mails();
    const counted = tally(ledger, mails);
    const blamed = blame(counted.doubles, happenings);
    return { tally: counted, blame: blamed, happened: happenings, mails, fell, exits, startedAt, seconds: seconds() };
  } finally {
    for (const close of closers.reverse()) await close();
  }
}

function shuffled<T>(all: readonly T[], random: () => number): T[] {
  const rest = [...all];
  return all.map(() => rest.splice(Math.floor(random() * rest.length), 1)[0]!);
}
