import { addDays, utcDayOf } from "../core/day.ts";
import type { DeliveryReason } from "../core/delivery.ts";
import type { EditionState } from "../core/edition.ts";
import type { Day } from "../core/paper.ts";
import type { ReaderKind } from "../core/reader-kinds.ts";
import type { Played, PlayedDigest } from "../core/replayed.ts";
import { editionDueAt, nextDue } from "../core/schedule.ts";
import { groupOf } from "../core/subscription.ts";
import type { Composed } from "../mail/message.ts";
import type { Pace } from "../mail/pace.ts";
import type { Post } from "../mail/post.ts";
import type { Heard, RecordedFolder } from "../sources/read-recording.ts";
import type { Deliveries } from "../store/deliveries.ts";
import type { Editions } from "../store/editions.ts";
import type { Requests } from "../store/requests.ts";
import type { Shelf } from "../store/shelf.ts";
import type { Subscriptions } from "../store/subscriptions.ts";
import { type Needs as CloseNeeds, closeEdition, dueEditions } from "./close-edition.ts";
import { type Needs as CollectNeeds, hear } from "./collect-papers.ts";
import { type Needs as DeliverNeeds, deliverBatch } from "./deliver-batch.ts";
import { importPapers } from "./import-papers.ts";
import { type Needs as PlanNeeds, planDeliveries } from "./plan-deliveries.ts";

/** What collecting, closing, planning and delivering need, but for what leads out of the house. */
export type Needs = Pick<CollectNeeds, "papers" | "pulls"> &
  Omit<CloseNeeds, "sources"> &
  Omit<PlanNeeds, "queue"> &
  Omit<DeliverNeeds, "post" | "pace"> & {
    deliveries: Pick<Deliveries, "overdue">;
    editions: Pick<Editions, "since" | "undecided">;
    requests: Pick<Requests, "add" | "answered">;
    subscriptions: Pick<Subscriptions, "confirm">;
    post: Pick<Post, "fitDigest">;
    shelf: Pick<Shelf, "get" | "forget">;
    /** Sets the clock of the process, which `now` tells, and that of the database. */
    setClock(to: Date): Promise<void>;
  };

export interface Replay {
  /** The compressed time that was played, its end not included. */
  readonly from: Date;
  readonly until: Date;
  readonly editions: readonly { readonly date: Day; readonly state: EditionState }[];
  /** In the order of the kinds. */
  readonly kinds: readonly Played[];
}

const HOUR_MS = 60 * 60_000;
const DAY_MS = 24 * HOUR_MS;

/**
 * Plays what was recorded on a compressed clock, in an empty database, and delivers to one reader of each kind, who is
 * there from the beginning. Hearing, closing, planning and picking are the product's own actions; what would be mailed is
 * noted and counts as accepted. It ends when everybody's hour came once after the last edition.
 *
 * @param onTime told the time that is played, as it goes on
 */
export async function replay(
  needs: Needs,
  recorded: RecordedFolder,
  kinds: readonly ReaderKind[],
  onTime: (now: Date, until: Date) => void = () => {},
): Promise<Replay> {
  const { heard } = recorded;
  const from = heard[0]!.at;
  const until = new Date(editionDueAt(addDays(utcDayOf(heard.at(-1)!.at), -1), needs.closesAt).getTime() + DAY_MS);
  await needs.setClock(from);
  const audience = await seat(needs, kinds);
  const stage = { ...needs, ...witness(needs, audience) };
  const closing = closer(stage, heard);

  let next = 0;
  let closeAt = nextClose(from, needs.closesAt, false);
  for (;;) {
    const coming = [closeAt, ...audience.map(({ dueAt }) => dueAt), ...heard.slice(next, next + 1).map(({ at }) => at)];
    const now = new Date(Math.min(...coming.map(Number)));
    if (now >= until) break;
    onTime(now, until);
    await needs.setClock(now);

    let hasClosed = false;
    const close = async () => {
      const isWaiting = await closing.close(now);
      closeAt = nextClose(now, needs.closesAt, isWaiting);
      hasClosed = true;
    };
    for (; next < heard.length && heard[next]!.at <= now; next += 1)
      if (await listen(needs, recorded, heard[next]!)) await close();
    if (now >= closeAt) await close();

    const due = audience.filter(({ dueAt }) => dueAt <= now);
    for (const reader of due) fallDue(reader);
    if ((!hasClosed && due.length === 0) || (await planDeliveries(stage, now)) === 0) continue;
    for (const range of await needs.deliveries.overdue(0, PAGE, PAGE)) await deliverBatch(stage, range);
  }
  const editions = await needs.editions.since(closing.firstDay);
  return {
    ...{ from, until },
    editions: editions.map(({ date, state }) => ({ date, state })).sort((a, b) => (a.date < b.date ? -1 : 1)),
    kinds: audience.map(({ kind, due, digests, empty }) => ({ kind, due, digests, empty })),
  };
}

/** Hears one thing as it was recorded. @returns whether a round of collecting is over with it */
async function listen(needs: Needs, recorded: RecordedFolder, heard: Heard): Promise<boolean> {
  if (heard.kind === "file") {
    const readPapersFile = () => recorded.papers(heard);
    await importPapers({ papers: needs.papers, readPapersFile }, heard.path, { listedOn: heard.day, seenAt: heard.at });
    return true;
  }
  const answer = await recorded.answer(heard);
  if (answer.kind === "enrichment") await needs.papers.add(answer.sightings, heard.at);
  // What it repeated may have been listed before the recording began.
  else await hear(needs, { ...answer, repeats: answer.repeats || answer.outcome === "repeating" });
  return heard.endsRound;
}

