/** A morning with readers, sources, mails and bounces, and what Prometheus reads of it. */
import { spawnSync } from "node:child_process";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectPapers } from "../../src/actions/collect-papers.ts";
import { listen } from "../../src/http/listen.ts";
import { openScrape, scrapeListener } from "../../src/http/metrics.ts";
import { measureProcess, registry } from "../../src/metrics.ts";
import { aSighting } from "../support/builders.ts";
import { needs } from "../support/needs.ts";
import { aReaderOf } from "../support/readers.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aWorld, type World } from "../support/world.ts";

const hasPromtool = spawnSync("promtool", ["--version"]).status === 0;
const READERS = ["ada@fine.example", "grace@refused.example", "mary@later.example"];

let smtp: SmtpServer;
let world: World;
let told: Map<string, number>;
let text: string;
beforeAll(async () => {
  registry.resetMetrics();
  const answers = [undefined, "550 5.1.1 No such user", "451 4.7.1 Later"] as const;
  smtp = await openSmtp((step, times) => (step === "rcpt" ? answers[times] : undefined));
  world = await aWorld({ start: at("2026-04-15T09:00Z"), smtp });
  measureProcess();
  for (const email of READERS) await aReaderOf(world.app, email);
  const papers = [1, 2, 3].map((n) =>
    aSighting({ arxivId: `2604.0000${n}`, title: `Paper ${n}`, listedOn: "2026-04-15", position: n }),
  );
  await world.app.papers.add(papers, world.clock.now());
  await world.sql(`INSERT INTO pulls (source, day, started_at, ended_at, outcome, papers, refused)
    VALUES ('hugging-face', '2026-04-15', '2026-04-16T00:30Z', '2026-04-16T00:31Z', 'good', 3, 0)`);
  await world.clock.set(at("2026-04-16T09:00Z"));
  await collectPapers(world.app);
  await world.settle();
  await world.app.incidents.raise("smtp-tls", "mail.example.org", "The certificate is over.");
  text = await (await fetch(`${world.url}/metrics`)).text();
  told = parsed(text);
}, 240_000);
afterAll(async () => {
  await world?.close();
  await smtp?.close();
});

/** `name{labels}` → value, comments left out. */
function parsed(exposition: string): Map<string, number> {
  const lines = exposition.split("\n").filter((line) => line !== "" && !line.startsWith("#"));
  return new Map(
    lines.map((line) => [line.slice(0, line.lastIndexOf(" ")), Number(line.slice(line.lastIndexOf(" ") + 1))]),
  );
}
/** All of one metric that are not 0. */
const of = (name: string) =>
  Object.fromEntries([...told].filter(([series, value]) => series.split("{")[0] === name && value !== 0));

