/** May it go? Answers from memory, which every process reads anew each second from the stops and waves of the database. */
import type { Day } from "../core/paper.ts";
import { MOST_REFUSED, type RefusalWatch, watchRefusals } from "../core/wave.ts";
import type { Log } from "../log.ts";
import type { DeliveryRange } from "./claims.ts";
import type { Incidents } from "./incidents.ts";
import type { Stop, Stops } from "./stops.ts";
import type { Page, Waves } from "./waves.ts";

/** What a server said to a mail. `other`: neither yes nor never. */
export type SeenOutcome = "accepted" | "refused" | "other";

export interface Gate {
  /**
   * Notes a page of deliveries that was planned, of whatever size, before anybody is rung for it.
   *
   * @returns the part to ring for now; null for none. The rest is rung for when its wave is released
   */
  opened(page: Page): Promise<DeliveryRange | null>;
  /** The parts of a range that may be claimed now. @throws {Temporary} when the database does not answer */
  admitted(range: DeliveryRange): Promise<DeliveryRange[]>;
  /** Whether all of a range may be claimed now: asked before each claim. @throws {Temporary} likewise */
  admits(range: DeliveryRange): Promise<boolean>;
  /** Whether a claimed mail may begin: asked before each. From memory, a second old; false once that is too old to trust. */
  mayBegin(editionDate: Day): boolean;
  /** What a server answered to a mail. Too many refusals stop the edition, here at once and everywhere within a second. */
  saw(editionDate: Day, outcome: SeenOutcome): void;
  /** Stops an edition, with one alarm, until somebody resumes. */
  brake(editionDate: Day, because: string): Promise<void>;
  /** Stops every digest. @returns the stop that stands now; `isNew` unless it stood before */
  pause(because: string): Promise<Stop & { readonly isNew: boolean }>;
  /** Lifts all there is to lift. @returns it, oldest first */
  resume(): Promise<Stop[]>;
  close(): Promise<void>;
}

interface Memory {
  readonly readAt: number;
  readonly isStopped: boolean;
  readonly editions: ReadonlySet<Day>;
  readonly closed: readonly DeliveryRange[];
}

/** A memory as old as this is of a database that does not answer. */
const TRUSTED_MS = 5_000;
/** A claimed mail begins within a minute of its claim or not at all: the memory is kept fresh for somewhat longer. */
const KEEP_FRESH_MS = 90_000;
/** Editions whose outcomes are watched: yesterday's retries run beside today's. */
const WATCHED = 4;

export function openGate(
  { stops, waves, incidents, log }: { stops: Stops; waves: Waves; incidents: Incidents; log: Log },
  { refreshMs = 1_000 } = {},
): Gate {
  let memory: Memory | null = null;
  let reading: Promise<void> | null = null;
  let timer: NodeJS.Timeout | null = null;
  let usedAt = 0;
  const watches = new Map<Day, RefusalWatch>();
  /** Stopped by this process and not stored yet. */
  const braking = new Map<Day, string>();

  const isYounger = (ms: number) => memory !== null && performance.now() - memory.readAt < ms;

  const storeBrake = async (editionDate: Day, because: string) => {
    // First the alarm: killed between the two, the next refusals stop the edition, but nobody would raise it again.
    await incidents.raise("refusals", editionDate, `${because} \`paperboy resume\` lets it go on.`);
    await stops.stop(editionDate, because);
  };

  const read = async () => {
    const toStore = [...braking];
    for (const [editionDate, because] of toStore) await storeBrake(editionDate, because);
    const readAt = performance.now();
    const [standing, closed] = await Promise.all([stops.standing(), waves.closed()]);
    const editions = new Set(standing.flatMap(({ editionDate }) => editionDate ?? []));
    // Who lifts a brake has looked: what was refused before does not count again.
    for (const was of memory?.editions ?? []) if (!editions.has(was)) watches.delete(was);
    memory = { readAt, isStopped: standing.some((stop) => stop.editionDate === null), editions, closed };
    for (const [editionDate] of toStore) braking.delete(editionDate);
  };

  /** One reading at a time; who asks while one is under way waits for that one. */
  const refresh = (): Promise<void> => {
    reading ??= read().finally(() => {
      reading = null;
    });
    return reading;
  };
  /** A reading that began after now. */
  const readAnew = async () => {
    await reading?.catch(() => {}); // whoever asked for that one hears of its failure
    await refresh();
  };
  const inBackground = () => void refresh().catch((err) => log.debug({ err }, "the gate could not be read"));

  const use = () => {
    usedAt = performance.now();
    timer ??= setInterval(() => {
      if (performance.now() - usedAt < KEEP_FRESH_MS) return inBackground();
      clearInterval(timer!);
      timer = null;
    }, refreshMs).unref();
  };

  const open = (range: DeliveryRange) => (memory!.isStopped ? [] : without(range, memory!.closed));
  const admitted: Gate["admitted"] = async (range) => {
    use();
    if (!isYounger(2 * refreshMs)) await refresh();
    const parts = open(range);
    if (isWhole(parts, range)) return parts;
    // Whoever rang may have released it a moment ago, and rings once: a no is never an old one.
    await readAnew();
    return open(range);
  };

  return {
    async opened(page) {
      const part = await waves.opened(page);
      // What is held back, or no longer is, has to be known before anybody is rung.
      if (part?.toId !== page.toId || memory?.closed.length !== 0) await readAnew();
      return part;
    },
    admitted,
    async admits(range) {
      return isWhole(await admitted(range), range);
    },
    mayBegin(editionDate) {
      use();
      if (!isYounger(TRUSTED_MS)) return false;
      return !memory!.isStopped && !memory!.editions.has(editionDate) && !braking.has(editionDate);
    },
    saw(editionDate, outcome) {
      const watch = watches.get(editionDate) ?? watchRefusals();
      watches.delete(editionDate);
      watches.set(editionDate, watch);
      if (watches.size > WATCHED) watches.delete(watches.keys().next().value!);
      if (!watch.saw(outcome === "refused") || memory?.editions.has(editionDate) || braking.has(editionDate)) return;
      braking.set(
        editionDate,
        `Mail servers refused more than ${MOST_REFUSED * 100} % of the last digests of edition ${editionDate}: it was stopped.`,
      );
      use();
      inBackground();
    },
    async brake(editionDate, because) {
      braking.set(editionDate, because);
      await readAnew();
    },
    async pause(because) {
      const stop = await stops.stop(null, because);
      await readAnew();
      return stop;
    },
    async resume() {
      const lifted = await stops.lift();
      await readAnew();
      for (const { editionDate } of lifted) if (editionDate) await incidents.clear("refusals", editionDate);
      return lifted;
    },
    async close() {
      if (timer) clearInterval(timer);
      await reading?.catch(() => {});
    },
  };
}

function isWhole([first]: readonly DeliveryRange[], { fromId, toId }: DeliveryRange): boolean {
  return first?.fromId === fromId && first.toId === toId;
}

/** What is left of a range outside of `closed`, which is in order within a local day and does not overlap. */
function without(range: DeliveryRange, closed: readonly DeliveryRange[]): DeliveryRange[] {
  const parts: DeliveryRange[] = [];
  let fromId = range.fromId;
  for (const held of closed) {
    if (held.localDay !== range.localDay || held.toId < fromId || held.fromId > range.toId) continue;
    if (held.fromId > fromId) parts.push({ ...range, fromId, toId: held.fromId - 1n });
    fromId = held.toId + 1n;
  }
  if (fromId <= range.toId) parts.push({ ...range, fromId });
  return parts;
}
