/**
 * Everything that is measured, for Prometheus: names, labels and what they mean. No label ever holds an address, a domain
 * of a reader or a link (docs/promises.md X7): each has few values, all of them ours.
 *
 * What a process counts is its own, and begins at nought with it. What the database or the queue knows is the same from
 * whichever process it is read: `max by (…)`, never a sum.
 */
import { existsSync, readFileSync } from "node:fs";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "prom-client";

export const registry = new Registry();
const registers = [registry];
const unlabelled = new WeakSet<Gauge>();

const counter = <L extends string = never>(name: string, help: string, ...labelNames: L[]) =>
  new Counter({ name, help, labelNames, registers });
const gauge = <L extends string = never>(name: string, help: string, ...labelNames: L[]) => {
  const made = new Gauge({ name, help, labelNames, registers });
  if (labelNames.length === 0) unlabelled.add(made);
  forget(made);
  return made;
};
const histogram = <L extends string = never>(name: string, help: string, buckets: number[], ...labelNames: L[]) =>
  new Histogram({ name, help, labelNames, buckets, registers });

/** Of this process. */
export const counted = {
  requests: counter(
    "paperboy_http_requests_total",
    "Requests answered, by route pattern, method and class of status; aborted: the visitor had gone.",
    ...(["route", "method", "status"] as const),
  ),
  requestSeconds: histogram(
    "paperboy_http_request_duration_seconds",
    "From the request's head to the end of its answer.",
    [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
    ...(["route", "method"] as const),
  ),
  smtpAnswers: counter(
    "paperboy_smtp_answers_total",
    "What mail servers answered; server: its place in SMTP_URL, from 0; mail: digest or letter; answer: accepted, temporary (4yz), refused (5yz), uncertain (none after DATA), auth, tls, connection.",
    ...(["server", "mail", "answer"] as const),
  ),
  smtpSeconds: histogram(
    "paperboy_smtp_send_duration_seconds",
    "One mail at one server, a connection to it included when there is none.",
    [0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60],
    ...(["server", "mail"] as const),
  ),
  attempts: counter(
    "paperboy_delivery_attempts_total",
    "Claimed digests, by what came of the attempt; not-begun: given back for want of time, a permit or a server.",
    "outcome",
  ),
  batchSeconds: histogram(
    "paperboy_delivery_batch_duration_seconds",
    "From the claim of some digests to the last recorded outcome.",
    [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 180],
  ),
  claimsLapsed: counter("paperboy_claims_lapsed_total", "Claims taken back because their worker did not report."),
  jobs: counter(
    "paperboy_jobs_total",
    "Jobs done, by name; outcome: done, retried (a passing fault), failed.",
    ...(["job", "outcome"] as const),
  ),
  jobSeconds: histogram(
    "paperboy_job_duration_seconds",
    "One run of a job.",
    [0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300],
    "job",
  ),
  jobDoneAt: gauge(
    "paperboy_job_last_done_timestamp_seconds",
    "When this process last finished such a job without a fault.",
    "job",
  ),
  pulls: counter(
    "paperboy_source_pulls_total",
    "Attempts to read a source for a day, by outcome: good, repeating, failed.",
    ...(["source", "outcome"] as const),
  ),
  reports: counter(
    "paperboy_reports_total",
    "Bounces and complaints that were applied, by class: hard, domain, soft, ours, complaint, left, unknown.",
    "class",
  ),
  verdicts: counter(
    "paperboy_verdicts_total",
    "What followed from them: count, suspend, suppress, alarm, end, leave, declined; known: told before; unknown-reader.",
    "verdict",
  ),
  asked: counter(
    "paperboy_subscription_requests_total",
    "Mails asked for at form and API, by kind: subscribe, link, account, move.",
    "kind",
  ),
  confirmed: counter("paperboy_confirmations_total", "Subscriptions whose owner confirmed."),
  left: counter("paperboy_unsubscriptions_total", "Readers who left, by way: one-click, unsubscribe-link, …", "via"),
};

/** Of the database, the queue and this machine, read when Prometheus asks. */
export const known = {
  build: gauge("paperboy_build_info", "Always 1; the release that runs.", ...(["version", "node"] as const)),
  databaseUp: gauge("paperboy_database_up", "1 while the database answers; without it what it knows is left out."),
  queueUp: gauge("paperboy_queue_up", "1 while the queue answers; without it what it knows is left out."),
  pool: gauge(
    "paperboy_database_pool_connections",
    "Connections to the database, by state: busy, idle, and waiting (queries that wait for one).",
    "state",
  ),
  queueJobs: gauge("paperboy_queue_jobs", "Jobs, by queue and state.", ...(["queue", "state"] as const)),
  queueOldest: gauge(
    "paperboy_queue_oldest_waiting_seconds",
    "Age of the job that waits longest to be begun; 0 where none waits.",
    "queue",
  ),
  rhythmLag: gauge(
    "paperboy_rhythm_lag_seconds",
    "How late the next tick of a rhythm is (plan: what falls due is planned); 0 while it is in time.",
    "rhythm",
  ),
  sweptAt: gauge("paperboy_last_sweep_timestamp_seconds", "When a worker last went through what was left lying."),
  oldestDue: gauge(
    "paperboy_oldest_due_delivery_seconds",
    "How long the digest that is most overdue has been due a try; 0 where none is.",
  ),
  oldestRequest: gauge(
    "paperboy_oldest_due_request_seconds",
    "How long the request that waits longest for its mail has been due; 0 where none is.",
  ),
  oldestReport: gauge(
    "paperboy_oldest_due_report_seconds",
    "How long the report that waits longest to be read has been due; 0 where none is.",
  ),
  stops: gauge("paperboy_sending_stops", "Standing stops of digests, by kind: operator, brake.", "kind"),
  deliveries: gauge("paperboy_deliveries", "Digests of the last seven local days, by state.", "state"),
  editionDeliveries: gauge("paperboy_edition_deliveries", "Digests of the newest closed edition, by state.", "state"),
  editionClosedAt: gauge("paperboy_edition_closed_timestamp_seconds", "When the newest closed edition was closed."),
  editionPapers: gauge("paperboy_edition_papers", "Papers in the newest closed edition."),
  editionState: gauge(
    "paperboy_edition_state",
    "1 for the state of the edition of the last day that has ended: open, closed, quiet, broken or none.",
    "state",
  ),
  decidedUntil: gauge(
    "paperboy_editions_decided_until_timestamp_seconds",
    "End of the last UTC day whose edition is closed or quiet.",
  ),
  sourceGoodAt: gauge(
    "paperboy_source_last_good_pull_timestamp_seconds",
    "When a source was last read well.",
    "source",
  ),
  sourceFailures: gauge(
    "paperboy_source_failed_pulls",
    "Attempts that failed since the source last answered.",
    "source",
  ),
  incidents: gauge("paperboy_incidents_open", "What is wrong at the moment, by kind.", "kind"),
  diskFree: gauge("paperboy_disk_free_bytes", "Room left where DATA_DIR is."),
  diskSize: gauge("paperboy_disk_size_bytes", "Size of the disk where DATA_DIR is."),
};

/** From now on nothing is told of it, until it is set. Prometheus's client would tell of one without labels that it is 0. */
export function forget(gauge: Pick<Gauge, "reset" | "remove">): void {
  gauge.reset();
  if (unlabelled.has(gauge as Gauge)) gauge.remove();
}

/** Labels of Prometheus must not grow with what visitors make up. */
const METHODS = ["GET", "HEAD", "POST", "PATCH", "DELETE", "OPTIONS"];
export const methodLabel = (method: string): string => (METHODS.includes(method) ? method : "other");

/** Called `_total` and no counters, or told better by others: what promtool's lint objects to. */
const LEFT_OUT = ["nodejs_active_handles_total", "nodejs_active_requests_total", "nodejs_active_resources_total"];

/** Begins to measure the process itself (`process_…`, `nodejs_…`); a second time changes nothing. */
export function measureProcess(): void {
  if (!registry.getSingleMetric("process_cpu_seconds_total")) {
    collectDefaultMetrics({ register: registry });
    for (const name of LEFT_OUT) registry.removeSingleMetric(name);
  }
  // From nought on: Prometheus does not see the first of a kind come otherwise.
  for (const name of ["hard", "domain", "soft", "ours", "complaint", "left", "unknown"])
    counted.reports.inc({ class: name }, 0);
  for (const outcome of ["accepted", "refused", "deferred"]) counted.attempts.inc({ outcome }, 0);
  known.build.set({ version: release(), node: process.version }, 1);
}

/** Compiled, this file lies a folder deeper. */
function release(): string {
  const files = ["../package.json", "../../package.json"].map((path) => new URL(path, import.meta.url));
  const file = files.find((each) => existsSync(each));
  return file ? (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version : "unknown";
}
