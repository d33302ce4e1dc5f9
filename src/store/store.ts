/** Every query of the product, on one database. */
import type { Log } from "../log.ts";
import { alarms } from "./alarms.ts";
import { audit } from "./audit.ts";
import { candidates } from "./candidates.ts";
import { clockWatch } from "./clock-watch.ts";
import type { Database } from "./database.ts";
import { dayCounts } from "./day-counts.ts";
import { deliveries } from "./deliveries.ts";
import { deliveryList } from "./delivery-list.ts";
import { door } from "./door.ts";
import { editions } from "./editions.ts";
import { erasure } from "./erasure.ts";
import { heartbeats } from "./heartbeats.ts";
import { history } from "./history.ts";
import { house } from "./house.ts";
import { incidents } from "./incidents.ts";
import { leavingReasons } from "./leaving-reasons.ts";
import { limits } from "./limits.ts";
import { paperRecords } from "./paper-records.ts";
import { papers } from "./papers.ts";
import { planning } from "./planning.ts";
import { pulls } from "./pulls.ts";
import { quietReaders } from "./quiet-readers.ts";
import { readerExports } from "./reader-exports.ts";
import { readerImports } from "./reader-imports.ts";
import { readerList } from "./reader-list.ts";
import { readerRecords } from "./reader-records.ts";
import { reportList } from "./report-list.ts";
import { reports } from "./reports.ts";
import { repositories } from "./repositories.ts";
import { requests } from "./requests.ts";
import { restoration } from "./restoration.ts";
import { stops } from "./stops.ts";
import { subscriptions } from "./subscriptions.ts";
import { suppressions } from "./suppressions.ts";
import { suspensions } from "./suspensions.ts";
import { tallies } from "./tallies.ts";
import { ticks } from "./ticks.ts";
import { verdicts } from "./verdicts.ts";
import { vitals } from "./vitals.ts";
import { waves } from "./waves.ts";

export function storeOn({ prisma, pool }: Pick<Database, "prisma" | "pool">, log: Log) {
  return {
    papers: papers(prisma),
    paperRecords: paperRecords(prisma),
    repositories: repositories(prisma),
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
    readerImports: readerImports(pool),
    readerExports: readerExports(pool),
    leavingReasons: leavingReasons(prisma),
    quietReaders: quietReaders(pool),

    planning: planning(prisma),
    deliveries: deliveries(prisma, pool),
    history: history(pool),
    tallies: tallies(prisma),
    stops: stops(prisma),
    waves: waves(prisma),
    limits: limits(pool),

    restoration: restoration(prisma),
    clockWatch: clockWatch(prisma),
    door: door(pool),
    incidents: incidents(prisma, log),
    alarms: alarms(prisma),
    heartbeats: heartbeats(prisma),
    house: house(prisma),
    vitals: vitals(pool),
    ticks: ticks(prisma),

    audit: audit(prisma),
    dayCounts: dayCounts(prisma),
    readerList: readerList(prisma),
    deliveryList: deliveryList(prisma),
    reportList: reportList(prisma),
  };
}
