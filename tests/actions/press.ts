/** The actions of a day on a store of their own: real PostgreSQL, real SMTP, a queue that only remembers who rang. */
import { closeEdition, dueEditions } from "../../src/actions/close-edition.ts";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { sweep } from "../../src/actions/sweep.ts";
import { openLinks } from "../../src/core/link.ts";
import type { Day, Sighting } from "../../src/core/paper.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { openLog } from "../../src/log.ts";
import { openLanes } from "../../src/mail/lanes.ts";
import { openPost } from "../../src/mail/post.ts";
import { openSender } from "../../src/mail/sender.ts";
import type { Queue } from "../../src/queue/queue.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { recorder } from "../../src/store/recorder.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aSighting } from "../support/builders.ts";
import { aRenderer } from "../support/mails.ts";
import { openSmtp } from "../support/smtp.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";

export type Press = Awaited<ReturnType<typeof aPress>>;

const KEYS = [{ id: "1", secret: "a secret of tests", retired: false }];
export const LINKS = openLinks(KEYS);

/** A logger whose lines can be read. */
export function aLog() {
  const lines: { level: number; msg: string; [field: string]: unknown }[] = [];
  return { lines, log: openLog({ level: "info", pretty: false, write: (line) => void lines.push(JSON.parse(line)) }) };
}

/** Remembers each ring as `job payload`, once while it was not answered. */
export function aQueue() {
  const rings = new Map<string, { name: string; payload: Record<string, string> }>();
  const ring: Queue["ring"] = async (name, payload) => {
    rings.set(`${name} ${JSON.stringify(payload)}`, { name, payload: payload as Record<string, string> });
  };
  return {
    ring,
    /** What rang since this was asked last. */
    rung: () => {
      const all = [...rings.values()];
      rings.clear();
      return all;
    },
  };
}

export interface PressOptions {
  readonly start?: Date;
  readonly behave?: Parameters<typeof openSmtp>[0];
  readonly connections?: number;
  /** A migrated database that is there already, and stays. */
  readonly on?: string;
}

export async function aPress({ start = at("2026-04-15T06:00Z"), behave, connections = 4, on }: PressOptions = {}) {
  const [store, smtp, renderer] = await Promise.all([aStore(start, on), openSmtp(behave), aRenderer()]);
  const { log, lines } = aLog();
  const queue = aQueue();
  const sender = openSender({ urls: [smtp.url], connections, socketTimeoutMs: 2_000, log });
  const mailbox = "Paperboy <digest@paperboy.example>";
  const post = openPost({
    ...{ renderer, sender, letterSender: sender, links: LINKS, mailFrom: mailbox, confirmFrom: mailbox },
    returns: openReturnAddresses({ keys: KEYS, domain: null }),
    publicUrl: "https://paperboy.example",
    notice: () => null,
  });
  const { now } = store.clock;
  const journaled: JournalEntry[] = [];
  const returnAddresses = openReturnAddresses({ keys: KEYS, domain: "bounce.paperboy.example" });
  const lanes = openLanes(connections);
  const needs = {
    ...store,
    ...{ queue, log, now, post, sources: [], catalogue: defaultCatalogue, closesAt: "01:00", retentionDays: 90 },
    shelf: openShelf(store.editions, { size: 0 }),
    recorder: recorder(store.deliveries, { enough: () => Math.min(connections / 2, lanes.busy()) }),
    lanes,
    pace: { take: () => 0, perSecond: null },
    journal: { append: async (entry: JournalEntry) => void journaled.push(entry) },
    networkKey: (ip: string) => `key of ${ip}`,
    returnAddresses,
    exchangers: { of: async () => null },
  };
  /** Without a memory of editions that this test goes on changing. */
  const delivering = () => ({ ...needs, shelf: openShelf(store.editions) });
  const everything = async () => {
    let accepted = 0;
    for (const range of await store.deliveries.overdue(0, 1_000_000, 1_000))
      accepted += await deliverBatch(delivering(), range);
    return accepted;
  };

  return {
    ...{ store, smtp, log, lines, queue, needs, delivering, journaled },
    /** Papers a file listed on a day, in this order; titles become votes that fall along the list. */
    list: (day: Day, papers: readonly Partial<Sighting>[]) => {
      const sightings = papers.map((paper, position) =>
        aSighting({ source: "file", listedOn: day, position, signals: { upvotes: 100 - position }, ...paper }),
      );
      return store.papers.add(sightings, now(), "file");
    },
    /** Decides the editions that are due. */
    async close() {
      for (const date of await dueEditions(needs, now())) await closeEdition(needs, date, now());
    },
    plan: () => planDeliveries(needs, now()),
    /** Sends what is due a try, whoever rang. @returns how many mails were accepted */
    deliver: everything,
    sweep: () => sweep(needs, now()),
    /** Everything a tick does, at a time. */
    async tick(time: string) {
      await store.clock.set(at(time));
      await this.close();
      await this.plan();
      return everything();
    },
    /** The claims of a worker that is gone are over. */
    lapse: () =>
      store.sql("UPDATE deliveries SET claim_until = now() - interval '1 second' WHERE claim_until IS NOT NULL"),
    /** Each delivery with what became of it, in the order they were planned. */
    fates: () =>
      store.sql<{ day: Day; edition: Day; state: string; reason: string | null }>(
        `SELECT local_day::text AS day, edition_date::text AS edition, state, reason FROM deliveries ORDER BY id`,
      ),
    /** Nobody and nothing in it, and mails forgotten. */
    async clear(time = start) {
      await store.clock.set(time);
      await store.sql(`TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes,
        subscriptions, requests, suppressions, reports, verdicts, incidents, edition_papers, editions, listings, sightings, paper_aliases, papers, pulls CASCADE`);
      queue.rung();
      lines.length = 0;
      journaled.length = 0;
      (smtp.taken as unknown[]).length = 0;
      (smtp.seen as unknown[]).length = 0;
    },
    /** Daily readers at 07:00 UTC of everything, as many as that. */
    many: (count: number) =>
      store.sql(
        `WITH made AS (
           INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
           SELECT 'key of many' || n, 'many' || n || '@example.org', 'active', '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'text'
           FROM generate_series(1, $1) n RETURNING id
         ), theirs AS (
           INSERT INTO delivery_groups (cadence, weekday, zone, hour) VALUES ('daily', 0, 'UTC', 7) RETURNING id
         )
         INSERT INTO subscription_clocks (subscription_id, group_id) SELECT made.id, theirs.id FROM made, theirs`,
        [count],
      ),
    async end() {
      await sender.close();
      await smtp.close();
      await store.close();
    },
  };
}
