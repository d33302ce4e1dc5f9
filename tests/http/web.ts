/** The web door on a real port, over a database of its own. */

import { openChallenges } from "../../src/core/challenge.ts";
import { parseDomainList } from "../../src/core/domain-list.ts";
import { rankEdition } from "../../src/core/edition.ts";
import type { Address } from "../../src/core/email-address.ts";
import { openLinks } from "../../src/core/link.ts";
import type { Sighting } from "../../src/core/paper.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import type { Texts } from "../../src/core/text.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { visitorKeys } from "../../src/core/visitor-key.ts";
import { listen } from "../../src/http/listen.ts";
import { createServer, type WebApp } from "../../src/http/server.ts";
import { openLog } from "../../src/log.ts";
import { openPost } from "../../src/mail/post.ts";
import type { Mail } from "../../src/mail/sender.ts";
import type { Counts, Pulse, Queue } from "../../src/queue/queue.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { paperRecords } from "../../src/store/paper-records.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aSighting } from "../support/builders.ts";
import { allTexts, aRenderer } from "../support/mails.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";

export type Web = Awaited<ReturnType<typeof aWeb>>;

const KEYS = [{ id: "1", secret: "a secret of the tests, long enough", retired: false }];
export const links = openLinks(KEYS);
export const challenges = openChallenges(KEYS);
export const returnAddresses = openReturnAddresses({ keys: KEYS, domain: "bounce.example.org" });

/** Nothing waits in it. */
const idleQueue: Pick<Queue, "counts" | "pulse"> = {
  counts: async () => ({}) as Counts,
  pulse: async () => ({ waitingSince: {}, lateMs: {} }) as unknown as Pulse,
};

/** @param replaced parts of the application that a test brings itself */
export async function aWeb(replaced: Partial<WebApp> = {}) {
  const store = await aStore(at("2026-04-16T09:00Z"));
  const rung: string[] = [];
  const journal: JournalEntry[] = [];
  const logged: string[] = [];
  const sent: Mail[] = [];
  const texts: Texts = await allTexts();
  const app: WebApp = {
    ...store,
    paperRecords: paperRecords(store.prisma),
    shelf: openShelf(store.editions),
    queue: {
      ...idleQueue,
      ring: async (name) => void rung.push(name),
      board: async () => (_req, _res, next) => next(),
    },
    ...{ post: await aPost(sent), sources: [], databaseNow: async () => store.clock.now() },
    journal: { append: async (entry) => void journal.push(entry) },
    addressKey: ({ key }: Pick<Address, "key">) => `key of ${key}`,
    networkKey: (ip) => `key of ${ip}`,
    links,
    texts,
    catalogue: defaultCatalogue,
    log: openLog({ level: "warn", write: (line) => void logged.push(line), pretty: false }),
    now: store.clock.now,
    publicUrl: () => "http://paperboy.example",
    previousPublicUrls: [],
    postalAddress: null,
    closesAt: "01:00",
    retentionDays: 90,
    trustProxy: 0,
    ...{ providers: {}, rawIntakeToken: null, returnAddresses },
    ...{ adminKey: null, apiToken: null, refusedDomains: parseDomainList(""), challenges, proofOfWork: "pressure" },
    visitorKeys: (ip) => visitorKeys(ip, store.clock.now(), "a key for visitors"),
    ready: async () => ({ database: "ok" }),
    needs: ["database"],
    ...{ apiToken: null, dataDir: "." },
    ...replaced,
  };
  const listening = await listen(createServer(app), 0, "127.0.0.1");
  const url = `http://127.0.0.1:${listening.port}`;

  /** Reads the body at once: one that nobody reads would keep its connection open. */
  const send = async (path: string, init: RequestInit = {}) => {
    const { status, headers, ...response } = await withBody(await fetch(url + path, { redirect: "manual", ...init }));
    return new Response(response.bytes.byteLength > 0 ? response.bytes : null, { status, headers });
  };
  return {
    ...{ store, app, url, rung, journal, logged, sent, links, send },
    get: (path: string) => send(path),
    /** As a browser sends a form. */
    press: (path: string, fields: Readonly<Record<string, string>> | [string, string][] = {}) =>
      send(path, { method: "POST", body: new URLSearchParams(fields) }),
    json: (method: string, path: string, body?: unknown) =>
      send(`/api/v1${path}`, {
        method,
        ...(body !== undefined && { body: JSON.stringify(body), headers: { "content-type": "application/json" } }),
      }),
    /** A closed edition of these papers, listed that day in this order. */
    async anEdition(date: string, papers: readonly Partial<Sighting>[], topics: readonly string[] = ["agents"]) {
      const sightings = papers.map((paper, position) =>
        aSighting({ source: "hugging-face", listedOn: date, position, signals: { upvotes: 100 - position }, ...paper }),
      );
      await store.papers.add(sightings, store.clock.now());
      const { candidates, previous } = await store.candidates.of(date, "2026-01-01");
      const ranked = rankEdition({ date, previous, candidates: candidates.map((each) => ({ ...each, topics })) });
      await store.editions.open(date);
      await store.editions.decide(date, { state: "closed", because: "complete", ...ranked });
      return ranked.papers;
    },
    /** Every row that a reader's doing could change, as one text. */
    async state(): Promise<string> {
      const tables = [
        "requests",
        "subscriptions",
        "subscription_changes",
        "subscription_clocks",
        "deliveries",
        "suppressions",
      ];
      const rows = await Promise.all(tables.map((table) => store.sql(`SELECT * FROM ${table} ORDER BY 1, 2`)));
      return JSON.stringify([rows, rung, journal], (_, value) => (typeof value === "bigint" ? String(value) : value));
    },
    async close() {
      await listening.close();
      await store.close();
    },
  };
}

/** Composes as it should, and sends nothing: what would have gone is kept. */
async function aPost(sent: Mail[]) {
  const sender = {
    send: async (mail: Mail) => {
      sent.push(mail);
      return { kind: "accepted", response: "250 OK" } as const;
    },
  };
  return openPost({
    ...{ renderer: await aRenderer(), sender, letterSender: sender, returns: returnAddresses, links },
    publicUrl: "http://paperboy.example",
    ...{ mailFrom: "Paperboy <digest@example.org>", confirmFrom: "hello@example.org", notice: () => null },
  });
}

async function withBody(response: Response) {
  return { status: response.status, headers: response.headers, bytes: await response.arrayBuffer() };
}

/** What stands in an attribute or a text of a page, as a browser reads it. */
export function unescaped(html: string): string {
  return html
    .replaceAll(/&#x([0-9a-f]+);/gi, (_, code: string) => String.fromCodePoint(Number.parseInt(code, 16)))
    .replaceAll("&quot;", '"')
    .replaceAll("&lt;", "<")
    .replaceAll("&gt;", ">")
    .replaceAll("&amp;", "&");
}
