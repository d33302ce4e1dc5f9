/** The whole store on a database of its own, with a clock the test sets. */

import type { Preferences } from "../../src/core/subscription.ts";
import { openLog } from "../../src/log.ts";
import { alarms } from "../../src/store/alarms.ts";
import { audit } from "../../src/store/audit.ts";
import { candidates } from "../../src/store/candidates.ts";
import { clockWatch } from "../../src/store/clock-watch.ts";
import { openDatabase } from "../../src/store/database.ts";
import { dayCounts } from "../../src/store/day-counts.ts";
import { deliveries } from "../../src/store/deliveries.ts";
import { deliveryList } from "../../src/store/delivery-list.ts";
import { door } from "../../src/store/door.ts";
import { editions } from "../../src/store/editions.ts";
import { erasure } from "../../src/store/erasure.ts";
import { openGate } from "../../src/store/gate.ts";
import { heartbeats } from "../../src/store/heartbeats.ts";
import { history } from "../../src/store/history.ts";
import { house } from "../../src/store/house.ts";
import { incidents } from "../../src/store/incidents.ts";
import { leavingReasons } from "../../src/store/leaving-reasons.ts";
import { limits } from "../../src/store/limits.ts";
import { papers } from "../../src/store/papers.ts";
import { planning } from "../../src/store/planning.ts";
import { pulls } from "../../src/store/pulls.ts";
import { quietReaders } from "../../src/store/quiet-readers.ts";
import { readerExports } from "../../src/store/reader-exports.ts";
import { readerImports } from "../../src/store/reader-imports.ts";
import { readerList } from "../../src/store/reader-list.ts";
import { readerRecords } from "../../src/store/reader-records.ts";
import { reportList } from "../../src/store/report-list.ts";
import { reports } from "../../src/store/reports.ts";
import { requests } from "../../src/store/requests.ts";
import { restoration } from "../../src/store/restoration.ts";
import { stops } from "../../src/store/stops.ts";
import { subscriptions } from "../../src/store/subscriptions.ts";
import { suppressions } from "../../src/store/suppressions.ts";
import { suspensions } from "../../src/store/suspensions.ts";
import { tallies } from "../../src/store/tallies.ts";
import { ticks } from "../../src/store/ticks.ts";
import { verdicts } from "../../src/store/verdicts.ts";
import { vitals } from "../../src/store/vitals.ts";
import { waves } from "../../src/store/waves.ts";
import { preferences } from "./builders.ts";
import { aDatabase } from "./database.ts";
import { aClock, at } from "./time.ts";

export type TestStore = Awaited<ReturnType<typeof aStore>>;

export async function aStore(start = at("2026-04-15T07:00Z")) {
  const database = await aDatabase();
  const { prisma, pool, close } = await openDatabase({ url: database.url });
  const clock = await aClock(pool, start);
  const log = openLog({ level: "silent", pretty: false });
  const rooms = {
    papers: papers(prisma),
    pulls: pulls(prisma, pool),
    candidates: candidates(prisma),
    editions: editions(prisma),
    requests: requests(prisma, pool),
    subscriptions: subscriptions(prisma),
    suspensions: suspensions(prisma),
    suppressions: suppressions(prisma),
    reports: reports(prisma),
    verdicts: verdicts(prisma),
    erasure: erasure(prisma),
    readerRecords: readerRecords(prisma),
    leavingReasons: leavingReasons(prisma),
    ...{ readerImports: readerImports(pool), readerExports: readerExports(pool) },
    restoration: restoration(prisma),
    clockWatch: clockWatch(prisma),
    planning: planning(prisma),
    deliveries: deliveries(prisma, pool),
    tallies: tallies(prisma),
    vitals: vitals(pool),
    history: history(pool),
    quietReaders: quietReaders(pool),
    ...{ stops: stops(prisma), waves: waves(prisma), limits: limits(pool), door: door(pool) },
    incidents: incidents(prisma, log),
    ...{ alarms: alarms(prisma), heartbeats: heartbeats(prisma), house: house(prisma), ticks: ticks(prisma) },
    ...{ audit: audit(prisma), dayCounts: dayCounts(prisma), readerList: readerList(prisma) },
    ...{ deliveryList: deliveryList(prisma), reportList: reportList(prisma) },
  };
  const gate = openGate({ ...rooms, log });
  let readers = 0;
  return {
    ...rooms,
    gate,
    prisma,
    pool,
    clock,
    url: database.url,
    /** Rows as the database has them: `await store.sql("SELECT state FROM deliveries")`. */
    async sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
      return (await pool.query<T>(text, values)).rows;
    },
    /** A confirmed reader, without a welcome digest. */
    async aReader(wanted: Preferences = preferences()): Promise<bigint> {
      readers += 1;
      const email = `reader${readers}@example.org`;
      const id = await rooms.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
      await rooms.requests.answered(id, "confirmation");
      const confirmed = await rooms.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      );
      if (confirmed.outcome !== "confirmed") throw new Error(`the reader was not confirmed: ${confirmed.outcome}`);
      return confirmed.id;
    },
    async close() {
      await gate.close();
      await close();
      await database.drop();
    },
  };
}