describe("what Prometheus reads", () => {
  needs(hasPromtool, "promtool is not on the PATH (Debian: prometheus)")(
    "promtool has no objection to any name or help",
    () => {
      const { status, stdout, stderr } = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
      expect([status, stdout, stderr]).toEqual([0, "", ""]);
    },
  );

  test("what became of the morning's digests, at the servers and in the rows", () => {
    expect(of("paperboy_delivery_attempts_total")).toEqual({
      'paperboy_delivery_attempts_total{outcome="accepted"}': 1,
      'paperboy_delivery_attempts_total{outcome="refused"}': 1,
      'paperboy_delivery_attempts_total{outcome="deferred"}': 1,
    });
    expect(of("paperboy_smtp_answers_total")).toEqual({
      'paperboy_smtp_answers_total{server="0",mail="digest",answer="accepted"}': 1,
      'paperboy_smtp_answers_total{server="0",mail="digest",answer="refused"}': 1,
      'paperboy_smtp_answers_total{server="0",mail="digest",answer="temporary"}': 1,
    });
    expect(told.get('paperboy_smtp_send_duration_seconds_count{server="0",mail="digest"}')).toBe(3);
    expect(told.get("paperboy_delivery_batch_duration_seconds_count")).toBe(1);
    for (const name of ["paperboy_deliveries", "paperboy_edition_deliveries"])
      expect(of(name)).toEqual({
        [`${name}{state="accepted"}`]: 1,
        [`${name}{state="refused"}`]: 1,
        [`${name}{state="retry"}`]: 1,
      });
    expect(of("paperboy_reports_total")).toEqual({ 'paperboy_reports_total{class="hard"}': 1 });
    expect(told.get("paperboy_claims_lapsed_total")).toBe(0);
  });

  test("the edition, its papers and its day; when sources were read well, and that one does not answer", () => {
    expect(of("paperboy_edition_state")).toEqual({ 'paperboy_edition_state{state="closed"}': 1 });
    expect(told.get("paperboy_edition_papers")).toBe(3);
    expect(told.get("paperboy_editions_decided_until_timestamp_seconds")).toBe(
      at("2026-04-16T00:00Z").getTime() / 1_000,
    );
    expect(told.get("paperboy_edition_closed_timestamp_seconds")).toBe(at("2026-04-16T09:00Z").getTime() / 1_000);
    const source = '{source="hugging-face"}';
    expect(told.get(`paperboy_source_last_good_pull_timestamp_seconds${source}`)).toBe(
      at("2026-04-16T00:31Z").getTime() / 1_000,
    );
    expect(told.get(`paperboy_source_failed_pulls${source}`)).toBe(2);
    expect(of("paperboy_source_pulls_total")).toEqual({
      'paperboy_source_pulls_total{source="hugging-face",outcome="failed"}': 2,
    });
  });

  test("incidents, stops, the sweep, the queue, the disk, the pool and the process itself", () => {
    expect(of("paperboy_incidents_open")).toEqual({ 'paperboy_incidents_open{kind="smtp-tls"}': 1 });
    expect(of("paperboy_sending_stops")).toEqual({});
    expect(told.get("paperboy_last_sweep_timestamp_seconds")).toBe(at("2026-04-16T09:00Z").getTime() / 1_000);
    expect(told.get("paperboy_oldest_due_delivery_seconds")).toBe(0);
    expect(told.get('paperboy_queue_jobs{queue="mail",state="waiting"}')).toBeGreaterThan(0);
    expect(told.get('paperboy_queue_oldest_waiting_seconds{queue="mail"}')).toBeLessThan(60);
    expect([told.get("paperboy_database_up"), told.get("paperboy_queue_up")]).toEqual([1, 1]);
    expect(told.get("paperboy_disk_size_bytes")).toBeGreaterThan(told.get("paperboy_disk_free_bytes")!);
    expect(told.get('paperboy_database_pool_connections{state="waiting"}')).toBe(0);
    expect(told.get("nodejs_eventloop_lag_p99_seconds")).toBeGreaterThan(0);
    expect(told.get("process_resident_memory_bytes")).toBeGreaterThan(10_000_000);
    expect(Object.values(of("paperboy_build_info"))).toEqual([1]);
  });

  test("X7: no address, no domain of a reader and no link in any label", () => {
    expect(text).not.toMatch(/@|example|ada|grace|mary/);
  });

  test("a digest that nobody sends is the more overdue the later it gets", async () => {
    await world.clock.set(at("2026-04-16T11:00Z"));
    const later = parsed(await openScrape({ ...world.app }, { cacheMs: 0 })());
    expect(later.get("paperboy_oldest_due_delivery_seconds")).toBeGreaterThan(3_600);
  });
});

test("who asks again at once is told the same, and costs the database nothing", async () => {
  let reads = 0;
  const vitals = { ...world.app.vitals, read: () => world.app.vitals.read().finally(() => (reads += 1)) };
  const scrape = openScrape({ ...world.app, vitals });
  await Promise.all([scrape(), scrape(), scrape()]);
  await scrape();
  expect(reads).toBe(1);
});

test("without a database the rest is told, and nothing of what it knew", async () => {
  const vitals = { ...world.app.vitals, read: () => Promise.reject(new Error("it is away")) };
  const left = parsed(await openScrape({ ...world.app, vitals }, { cacheMs: 0 })());
  expect(left.get("paperboy_database_up")).toBe(0);
  expect(left.get("paperboy_queue_up")).toBe(1);
  expect(
    [...left.keys()].filter((name) => /^paperboy_(edition|oldest|incidents|deliveries|source_last)/.test(name)),
  ).toEqual([]);
  const back = parsed(await openScrape(world.app, { cacheMs: 0 })());
  expect([back.get("paperboy_database_up"), back.get("paperboy_edition_papers")]).toEqual([1, 3]);
});

test("a worker's port tells the same at /metrics, to whom it may, and nothing else", async () => {
  let isAllowed = true;
  const port = await listen(
    scrapeListener(openScrape(world.app), () => isAllowed),
    0,
    "127.0.0.1",
  );
  const ask = async (path: string) => {
    const answer = await fetch(`http://127.0.0.1:${port.port}${path}`, { headers: { connection: "close" } });
    return [answer.status, answer.headers.get("content-type"), (await answer.text()).includes("paperboy_build_info")];
  };
  expect(await ask("/metrics")).toEqual([200, "text/plain; version=0.0.4; charset=utf-8", true]);
  expect(await ask("/admin")).toEqual([404, "text/plain", false]);
  isAllowed = false;
  expect(await ask("/metrics")).toEqual([401, "text/plain", false]);
  await port.close();
});

test("/metrics of the web server is not for the world", async () => {
  const ask = (headers: Record<string, string>) => fetch(`${world.url}/metrics`, { headers });
  const refused = await ask({ "x-forwarded-for": "8.8.8.8" });
  expect([refused.status, refused.headers.get("www-authenticate"), refused.headers.get("content-type")]).toEqual([
    401,
    "Bearer",
    "application/problem+json; charset=utf-8",
  ]);
  await refused.text();
});
