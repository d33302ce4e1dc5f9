/** What Prometheus reads: this process's counts, and what database, queue and disk say at the moment. */
import { statfs } from "node:fs/promises";
import type { IncomingMessage, RequestListener } from "node:http";
import { addDays, utcDayOf } from "../core/day.ts";
import { DELIVERY_MOVES, type DeliveryState } from "../core/delivery.ts";
import type { Log } from "../log.ts";
import { forget, known, registry } from "../metrics.ts";
import type { Queue } from "../queue/queue.ts";
import type { Pulls } from "../store/pulls.ts";
import type { Tallies } from "../store/tallies.ts";
import type { VitalSigns } from "../store/vitals.ts";

export interface Scraped {
  readonly vitals: VitalSigns;
  readonly tallies: Pick<Tallies, "byEdition" | "byDay">;
  readonly pulls: Pick<Pulls, "health">;
  readonly queue: Pick<Queue, "counts" | "pulse">;
  readonly dataDir: string;
  readonly log: Log;
  readonly now: () => Date;
}

/** Prometheus asks every 15 s, and several may ask; who asks sooner is told the same of database and queue. */
const CACHE_MS = 5_000;
/** A database that is away must not keep the rest of the story from being told. */
const PATIENCE_MS = 4_000;
const DAYS = 7;
const EDITION_STATES = ["open", "closed", "quiet", "broken"] as const;
const STATES = Object.keys(DELIVERY_MOVES) as DeliveryState[];

/** @returns what is to be told, in the text format of Prometheus */
export function openScrape(app: Scraped, { cacheMs = CACHE_MS } = {}): () => Promise<string> {
  let reading: Promise<void> | null = null;
  let readAt = Number.NEGATIVE_INFINITY;
  const read = async () => {
    await Promise.all([
      told(app, known.databaseUp, () => tellDatabase(app), FROM_DATABASE),
      told(app, known.queueUp, () => tellQueue(app), FROM_QUEUE),
      tellDisk(app.dataDir),
    ]);
    readAt = performance.now();
  };
  return async () => {
    if (performance.now() - readAt >= cacheMs)
      reading ??= read().finally(() => {
        reading = null;
      });
    await reading;
    for (const [state, count] of Object.entries(app.vitals.connections())) known.pool.set({ state }, count);
    return registry.metrics();
  };
}

/** Answers every request with the metrics, whatever its path: for a port that is there for nothing else. */
export function scrapeListener(
  scrape: () => Promise<string>,
  isAllowed: (req: IncomingMessage) => boolean,
): RequestListener {
  return (req, res) => {
    const say = (status: number, type: string, body: string) =>
      res.writeHead(status, { "Content-Type": type, "Cache-Control": "no-store" }).end(body);
    if (req.url?.split("?", 1)[0] !== "/metrics") return void say(404, "text/plain", "There is only /metrics here.\n");
    if (!isAllowed(req)) return void say(401, "text/plain", "Metrics are for the operator.\n");
    scrape().then(
      (text) => say(200, registry.contentType, text),
      () => say(500, "text/plain", "The metrics could not be read.\n"),
    );
  };
}

type Gauge = (typeof known)[keyof typeof known];

const FROM_DATABASE: readonly Gauge[] = [
  ...[known.sweptAt, known.oldestDue, known.oldestRequest, known.oldestReport, known.stops, known.deliveries],
  ...[known.editionDeliveries, known.editionClosedAt, known.editionPapers, known.editionState, known.decidedUntil],
  ...[known.sourceGoodAt, known.sourceFailures, known.incidents],
];
const FROM_QUEUE: readonly Gauge[] = [known.queueJobs, known.queueOldest, known.rhythmLag];

/** What is not known any more is left out, not told from memory. */
async function told({ log }: Scraped, up: typeof known.databaseUp, tell: () => Promise<void>, from: readonly Gauge[]) {
  try {
    await within(PATIENCE_MS, tell());
    up.set(1);
  } catch (err) {
    log.debug({ err }, "could not be measured");
    from.forEach(forget);
    up.set(0);
  }
}

async function tellDatabase({ vitals, tallies, pulls, now }: Scraped): Promise<void> {
  const today = utcDayOf(now());
  const [seen, days, sources] = await Promise.all([
    vitals.read(),
    // The local day is tomorrow's already where the sun rises first.
    tallies.byDay({ since: addDays(today, 1 - DAYS), until: addDays(today, 1) }),
    pulls.health(),
  ]);
  const newest = seen.newestClosed === null ? null : await tallies.byEdition(seen.newestClosed);

  FROM_DATABASE.forEach(forget);
  const ageOf = (since: Date | null) => (since ? Math.max(0, (seen.now.getTime() - since.getTime()) / 1_000) : 0);
  known.oldestDue.set(ageOf(seen.oldestDueAt));
  known.oldestRequest.set(ageOf(seen.oldestRequestAt));
  known.oldestReport.set(ageOf(seen.oldestReportAt));
  setTime(known.sweptAt, seen.sweptAt);
  setTime(known.editionClosedAt, seen.newestClosedAt);
  setTime(known.decidedUntil, seen.decidedUntil === null ? null : new Date(addDays(seen.decidedUntil, 1)));
  known.editionPapers.set(seen.newestPapers);
  for (const state of [...EDITION_STATES, "none"] as const)
    known.editionState.set({ state }, Number((seen.lastState ?? "none") === state));
  for (const kind of ["operator", "brake"]) known.stops.set({ kind }, seen.stops[kind] ?? 0);
  for (const [kind, count] of Object.entries(seen.incidents)) known.incidents.set({ kind }, count);

  const sum = (state: DeliveryState) => days.reduce((total, { counts }) => total + counts[state], 0);
  for (const state of STATES) {
    known.deliveries.set({ state }, sum(state));
    if (newest) known.editionDeliveries.set({ state }, newest[state]);
  }
  for (const { source, lastGoodAt, failures } of sources) {
    if (lastGoodAt) known.sourceGoodAt.set({ source }, lastGoodAt.getTime() / 1_000);
    known.sourceFailures.set({ source }, failures);
  }
}

function setTime(gauge: typeof known.sweptAt, at: Date | null): void {
  if (at) gauge.set(at.getTime() / 1_000);
}

async function tellQueue({ queue }: Scraped): Promise<void> {
  const [counts, { waitingSince, lateMs }] = await Promise.all([queue.counts(), queue.pulse()]);
  FROM_QUEUE.forEach(forget);
  for (const [name, states] of Object.entries(counts))
    for (const [state, count] of Object.entries(states)) known.queueJobs.set({ queue: name, state }, count);
  for (const [name, since] of Object.entries(waitingSince))
    known.queueOldest.set({ queue: name }, since ? Math.max(0, (Date.now() - since.getTime()) / 1_000) : 0);
  for (const [rhythm, ms] of Object.entries(lateMs)) known.rhythmLag.set({ rhythm }, ms / 1_000);
}

async function tellDisk(dataDir: string): Promise<void> {
  const { bavail, blocks, bsize } = await statfs(dataDir);
  known.diskFree.set(bavail * bsize);
  known.diskSize.set(blocks * bsize);
}

function within<T>(ms: number, work: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
