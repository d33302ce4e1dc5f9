import { addDays, utcDayOf } from "../core/day.ts";
import type { Day } from "../core/paper.ts";
import { type Due, dueAt, editionFor, latestDue, sendBy } from "../core/schedule.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Editions } from "../store/editions.ts";
import type { Gate } from "../store/gate.ts";
import type { Planned } from "../store/plan-page.ts";
import type { GroupState, Planning } from "../store/planning.ts";
import { ringDoorbells } from "./doorbells.ts";

export type Needs = {
  planning: Pick<Planning, "groups" | "plan" | "decide" | "settleLate">;
  editions: Pick<Editions, "since" | "bounds">;
  gate: Pick<Gate, "opened">;
  queue: Pick<Queue, "ring">;
  log: Log;
  closesAt: string;
};

/** No edition is older than this at a reader's hour (weekly: 7 days), with a day for zones and one for the closing. */
const EDITIONS_BACK_DAYS = 9;
/** How many missed local days of a group are written down after a long absence. */
const MISSED_DAYS = 14;

interface KnownEditions {
  readonly known: Awaited<ReturnType<Editions["since"]>>;
  readonly startedOn: Day;
}

/**
 * Plans what fell due: for each group of readers the newest local day whose hour has come. Idempotent: a tick that comes
 * twice, late, or on two machines finds the day decided and the marks moved.
 */
export async function planDeliveries(needs: Needs, now: Date): Promise<number> {
  const since = addDays(utcDayOf(now), -EDITIONS_BACK_DAYS);
  const [known, { first: startedOn }, groups] = await Promise.all([
    needs.editions.since(since),
    needs.editions.bounds(),
    needs.planning.groups(),
  ]);
  if (startedOn === null) return 0;
  let planned = 0;
  for (const state of groups) planned += await planGroup(needs, state, { known, startedOn }, now);
  return planned;
}

async function planGroup(needs: Needs, state: GroupState, editions: KnownEditions, now: Date): Promise<number> {
  const due = latestDue(state.group, now);
  const isDecided = state.last !== null && state.last.outcome !== "waiting" && state.last.localDay >= due.localDay;
  if (isDecided && !state.hasLate) return 0;
  if (!isDecided) await noteMissed(needs, state, due);

  const until = sendBy(due);
  const choice =
    now > until ? ({ nothing: "late" } as const) : editionFor(due, editions.known, needs.closesAt, editions.startedOn);
  if ("take" in choice) {
    const joinedBy = joinedInTime(due);
    // Page by page, so that sending begins while a large group is still being planned.
    const ring = async ({ fromId, toId }: Planned) => {
      if (fromId === null || toId === null) return;
      const page = { editionDate: choice.take, localDay: due.localDay, fromId, toId };
      const part = await needs.gate.opened(page);
      if (part) await ringDoorbells(needs.queue, part);
    };
    const planned = await needs.planning.plan(state.id, due, choice.take, until, joinedBy, isDecided, ring);
    if (planned.count > 0)
      needs.log.info(
        { group: state.id, localDay: due.localDay, edition: choice.take, readers: planned.count },
        "planned",
      );
    return planned.count;
  }
  if (isDecided) await needs.planning.settleLate(state.id);
  else if ("wait" in choice) {
    const isNoted = state.last?.outcome === "waiting" && state.last.localDay === due.localDay;
    if (!isNoted) await needs.planning.decide(state.id, due, "waiting", "edition-open", choice.wait);
  } else await needs.planning.decide(state.id, due, choice.nothing === "late" ? "missed" : "nothing", choice.nothing);
  return 0;
}

/** Local days that went by undecided, while nothing ran or an edition stayed open, get their reason. */
async function noteMissed({ planning }: Needs, { id, group, last }: GroupState, due: Due): Promise<void> {
  if (!last) return;
  const oldest = addDays(due.localDay, -MISSED_DAYS);
  let day: Day = last.outcome === "waiting" ? last.localDay : addDays(last.localDay, 1);
  if (day < oldest) day = oldest;
  for (; day < due.localDay; day = addDays(day, 1)) {
    const at = dueAt(group, day);
    if (at) await planning.decide(id, { ...group, localDay: day, at }, "missed", "late");
  }
}

/**
 * Until when a reader must have taken this schedule to be due with it. Who moves their hour to one that has passed today
 * still gets today's digest; who moves a weekly day waits for the next.
 */
function joinedInTime(due: Due): Date {
  if (due.cadence === "weekly") return due.at;
  return dueAt({ cadence: "daily", zone: due.zone, hour: 0 }, addDays(due.localDay, 1)) ?? due.at;
}