/** Closes what is due, of the days the recording tells of, by the sources that were asked about each. */
function closer(needs: Omit<CloseNeeds, "sources"> & Pick<Needs, "editions" | "shelf">, heard: readonly Heard[]) {
  const trending = heard.flatMap((one) => (one.kind === "answer" && one.trending ? one : []));
  const all = new Set(trending.map(({ source }) => source));
  const fileDays = new Set(heard.flatMap((one) => (one.kind === "file" ? one.day : [])));
  /** A day of files was whole with them. One nobody was asked about waits for every source, as it did live. */
  const sourcesOf = (date: Day) => {
    const asked = new Set(trending.flatMap(({ day, source }) => (day === date ? source : [])));
    const names = asked.size > 0 || fileDays.has(date) ? asked : all;
    return [...names].map((name) => ({ name, trending: true }));
  };
  const firstDay = heard.flatMap(({ day }) => day ?? []).sort()[0] ?? utcDayOf(heard[0]!.at);
  return {
    firstDay,
    /** @returns whether one stays open, and is to be asked for again */
    async close(now: Date): Promise<boolean> {
      let isWaiting = false;
      for (const date of await dueEditions(needs, now)) {
        if (date < firstDay) continue;
        const decision = await closeEdition({ ...needs, sources: sourcesOf(date) }, date, now);
        // Days pass in a second here: what the shelf keeps for half an hour would miss that two papers were one.
        if (decision !== "already-decided" && decision.state === "closed") needs.shelf.forget();
        isWaiting ||= decision !== "already-decided" && decision.state === "open";
      }
      return isWaiting;
    },
  };
}

/**
 * When to look next for editions to close, besides behind each round: when one falls due, and while one waits each hour
 * after that, since what it waits for is a round, or the end of our patience, which is so many hours long.
 */
function nextClose(now: Date, closesAt: string, isWaiting: boolean): Date {
  const stepMs = isWaiting ? HOUR_MS : DAY_MS;
  const before = editionDueAt(addDays(utcDayOf(now), -2), closesAt).getTime();
  return new Date(before + (Math.floor((now.getTime() - before) / stepMs) + 1) * stepMs);
}

/** Deliveries of one doorbell. */
const PAGE = 1_000;

interface Reader extends Played {
  readonly subscriptionId: bigint;
  readonly due: Day[];
  readonly digests: PlayedDigest[];
  readonly empty: { localDay: Day; editionDate: Day; reason: DeliveryReason }[];
  /** When their hour comes next, and on which local day. */
  dueAt: Date;
  dueOn: Day;
}

/** A reader of each kind, subscribed before there is any edition: nobody gets a welcome digest. */
async function seat({ requests, subscriptions, now }: Needs, kinds: readonly ReaderKind[]): Promise<Reader[]> {
  const audience: Reader[] = [];
  for (const [n, kind] of kinds.entries()) {
    const email = `kind-${n + 1}@example.org`;
    const wanted = { email, addressKey: email, wanted: kind.preferences, askedBy: "api" as const };
    const requestId = await requests.add(wanted);
    await requests.answered(requestId, "confirmation");
    const confirmed = await subscriptions.confirm(
      requestId,
      () => null,
      async () => {},
    );
    if (confirmed.outcome !== "confirmed")
      throw new Error(`${kind.name} could not be subscribed: the database is not empty`);
    // An hour that comes as the clock starts counts.
    const { at, localDay } = nextDue(groupOf(kind.preferences), new Date(now().getTime() - 1));
    audience.push({ kind, subscriptionId: confirmed.id, due: [], digests: [], empty: [], dueAt: at, dueOn: localDay });
  }
  return audience;
}

function fallDue(reader: Reader): void {
  reader.due.push(reader.dueOn);
  const { at, localDay } = nextDue(groupOf(reader.kind.preferences), reader.dueAt);
  reader.dueAt = at;
  reader.dueOn = localDay;
}

/** In place of the mail room and the queue: notes what each reader would get, and sends nothing. */
function witness(needs: Needs, audience: readonly Reader[]) {
  const readerOf = (id: bigint) => audience.find(({ subscriptionId }) => subscriptionId === id)!;
  const post: DeliverNeeds["post"] = {
    fitDigest: (of) => needs.post.fitDigest(of),
    composeDigest({ digest, delivery: { localDay, subscriptionId, email }, composedAt }) {
      const papers = digest.items.map(({ paper }) => paper);
      readerOf(subscriptionId).digests.push({ localDay, editionDate: digest.editionDate, papers });
      return { raw: NOTHING, envelope: { from: email, to: email }, messageId: "", composedAt } satisfies Composed;
    },
    send: async () => ({ kind: "accepted", response: "250 noted" }),
    letGo: () => {},
  };
  const recorder: DeliverNeeds["recorder"] = {
    record(delivery, outcome) {
      const { subscriptionId, localDay, editionDate } = delivery;
      if (outcome.state === "empty")
        readerOf(subscriptionId).empty.push({ localDay, editionDate, reason: outcome.reason as DeliveryReason });
      return needs.recorder.record(delivery, outcome);
    },
  };
  const pace: Pace = { take: () => 0, perSecond: null };
  return { post, recorder, pace, queue: { ring: async () => {} } };
}

const NOTHING = Buffer.alloc(0);
