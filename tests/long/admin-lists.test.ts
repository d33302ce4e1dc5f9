import { afterAll, beforeAll, expect, test } from "vitest";
import { openAdminKey } from "../../src/core/admin-key.ts";
import { costsOf } from "../bench/scale/figures.ts";
import { aWeb, unescaped, type Web } from "../http/web.ts";
import { at } from "../support/time.ts";

const READERS = 1_000_000;
/** Of three days, the last of which is under way. */
const DELIVERIES = 3_000_000;
/** Each page is asked for so often, after it was once. */
const REQUESTS = 40;
/** What feels immediate (Nielsen). */
const MOST_MS = 100;
const PASSWORD = "correct horse battery staple";

let web: Web;
let cookie: string;
beforeAll(async () => {
  web = await aWeb({ adminKey: openAdminKey(PASSWORD, "a secret of the tests, long enough") });
  await web.store.clock.set(at("2026-04-18T09:00Z"));
  await fill();
  const login = await web.press("/admin/login", { password: PASSWORD });
  cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
}, 30 * 60_000);
afterAll(() => web.close());

async function fill(): Promise<void> {
  const { sql } = web.store;
  await sql("SELECT make_delivery_partitions('2026-02-01', '2026-04-30')");
  // Indexes are made when the rows are there, and what triggers count is counted once.
  const indexes = await sql<{ name: string; definition: string }>(
    `SELECT indexname AS name, indexdef AS definition FROM pg_indexes WHERE tablename = 'deliveries' AND indexdef NOT LIKE '%UNIQUE%'`,
  );
  for (const { name } of indexes) await sql(`DROP INDEX "${name}"`);
  await sql("ALTER TABLE deliveries DISABLE TRIGGER USER");
  await sql(
    `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format, confirmed_at, ended_at, ended_because)
     SELECT 'key of reader' || n || '@example.org', 'reader' || n || '@example.org', s, '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'html',
       $2::timestamptz - (n % 90) * interval '1 day', CASE WHEN s = 'ended' THEN $2::timestamptz END, CASE WHEN s = 'ended' THEN 'reader' END
     FROM generate_series(1, $1::int) n, LATERAL (SELECT CASE WHEN n % 11 = 0 THEN 'ended' WHEN n % 50 = 7 THEN 'paused' ELSE 'active' END AS s) x`,
    [READERS, at("2026-04-17T09:00Z")],
  );
  await sql(
    `INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
     SELECT id, 1, 'confirmed', '{}', 'confirmation-link', confirmed_at FROM subscriptions`,
  );
  for (const day of ["2026-04-14", "2026-04-15", "2026-04-16", "2026-04-17"])
    await sql(
      "INSERT INTO editions (date, state, closed_at) VALUES ($1::date, 'closed', $1::date + interval '25 hours')",
      [day],
    );
  for (const [n, day] of ["2026-04-16", "2026-04-17", "2026-04-18"].entries())
    await sql(
      `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, attempts, paper_ids, answer, ended_at, next_try_at)
       SELECT $1::date, n, $1::date - 1, 'daily', now(), now(), s, CASE WHEN s = 'refused' THEN 'refused-by-server' WHEN s = 'empty' THEN 'nothing-matched' END, 1,
         CASE WHEN s IN ('accepted', 'refused') THEN '{1,2,3,4,5,6,7,8,9,10}'::int[] END, CASE WHEN s = 'accepted' THEN '250 2.0.0 Ok: queued as 4F1A2B3C4D' END,
         CASE WHEN s <> 'planned' THEN now() END, CASE WHEN s = 'planned' THEN now() END
       FROM generate_series(1, $2::int) n, LATERAL (SELECT CASE WHEN n % 400 = 1 THEN 'refused' WHEN n % 9 = 3 THEN 'empty'
         WHEN $3::int = 2 AND n > 600000 THEN 'planned' ELSE 'accepted' END AS s) x`,
      [day, DELIVERIES / 3, n],
    );
  for (const { definition } of indexes) await sql(definition.replace(" ON ONLY ", " ON "));
  await sql("ALTER TABLE deliveries ENABLE TRIGGER USER");
  await sql(
    `INSERT INTO delivery_tallies (edition_date, local_day, state, count) SELECT edition_date, local_day, state, count(*) FROM deliveries GROUP BY 1, 2, 3`,
  );
  await sql(
    `INSERT INTO subscription_clocks (subscription_id, last_local_day, last_delivery) SELECT subscription_id, local_day, id FROM deliveries WHERE local_day = '2026-04-18'`,
  );
  await sql(
    `INSERT INTO reports (via, raw, state, applied_at, note, subscription_id) SELECT CASE WHEN n % 100 = 0 THEN 'ses' ELSE 'raw' END, convert_to(repeat('550 5.1.1 user unknown', 100), 'UTF8'),
       CASE WHEN n % 5000 = 0 THEN 'waiting' ELSE 'applied' END, CASE WHEN n % 5000 <> 0 THEN now() END, 'count', n FROM generate_series(1, 200000) n`,
  );
  await sql(
    `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, report_id, verdict, because)
     SELECT n, $1::timestamptz - (n % 40) * interval '1 day', now(), 'hard', true, 'user unknown', 'raw', n, 'count', 'hard' FROM generate_series(1, 200000) n`,
    [at("2026-04-18T08:00Z")],
  );
  await sql(
    `INSERT INTO suppressions (address_key, because, at, lifted_at) SELECT 'suppressed ' || n, 'bounces', now() - n * interval '1 second', CASE WHEN n % 2 = 0 THEN now() END FROM generate_series(1, 200000) n`,
  );
  await sql(
    `INSERT INTO audit_lines (by, what, about) SELECT CASE WHEN n % 90000 = 5 THEN 'cli' ELSE 'admin' END, 'suppress', 'key ' || n FROM generate_series(1, 100000) n`,
  );
  await sql("VACUUM ANALYZE");
}

