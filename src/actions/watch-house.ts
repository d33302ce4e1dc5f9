import type { IncidentKind } from "../core/alarms.ts";
import { addDays, utcDayOf } from "../core/day.ts";
import {
  certificateTroubles,
  clockTroubles,
  complaintTroubles,
  editionTroubles,
  journalTroubles,
  partitionTroubles,
  planningTroubles,
  refusalTroubles,
  restorationTroubles,
  roomTroubles,
  SILENT_MINUTES,
  sourceTroubles,
  type Trouble,
} from "../core/troubles.ts";
import type { Log } from "../log.ts";
import type { ServerFacts, ServerFault } from "../mail/examine-server.ts";
import type { Source } from "../sources/source.ts";
import type { Editions } from "../store/editions.ts";
import type { House } from "../store/house.ts";
import type { Incidents } from "../store/incidents.ts";
import type { Pulls } from "../store/pulls.ts";
import type { Tallies } from "../store/tallies.ts";
import type { Ticks } from "../store/ticks.ts";

export type Needs = {
  incidents: Incidents;
  ticks: Pick<Ticks, "claim" | "last">;
  editions: Pick<Editions, "since" | "bounds">;
  house: Pick<House, "partitionsUntil" | "complaints" | "restoration">;
  pulls: Pick<Pulls, "health">;
  tallies: Pick<Tallies, "byDay">;
  sources: readonly Pick<Source, "name" | "trending" | "everyRound">[];
  /** Each SMTP server, looked at. */
  mailServers: () => Promise<readonly (ServerFacts | ServerFault)[]>;
  /** What only this machine can see. */
  machine: {
    readonly host: string;
    readonly folders: readonly string[];
    readonly journalPath: string;
    freeBytes(folder: string): Promise<number>;
    writeFault(path: string): Promise<string | null>;
  };
  closesAt: string;
  databaseNow: () => Promise<Date>;
  now: () => Date;
  log: Log;
};

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** A look that one process takes for all of them, once in `everyMs`. */
interface Look {
  readonly name: string;
  readonly everyMs: number;
  /** What it may find: of these, whatever a whole look does not find is over. */
  readonly kinds: readonly IncidentKind[];
  find(needs: Needs, now: Date): Promise<{ readonly found: readonly Trouble[]; readonly isWhole: boolean }>;
}

const LOOKS: readonly Look[] = [
  {
    ...{ name: "look at the hour", everyMs: MINUTE_MS, kinds: ["edition-late", "edition-broken", "workers-silent"] },
    async find({ editions, ticks, closesAt }, now) {
      const [known, { first }, plannedAt] = await Promise.all([
        editions.since(addDays(utcDayOf(now), -7)),
        editions.bounds(),
        ticks.last("plan"),
      ]);
      const found = [...editionTroubles(known, { first, closesAt, now }), ...planningTroubles(plannedAt, now)];
      return { found, isWhole: true };
    },
  },
  {
    ...{ name: "look at the day", everyMs: 15 * MINUTE_MS },
    kinds: [
      "source-failing",
      "source-small",
      "refusal-rate",
      "complaints",
      "complaints-high",
      "partitions",
      "restored",
    ],
    async find({ pulls, tallies, house, sources }, now) {
      const today = utcDayOf(now);
      // Local days begin before and end after those of UTC.
      const week = await tallies.byDay({ since: addDays(today, -6), until: addDays(today, 1) });
      const sum = (state: "accepted" | "refused", since: string) =>
        week.reduce((total, { localDay, counts }) => total + (localDay >= since ? counts[state] : 0), 0);
      const yesterday = addDays(today, -1);
      const found = [
        ...sourceTroubles(await pulls.health(), sources, now),
        ...refusalTroubles({ accepted: sum("accepted", yesterday), refused: sum("refused", yesterday) }),
        ...complaintTroubles({ accepted: sum("accepted", ""), complaints: await house.complaints() }),
        ...partitionTroubles(await house.partitionsUntil(), now),
        ...restorationTroubles(await house.restoration(), now),
      ];
      return { found, isWhole: true };
    },
  },
  {
    ...{ name: "look at the certificates", everyMs: 24 * HOUR_MS, kinds: ["certificate"] },
    async find({ mailServers }, now) {
      const servers = await mailServers();
      const found = servers.flatMap((facts) =>
        "fault" in facts || facts.tls === null
          ? []
          : certificateTroubles(`${facts.host}:${facts.port}`, facts.tls.validUntil, now),
      );
      // That one does not answer is found out by the mails; what its certificate is nobody saw.
      return { found, isWhole: !servers.some((facts) => "fault" in facts) };
    },
  },
];

/**
 * Looks whether anything is wrong in the house or soon will be, and opens and ends incidents accordingly. What all processes
 * share is looked at by whoever comes first, what only this machine can see by each.
 *
 * @param watchedSince when this process began to watch: after a long rest much is late, and caught up with in some minutes
 */
export async function watchHouse(needs: Needs, watchedSince: Date): Promise<void> {
  const ownNow = needs.now();
  const now = await needs.databaseNow();
  // One that fails, as on a folder that is gone, does not keep the others from being taken.
  const lookOrWarn = (name: string, look: Promise<void>) =>
    look.catch((err) => needs.log.warn({ err }, `could not ${name}`));
  await lookOrWarn("look at this machine", lookAtMachine(needs, now, ownNow));
  if (now.getTime() - watchedSince.getTime() < SILENT_MINUTES * MINUTE_MS) return;
  for (const look of LOOKS) {
    if (!(await needs.ticks.claim(look.name, look.everyMs))) continue;
    await lookOrWarn(look.name, settle(needs, look, now));
  }
}

async function settle(needs: Needs, look: Look, now: Date): Promise<void> {
  const { incidents } = needs;
  const { found, isWhole } = await look.find(needs, now);
  for (const { kind, subject, words } of found) await incidents.raise(kind, subject, words);
  if (!isWhole) return;
  for (const { kind, subject } of await incidents.standing())
    if (look.kinds.includes(kind) && !found.some((trouble) => trouble.kind === kind && trouble.subject === subject))
      await incidents.clear(kind, subject);
}

/** By subjects that name this machine: another one's troubles are not ours to end. */
async function lookAtMachine({ incidents, machine }: Needs, now: Date, ownNow: Date): Promise<void> {
  const { host, folders, journalPath } = machine;
  const judge = async (kinds: readonly IncidentKind[], subject: string, found: readonly Trouble[]) => {
    for (const kind of kinds) {
      const trouble = found.find((each) => each.kind === kind);
      await (trouble ? incidents.raise(kind, subject, trouble.words) : incidents.clear(kind, subject));
    }
  };
  for (const folder of folders) {
    const place = `${host}:${folder}`;
    await judge(["disk", "disk-full"], place, roomTroubles(place, await machine.freeBytes(folder)));
  }
  const journal = `${host}:${journalPath}`;
  await judge(["journal"], journal, journalTroubles(journal, await machine.writeFault(journalPath)));
  await judge(["clock"], host, clockTroubles(host, now, ownNow));
}
