/** What happens to each digest before it is put together: read the reader and their history, pick, give reasons. */
import type pg from "pg";
import { addDays } from "../../../src/core/day.ts";
import { pickDigest } from "../../../src/core/digest.ts";
import type { Filter } from "../../../src/core/filter.ts";
import { type EditionIndex, indexEdition } from "../../../src/core/match.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { history } from "../../../src/store/history.ts";
import { buffersOf, costsOf, explaining, type PlanNode, readingOf, round } from "./figures.ts";
import { anEditionOf } from "./papers.ts";
import { HISTORY_DAYS } from "./readers.ts";

/** A week's trending papers alone, and with the followed lane of arXiv's four categories beside them. */
const EDITIONS = [
  { name: "200 papers", trending: 200, followed: 0 },
  { name: "6,000 papers", trending: 200, followed: 5_800 },
];
/** Readers matched at a time: what is read of them is read in two statements. */
const PAGE_ROWS = 1_000;

interface Page {
  readonly localDay: string;
  readonly fromId: string;
  readonly toId: string;
}

interface Reader {
  readonly subscription_id: string;
  readonly filter: Filter;
  readonly max_papers: number;
}

/** The readers of a range as the claim returns them (store/claims.ts), without claiming: what it writes is part of sending. */
const READERS = `SELECT d.subscription_id, s.filter, s.max_papers FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id
  WHERE d.local_day = $1::date AND d.id BETWEEN $2 AND $3 AND d.state = 'planned' ORDER BY d.id`;

export async function measureMatching(url: string): Promise<object> {
  const { pool, close } = await openDatabase({ url });
  const rows = [];
  for (const { name, trending, followed } of EDITIONS)
    rows.push({ edition: name, ...(await matchAll(pool, anEditionOf(trending, followed))) });
  const readings = await historyOf(pool);
  await close();
  return { "time and memory": rows, "rows and buffers of the history of one page's readers": readings };
}

async function matchAll(pool: pg.Pool, edition: ReturnType<typeof anEditionOf>) {
  const pages = await pagesOf(pool);
  const readers = pages.length * PAGE_ROWS;
  const index = indexEdition(edition);
  let [seen, papers, pickMicros] = [0, 0, 0];
  const costs = await costsOf(pool, async (progress) => {
    // One page is read while the one before it is matched, as the sender does.
    let next = read(pool, pages[0]!);
    for (let at = 0; at < pages.length; at += 1) {
      const page = await next;
      if (at + 1 < pages.length) next = read(pool, pages[at + 1]!);
      const before = process.cpuUsage();
      papers += pick(index, edition, page);
      const { user, system } = process.cpuUsage(before);
      pickMicros += user + system;
      seen += page.readers.length;
      progress(seen / readers);
    }
  });
  const { seconds, nodeCpuSeconds, postgresCpuSeconds, rssMb } = costs;
  const micros = (cpuSeconds: number) => round((cpuSeconds * 1e6) / seen);
  return {
    readers: seen,
    papersEach: round(papers / seen),
    seconds,
    readersPerSecond: Math.round(seen / seconds),
    nodeMicros: micros(nodeCpuSeconds),
    pickMicros: micros(pickMicros / 1e6),
    postgresMicros: micros(postgresCpuSeconds),
    readersPerNodeCpuSecond: Math.round(seen / nodeCpuSeconds),
    ...rssMb,
  };
}

/** Ranges of what was planned, as doorbells name them. */
async function pagesOf(pool: pg.Pool): Promise<Page[]> {
  const { rows } = await pool.query<Page>(
    `SELECT local_day::text AS "localDay", min(id)::text AS "fromId", max(id)::text AS "toId"
     FROM deliveries WHERE state = 'planned' GROUP BY local_day, id / $1 ORDER BY min(id)`,
    [PAGE_ROWS],
  );
  return rows;
}

async function read(pool: pg.Pool, { localDay, fromId, toId }: Page) {
  const { rows: readers } = await pool.query<Reader>(READERS, [localDay, fromId, toId]);
  const since = addDays(localDay, -HISTORY_DAYS);
  return {
    readers,
    sent: await history(pool).sentTo(
      readers.map((reader) => BigInt(reader.subscription_id)),
      since,
    ),
  };
}

/** @returns how many papers were picked, each with its reasons */
function pick(
  index: EditionIndex,
  edition: ReturnType<typeof anEditionOf>,
  page: Awaited<ReturnType<typeof read>>,
): number {
  let papers = 0;
  for (const { subscription_id, filter, max_papers: maxPapers } of page.readers) {
    const sentKeys = page.sent.of(BigInt(subscription_id));
    papers += pickDigest({ index, edition, filter, cadence: "daily", maxPapers, sentKeys }).items.length;
  }
  return papers;
}

/** The history read of one page (store/history.ts) of the largest and of the smallest group. */
async function historyOf(pool: pg.Pool) {
  const { rows: groups } = await pool.query<{ size: number; ids: string[]; since: string }>(
    `WITH sizes AS (SELECT group_id, count(*)::int AS size FROM subscription_clocks GROUP BY 1)
     SELECT size, ARRAY(SELECT subscription_id::text FROM subscription_clocks c WHERE c.group_id = s.group_id ORDER BY 1 LIMIT ${PAGE_ROWS}) AS ids,
       (SELECT (max(last_local_day) - ${HISTORY_DAYS})::text FROM subscription_clocks c WHERE c.group_id = s.group_id) AS since
     FROM sizes s WHERE size IN ((SELECT max(size) FROM sizes), (SELECT min(size) FROM sizes)) ORDER BY size DESC`,
  );
  const readings: Record<string, object> = {};
  for (const { size, ids, since } of [groups[0]!, groups.at(-1)!]) {
    const plan = await explainedHistory(pool, ids.map(BigInt), since);
    const scans = plan.Plans!.find((node) => node["Node Type"] === "Append") ?? plan.Plans![0]!;
    readings[`${size === groups[0]!.size ? "largest" : "smallest"} group, ${size} readers`] = {
      inPage: ids.length,
      ...readingOf(buffersOf(plan), [plan], scans["Actual Rows"] * scans["Actual Loops"]),
    };
  }
  return readings;
}

async function explainedHistory(pool: pg.Pool, ids: readonly bigint[], since: string): Promise<PlanNode> {
  const client = await pool.connect();
  try {
    await client.query("BEGIN");
    const plans = await explaining(
      () => "history",
      async () => void (await history(client as unknown as pg.Pool).sentTo(ids, since)),
    );
    return plans.get("history")!;
  } finally {
    await client.query("ROLLBACK");
    client.release();
  }
}
