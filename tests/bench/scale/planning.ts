/** The planning of everything that is due, doorbells included: the action itself, with a queue that only counts. */
import { planDeliveries } from "../../../src/actions/plan-deliveries.ts";
import { openLog } from "../../../src/log.ts";
import { openDatabase } from "../../../src/store/database.ts";
import { editions } from "../../../src/store/editions.ts";
import { openGate } from "../../../src/store/gate.ts";
import { incidents } from "../../../src/store/incidents.ts";
import { planning } from "../../../src/store/planning.ts";
import { stops } from "../../../src/store/stops.ts";
import { type Page, waves } from "../../../src/store/waves.ts";
import { buffersOf, costsOf, explaining, nodesIn, type PlanNode, type Reading, readingOf, round } from "./figures.ts";

export async function measurePlanning(url: string): Promise<object> {
  const { prisma, pool, close } = await openDatabase({ url });
  const { rows: groups } = await pool.query<{ id: number; size: number }>(
    "SELECT group_id AS id, count(*)::int AS size FROM subscription_clocks GROUP BY 1 ORDER BY 2",
  );
  const readers = groups.reduce((sum, { size }) => sum + size, 0);
  const ends = new Map([
    [groups.at(-1)!.id, `largest of ${groups.length} groups, ${groups.at(-1)!.size} readers`],
    [groups[0]!.id, `smallest of ${groups.length} groups, ${groups[0]!.size} readers`],
  ]);
  let [noted, planned] = [0, 0];
  let progressed = (_share: number): void => {};
  const log = openLog({ level: "error" });
  const gate = openGate({ stops: stops(prisma), waves: waves(prisma), incidents: incidents(prisma, log), log });
  const needs = {
    gate: {
      opened: (page: Page) => {
        noted += Number(page.toId - page.fromId) + 1;
        progressed(noted / readers);
        return gate.opened(page);
      },
    },
    queue: { ring: async () => {} },
    planning: planning(prisma),
    editions: editions(prisma),
    log,
    closesAt: "01:00",
  };
  const plans = new Map<string, PlanNode>();
  const costs = await costsOf(pool, async (progress) => {
    progressed = progress;
    const looked = await explaining(pageOf(ends), async () => {
      planned = await planDeliveries(needs, new Date());
    });
    for (const [name, plan] of looked) plans.set(name, plan);
  });
  const { rows } = await pool.query<{ count: number; readers: number }>(
    "SELECT count(*)::int AS count, count(DISTINCT subscription_id)::int AS readers FROM deliveries WHERE state = 'planned'",
  );
  if (planned !== readers || rows[0]!.count !== readers || rows[0]!.readers !== readers)
    throw new Error(`${planned} of ${readers} readers were planned`);
  const again = await planDeliveries(needs, new Date());
  if (again !== 0) throw new Error(`${again} readers were planned twice`);
  await gate.close();
  await close();

  const { seconds, nodeCpuSeconds, postgresCpuSeconds, rssMb } = costs;
  return {
    "time and memory": [
      {
        readers,
        seconds,
        readersPerSecond: round(readers / seconds),
        nodeCpuSeconds,
        postgresCpuSeconds,
        ...rssMb,
      },
    ],
    "rows and buffers of the first page": Object.fromEntries(
      [...plans].flatMap(([name, plan]) =>
        Object.entries(readingsOf(plan)).map(([part, reading]) => [`${name}: ${part}`, reading]),
      ),
    ),
  };
}

/** The statement that plans a page (store/planning.ts), for the first page of these groups. */
function pageOf(groups: ReadonlyMap<number, string>) {
  return (text: string, values: readonly unknown[]): string | null => {
    if (!/^\s*WITH page AS/.test(text)) return null;
    return groups.get(Number(values[0])) ?? null;
  };
}

/** What it reads to know who is due, and what it reads and writes in all. */
function readingsOf(plan: PlanNode) {
  const { due, reading } = selectOfDue(plan);
  return {
    "select of who is due": reading,
    "the whole statement, writes included": readingOf(buffersOf(plan), [plan], due),
  };
}

/**
 * The scan of the clocks that finds who is due. It is the first to ask which readers are on the page and which of them have
 * a digest under way, so that its buffers are those of all three; less one for each number it draws from the sequence of
 * deliveries, which is of the writing.
 */
export function selectOfDue(plan: PlanNode): { readonly due: number; readonly reading: Reading } {
  const nodes = nodesIn(plan);
  const part = (name: string) => nodes.find((node) => node["Subplan Name"] === `CTE ${name}`)!;
  const scan = part("moved").Plans!.find((node) => node["Relation Name"] === "subscription_clocks")!;
  const due = scan["Actual Rows"];
  return { due, reading: readingOf(buffersOf(scan) - due, [part("page"), part("under_way"), scan], due) };
}
