/** What a piece of work costs: time, CPU here and in PostgreSQL, memory as it grows, rows and buffers its statements read. */
import pg from "pg";
import { cpuOfAll, familyOf } from "../../support/processes.ts";

/** What a process has used of the machine. */
export interface Costs {
  readonly seconds: number;
  readonly nodeCpuSeconds: number;
  readonly postgresCpuSeconds: number;
  /** Resident memory of this process at the start, after a tenth of the work, at the end, and at most. */
  readonly rssMb: { readonly start: number; readonly tenth: number; readonly end: number; readonly peak: number };
}

/** @param work is told how to say how far it is, from 0 to 1 */
export async function costsOf(
  pool: pg.Pool,
  work: (progress: (done: number) => void) => Promise<void>,
): Promise<Costs> {
  const { rows } = await pool.query<{ pid: string }>(
    "SELECT split_part(pg_read_file('postmaster.pid'), E'\\n', 1) AS pid",
  );
  const postgres = () => cpuOfAll(familyOf(Number(rows[0]!.pid))) / 1000;
  let [tenth, peak] = [0, 0];
  const look = () => {
    const rss = rssMb();
    peak = Math.max(peak, rss);
    return rss;
  };
  const start = look();
  const before = { at: performance.now(), node: process.cpuUsage(), postgres: postgres() };
  const timer = setInterval(look, 50);
  await work((done) => {
    if (done >= 0.1 && tenth === 0) tenth = look();
  });
  clearInterval(timer);
  const { user, system } = process.cpuUsage(before.node);
  return {
    seconds: round((performance.now() - before.at) / 1000),
    nodeCpuSeconds: round((user + system) / 1e6),
    postgresCpuSeconds: round(postgres() - before.postgres),
    rssMb: { start, tenth, end: look(), peak },
  };
}

function rssMb(): number {
  return Math.round(process.memoryUsage.rss() / 2 ** 20);
}

/** A node of PostgreSQL's plan, as EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) tells it. */
export interface PlanNode {
  readonly "Node Type": string;
  readonly "Subplan Name"?: string;
  readonly "Relation Name"?: string;
  readonly "Index Name"?: string;
  readonly "Actual Rows": number;
  readonly "Actual Loops": number;
  readonly "Rows Removed by Filter"?: number;
  readonly "Shared Hit Blocks": number;
  readonly "Shared Read Blocks": number;
  readonly Plans?: readonly PlanNode[];
}

/** What a part of a plan read, against what it returned. */
export interface Reading {
  readonly returned: number;
  readonly rowsRead: number;
  readonly buffers: number;
  readonly rowsPerRow: number;
  readonly buffersPerRow: number;
}

/** @param parts where the rows came from */
export function readingOf(buffers: number, parts: readonly PlanNode[], returned: number): Reading {
  const rowsRead = parts.flatMap(scansIn).reduce((sum, scan) => sum + rowsReadBy(scan), 0);
  const per = (count: number) => round(count / Math.max(returned, 1));
  return { returned, rowsRead, buffers, rowsPerRow: per(rowsRead), buffersPerRow: per(buffers) };
}

/**
 * Buffers of a node and of everything it asked for: a part that stands elsewhere in the plan (CTE) counts where it was
 * asked for first, as PostgreSQL counts it.
 */
export function buffersOf(node: PlanNode): number {
  return node["Shared Hit Blocks"] + node["Shared Read Blocks"];
}

/** Every node of a plan, from the top. */
export function nodesIn(node: PlanNode): PlanNode[] {
  return [node, ...(node.Plans ?? []).flatMap(nodesIn)];
}

/** Those that read a table. */
function scansIn(node: PlanNode): PlanNode[] {
  return nodesIn(node).filter((each) => each["Relation Name"] !== undefined && each["Node Type"].endsWith("Scan"));
}

function rowsReadBy(scan: PlanNode): number {
  return (scan["Actual Rows"] + (scan["Rows Removed by Filter"] ?? 0)) * scan["Actual Loops"];
}

type Query = (this: pg.Client, ...of: unknown[]) => unknown;

/**
 * Looks at statements this process sends to PostgreSQL, Prisma's too: those that `wants` are explained first, in a
 * savepoint of their own transaction, and then run as if nothing had been.
 *
 * @param wants a name to keep the plan under; null: not looked at
 */
export async function explaining(
  wants: (text: string, values: readonly unknown[]) => string | null,
  work: () => Promise<void>,
): Promise<Map<string, PlanNode>> {
  const plans = new Map<string, PlanNode>();
  const client = pg.Client.prototype as unknown as { query: Query };
  const { query } = client;
  client.query = function (this: pg.Client, ...of: unknown[]) {
    const [asked, given] = of;
    const { text, values = given } = typeof asked === "string" ? { text: asked } : (asked as { text: string });
    const name = Array.isArray(values) && typeof of.at(-1) !== "function" ? wants(text, values) : null;
    if (name === null || plans.has(name)) return query.apply(this, of);
    return (async () => {
      await query.call(this, "SAVEPOINT looked");
      const explained = (await query.call(this, `EXPLAIN (ANALYZE, BUFFERS, FORMAT JSON) ${text}`, values)) as {
        rows: { "QUERY PLAN": { Plan: PlanNode }[] }[];
      };
      await query.call(this, "ROLLBACK TO SAVEPOINT looked");
      plans.set(name, explained.rows[0]!["QUERY PLAN"][0]!.Plan);
      return query.apply(this, of);
    })();
  };
  try {
    await work();
  } finally {
    client.query = query;
  }
  return plans;
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