const LISTS = [
  ...[
    "/admin/readers",
    "/admin/readers?state=active",
    "/admin/readers?state=suspended",
    "/admin/readers?state=paused&after=500000",
  ],
  ...[
    "/admin/readers/500000",
    "/admin/deliveries",
    "/admin/deliveries?after=2026-04-17.1500000",
    "/admin/deliveries?state=refused",
  ],
  ...[
    "/admin/deliveries?state=planned",
    "/admin/deliveries?state=uncertain",
    "/admin/deliveries?state=accepted&localDay=2026-04-18",
  ],
  ...[
    "/admin/deliveries?state=empty&edition=2026-04-16",
    "/admin/deliveries?edition=2026-04-15",
    "/admin/deliveries?edition=2026-04-14",
  ],
  ...[
    "/admin/deliveries?reader=500000",
    "/admin/deliveries?localDay=2026-04-16&state=claimed",
    "/admin/deliveries?state=accepted",
  ],
  ...[
    "/admin/reports",
    "/admin/reports?via=ses",
    "/admin/reports?state=waiting",
    "/admin/reports?state=waiting&via=raw",
  ],
  ...[
    "/admin/reports?reader=500",
    "/admin/reports?via=smtp",
    "/admin/reports/1",
    "/admin/suppressions",
    "/admin/suppressions?lifted=yes",
  ],
  ...[
    "/admin/editions",
    "/admin/editions/2026-04-17",
    "/admin/audit",
    "/admin/audit?by=cli",
    "/admin/audit?about=key+500",
  ],
];

/** How long one page takes, and what it costs of the machine: that says the same when others are busy on it. */
async function timesOf(path: string): Promise<{ readonly cpuMs: number }> {
  const took: number[] = [];
  const ask = async () => {
    const began = performance.now();
    const { status } = await web.send(path, { headers: { cookie } });
    took.push(performance.now() - began);
    expect([path, status]).toEqual([path, 200]);
  };
  await ask();
  took.length = 0;
  const { nodeCpuSeconds, postgresCpuSeconds } = await costsOf(web.store.pool, async () => {
    for (let n = 0; n < REQUESTS; n += 1) await ask();
  });
  took.sort((a, b) => a - b);
  const at = (share: number) => Math.round(took[Math.floor(share * (REQUESTS - 1))]! * 10) / 10;
  const each = (seconds: number) => Math.round((seconds * 10_000) / REQUESTS) / 10;
  const [node, postgres] = [each(nodeCpuSeconds), each(postgresCpuSeconds)];
  // A connection that ended meanwhile took what it had used out of the sum.
  if (postgres < 0) return timesOf(path);
  console.log(
    `${path}: median ${at(0.5)} ms, p95 ${at(0.95)} ms; CPU of Node ${node} ms, of PostgreSQL ${postgres} ms`,
  );
  return { cpuMs: node + postgres };
}

test(
  "every list answers within 100 ms, with 1,000,000 readers and 3,000,000 deliveries",
  async () => {
    const slow: string[] = [];
    for (const path of [...LISTS, "/admin"]) {
      // Nothing waits for anything else, so on a quiet machine a page takes as long as it works.
      const { cpuMs } = await timesOf(path);
      if (cpuMs > MOST_MS) slow.push(`${path}: ${cpuMs} ms`);
    }
    expect(slow).toEqual([]);
  },
  30 * 60_000,
);

test(
  "a million deliveries in, a page takes no longer than the first",
  async () => {
    const html = await (await web.send("/admin/deliveries?edition=2026-04-17", { headers: { cookie } })).text();
    const next = unescaped(/href="([^"]*)" rel="next"/.exec(html)![1]!);
    const far = next.replace(/\.\d+$/, (id) => `.${Number(id.slice(1)) + 900_000}`);
    expect((await timesOf(far)).cpuMs).toBeLessThan(MOST_MS);
  },
  5 * 60_000,
);
