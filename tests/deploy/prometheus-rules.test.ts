/** deploy/: every alert fires when it should and not otherwise, and nothing there names a metric that we do not tell. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, describe, expect, test } from "vitest";
import { measureProcess, registry } from "../../src/metrics.ts";
import { needs } from "../support/needs.ts";

const deploy = fileURLToPath(new URL("../../deploy", import.meta.url));
const RULES = join(deploy, "prometheus-rules.yml");
const rules = readFileSync(RULES, "utf8");
const dashboard = readFileSync(join(deploy, "grafana-dashboard.json"), "utf8");
const alerts = [...rules.matchAll(/^ {6}- alert: (\w+)$/gm)].map(([, name]) => name!);

const withPromtool = needs(
  spawnSync("promtool", ["--version"]).status === 0,
  "promtool is not on the PATH (Debian: prometheus)",
);

/** Series → values, one a step from 1970-01-01 00:00 UTC, a Thursday (`1x60`: 1 for sixty steps, `0+5x60`: 5 more at each). */
type Series = Readonly<Record<string, string>>;
interface Story {
  readonly fires: Series;
  /** Each of them leaves it silent. */
  readonly silent: readonly Series[];
  /** When it is looked at; default: after an hour. */
  readonly at?: string;
  /** Default: a minute. What goes on for days is told in steps of ten. */
  readonly step?: "10m";
}

const up = { paperboy_build_info: "1x60" };
const answers = (answer: string, mail = "digest") =>
  `paperboy_smtp_answers_total{server="0",mail="${mail}",answer="${answer}"}`;
const requests = (status: string) => `paperboy_http_requests_total{route="/",method="GET",status="${status}"}`;
const bucket = (le: string, route = "/") =>
  `paperboy_http_request_duration_seconds_bucket{route="${route}",method="GET",le="${le}"}`;
const counts = (route = "/") => `paperboy_http_request_duration_seconds_count{route="${route}",method="GET"}`;
const accepted = 'paperboy_delivery_attempts_total{outcome="accepted"}';
const reports = (name: string) => `paperboy_reports_total{class="${name}"}`;
const oldest = (queue: string) => `paperboy_queue_oldest_waiting_seconds{queue="${queue}"}`;
/** Holds for three days. */
const always = (value: number) => `${value}x432`;

const STORIES: Readonly<Record<string, Story>> = {
  PaperboyAbsent: { fires: { up: "1x60" }, silent: [up] },
  PaperboyDatabaseAway: { fires: { paperboy_database_up: "0x60" }, silent: [{ paperboy_database_up: "1x60" }] },
  PaperboyQueueAway: {
    fires: { paperboy_queue_up: "0x60" },
    silent: [{ paperboy_queue_up: "1x60" }, { paperboy_queue_up: "1x58 0 0" }],
  },
  PaperboyNoTicks: {
    fires: { paperboy_last_sweep_timestamp_seconds: "60x60" },
    // Of two processes one read it a moment before the other.
    silent: [
      {
        'paperboy_last_sweep_timestamp_seconds{instance="a"}': "0+60x60",
        'paperboy_last_sweep_timestamp_seconds{instance="b"}': "60x60",
      },
    ],
  },
  PaperboyRhythmLate: {
    fires: { 'paperboy_rhythm_lag_seconds{rhythm="plan"}': "0+60x60" },
    silent: [
      {
        'paperboy_rhythm_lag_seconds{rhythm="plan"}': "0 30 2 0x57",
        'paperboy_rhythm_lag_seconds{rhythm="collect"}': "600x60",
      },
    ],
  },
  PaperboyQueueNotWorked: {
    fires: { [oldest("letters")]: "0+60x60" },
    silent: [{ [oldest("mail")]: "0+60x60", [oldest("letters")]: "0 40 3 0x57" }],
  },
  PaperboyJobsFail: {
    fires: { 'paperboy_jobs_total{job="sweep",outcome="failed"}': "0x30 1x30" },
    silent: [
      {
        'paperboy_jobs_total{job="sweep",outcome="failed"}': "3x60",
        'paperboy_jobs_total{job="sweep",outcome="done"}': "0+1x60",
      },
    ],
  },
  PaperboyEditionLate: {
    fires: { paperboy_editions_decided_until_timestamp_seconds: always(0) },
    silent: [{ paperboy_editions_decided_until_timestamp_seconds: always(86_400) }],
    at: "31h",
    step: "10m",
  },
  PaperboyEditionBroken: {
    fires: { 'paperboy_edition_state{state="broken"}': "0x30 1x30" },
    silent: [{ 'paperboy_edition_state{state="broken"}': "0x60", 'paperboy_edition_state{state="quiet"}': "1x60" }],
  },
  PaperboyNoNewEdition: {
    fires: { paperboy_edition_closed_timestamp_seconds: always(0), 'paperboy_edition_state{state="quiet"}': always(0) },
    silent: [
      { paperboy_edition_closed_timestamp_seconds: always(49 * 3_600) },
      { paperboy_edition_closed_timestamp_seconds: always(0), 'paperboy_edition_state{state="quiet"}': always(1) },
    ],
    at: "55h",
    step: "10m", // Saturday, 07:00
  },
  PaperboySourceFails: {
    fires: { 'paperboy_source_failed_pulls{source="arxiv"}': "7x60" },
    silent: [
      { 'paperboy_source_failed_pulls{source="arxiv"}': "2x60" },
      { 'paperboy_source_failed_pulls{source="arxiv"}': "7x40 0x20" },
    ],
  },
  PaperboySourceSilent: {
    fires: {
      'paperboy_source_last_good_pull_timestamp_seconds{source="arxiv"}': always(3_600),
      'paperboy_source_last_good_pull_timestamp_seconds{source="hugging-face"}': "0+600x432",
    },
    silent: [{ 'paperboy_source_last_good_pull_timestamp_seconds{source="arxiv"}': always(86_400) }],
    at: "50h",
    step: "10m",
  },
  PaperboyDeliveriesStuck: {
    fires: { paperboy_oldest_due_delivery_seconds: "7260+60x60", 'paperboy_sending_stops{kind="brake"}': "0x60" },
    silent: [
      { paperboy_oldest_due_delivery_seconds: "600x60" },
      { paperboy_oldest_due_delivery_seconds: "7260+60x60", 'paperboy_sending_stops{kind="operator"}': "1x60" },
    ],
  },
  PaperboySendingStopped: {
    fires: { 'paperboy_sending_stops{kind="brake"}': "1x70" },
    silent: [{ 'paperboy_sending_stops{kind="brake"}': "1x20 0x50" }],
    at: "65m",
  },
  PaperboyMailServerAway: {
    fires: { [answers("connection")]: "0+2x60", [answers("accepted")]: "500x60" },
    // Some connections break while others send.
    silent: [
      { [answers("connection")]: "0+2x60", [answers("accepted")]: "0+50x60" },
      { [answers("refused")]: "0+2x60" },
    ],
  },
  PaperboyRefusals: {
    fires: { [answers("accepted")]: "0+90x60", [answers("refused")]: "0+10x60" },
    silent: [
      { [answers("accepted")]: "0+990x60", [answers("refused")]: "0+10x60" },
      { [answers("accepted")]: "0x60", [answers("refused")]: "0+1x60" },
      { [answers("accepted")]: "0+90x60", [answers("refused", "letter")]: "0+10x60" },
    ],
  },
  PaperboyComplaints: {
    fires: { [reports("complaint")]: "0+10x150", [accepted]: "0+5000x150" },
    silent: [
      { [reports("complaint")]: "0+10x150", [accepted]: "0+50000x150" },
      { [reports("complaint")]: "0x144 1x6", [accepted]: "0x140 0+50x10" },
      { [reports("soft")]: "0+10x150", [accepted]: "0+5000x150" },
    ],
    at: "24h30m",
    step: "10m",
  },
  PaperboyBounces: {
    fires: { [reports("hard")]: "0+30x150", [accepted]: "0+1000x150" },
    silent: [
      { [reports("hard")]: "0+10x150", [accepted]: "0+1000x150" },
      { [reports("soft")]: "0+100x150", [accepted]: "0+1000x150" },
    ],
    at: "24h30m",
    step: "10m",
  },
  PaperboyClaimsLapse: {
    fires: { paperboy_claims_lapsed_total: "0x30 20x30" },
    silent: [{ paperboy_claims_lapsed_total: "20x60" }, { paperboy_claims_lapsed_total: "0x30 3x30" }],
  },
  PaperboyReadersWait: {
    fires: { paperboy_oldest_due_request_seconds: "0+60x60" },
    silent: [{ paperboy_oldest_due_request_seconds: "3x60" }],
  },
  PaperboyReportsWait: {
    fires: { paperboy_oldest_due_report_seconds: "3000+60x60" },
    silent: [{ paperboy_oldest_due_report_seconds: "30x60" }],
  },
  PaperboyWebErrors: {
    fires: { [requests("2xx")]: "0+95x60", [requests("5xx")]: "0+5x60" },
    silent: [
      { [requests("2xx")]: "0+995x60", [requests("5xx")]: "0+5x60" },
      { [requests("2xx")]: "0x60", [requests("5xx")]: "0x58 1 1" },
      { [requests("2xx")]: "0+5x60", [requests("4xx")]: "0+95x60" },
    ],
  },
  PaperboyWebSlow: {
    fires: {
      [bucket("1")]: "0+50x60",
      [bucket("2.5")]: "0+100x60",
      [bucket("+Inf")]: "0+100x60",
      [counts()]: "0+100x60",
    },
    silent: [
      { [bucket("0.1")]: "0+100x60", [bucket("1")]: "0+100x60", [bucket("+Inf")]: "0+100x60", [counts()]: "0+100x60" },
      { [bucket("1")]: "0+1x60", [bucket("2.5")]: "0+2x60", [bucket("+Inf")]: "0+2x60", [counts()]: "0+2x60" },
      { [bucket("1", "/ready")]: "0x60", [bucket("+Inf", "/ready")]: "0+100x60", [counts("/ready")]: "0+100x60" },
    ],
  },
  PaperboyEventLoopBusy: {
    fires: { nodejs_eventloop_lag_p99_seconds: "0.8x60" },
    silent: [{ nodejs_eventloop_lag_p99_seconds: "0.02x55 0.9x5" }],
  },
  PaperboyDatabasePoolFull: {
    fires: { 'paperboy_database_pool_connections{state="waiting"}': "8x60" },
    silent: [
      {
        'paperboy_database_pool_connections{state="waiting"}': "1x60",
        'paperboy_database_pool_connections{state="busy"}': "10x60",
      },
    ],
  },
  PaperboyIncident: {
    fires: { 'paperboy_incidents_open{kind="smtp-tls"}': "1x60" },
    silent: [{ 'paperboy_incidents_open{kind="smtp-tls"}': "1x20 _x40" }],
  },
  PaperboyDiskFull: {
    fires: { paperboy_disk_free_bytes: "5x60", paperboy_disk_size_bytes: "100x60" },
    silent: [{ paperboy_disk_free_bytes: "50x60", paperboy_disk_size_bytes: "100x60" }],
  },
};

const folder = mkdtempSync(join(tmpdir(), "paperboy-rules-"));
afterAll(() => rmSync(folder, { recursive: true }));

interface Case {
  readonly alert: string;
  readonly series: Series;
  readonly at: string;
  readonly step: string;
  readonly firing: boolean;
}

/** Asks promtool, which reads YAML, of which JSON is a part. @returns what it says against it */
function promtool(cases: readonly Case[]): string {
  const files = [...new Set(cases.map(({ step }) => step))].map((step) => {
    const tests = cases
      .filter((one) => one.step === step)
      .map(({ alert, series, at, firing }) => ({
        name: `${alert} ${firing ? "fires" : "is silent"}`,
        interval: step,
        input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
        promql_expr_test: [
          {
            expr: `count(ALERTS{alertname="${alert}",alertstate="firing"})`,
            eval_time: at,
            exp_samples: firing ? [{ labels: "{}", value: 1 }] : [],
          },
        ],
      }));
    const file = join(folder, `stories-${step}.json`);
    writeFileSync(file, JSON.stringify({ rule_files: [RULES], evaluation_interval: step, tests }));
    return file;
  });
  const { status, stdout, stderr } = spawnSync("promtool", ["test", "rules", ...files], { encoding: "utf8" });
  return status === 0 ? "" : stdout + stderr;
}

describe("alert rules", () => {
  withPromtool("promtool reads them", () => {
    const { status, stdout } = spawnSync("promtool", ["check", "rules", "--lint=all", "--lint-fatal", RULES], {
      encoding: "utf8",
    });
    expect([status, stdout]).toEqual([0, expect.stringContaining(`SUCCESS: ${alerts.length} rules found`)]);
  });

  test("each has a state that fires it and one that does not", () => {
    expect(Object.keys(STORIES)).toEqual(alerts);
    expect(Object.values(STORIES).filter(({ silent }) => silent.length === 0)).toEqual([]);
  });

  withPromtool(
    "each fires when it should, and not otherwise",
    () => {
      const cases = Object.entries(STORIES).flatMap(([alert, { fires, silent, at = "1h", step = "1m" }]) => [
        { alert, series: { ...(alert !== "PaperboyAbsent" && up), ...fires }, at, step, firing: true },
        ...silent.map((series) => ({ alert, series, at, step, firing: false })),
      ]);
      expect(promtool(cases)).toBe("");
    },
    240_000,
  );

  withPromtool("promtool would object to a story that is not so", () => {
    const { fires, silent } = STORIES.PaperboyIncident!;
    expect(promtool([{ alert: "PaperboyIncident", series: fires, at: "1h", step: "1m", firing: false }])).toContain(
      "PaperboyIncident",
    );
    expect(promtool([{ alert: "PaperboyIncident", series: silent[0]!, at: "1h", step: "1m", firing: true }])).toContain(
      "PaperboyIncident",
    );
  });

  test("each says how urgent it is, what is wrong and what to do", () => {
    for (const rule of rules.split(/^ {6}- alert: /m).slice(1)) {
      const said = [/severity: (critical|warning) /, /summary: ./, /description: .{40}/s].map((part) =>
        part.test(rule),
      );
      expect([rule.split("\n")[0], ...said]).toEqual([rule.split("\n")[0], true, true, true]);
    }
  });
});

test("rules and dashboard name only metrics, labels and values that there are", () => {
  measureProcess();
  const told = new Set(registry.getMetricsAsArray().map(({ name }) => name));
  const queries = [
    rules,
    ...panelsOf(JSON.parse(dashboard)).flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)),
  ].join("\n");
  const named = [...queries.matchAll(/\b(?:paperboy|nodejs|process)_\w+/g)].map(([name]) => name);
  const bare = (name: string) => (told.has(name) ? name : name.replace(/_(bucket|count|sum)$/, ""));
  expect(named.length).toBeGreaterThan(60);
  expect([...new Set(named.map(bare))].filter((name) => !told.has(name))).toEqual([]);
});

interface Panel {
  readonly title: string;
  readonly type: string;
  readonly description?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly targets?: readonly { readonly expr: string }[];
}
const panelsOf = ({ panels }: { panels: readonly Panel[] }): readonly Panel[] => panels;

describe("the Grafana dashboard", () => {
  const board = JSON.parse(dashboard);
  const panels = panelsOf(board);

  test("it can be imported: a uid, a schema, a data source to choose, panels that do not overlap", () => {
    expect([board.uid, board.title, board.id, board.schemaVersion >= 36]).toEqual(["paperboy", "Paperboy", null, true]);
    expect(board.templating.list.map(({ name, type }: { name: string; type: string }) => [name, type])).toEqual([
      ["source", "datasource"],
    ]);
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, n) => `${x + (n % w)} ${y + Math.floor(n / w)}`),
    );
    expect(new Set(cells).size).toBe(cells.length);
    expect(Math.max(...panels.map(({ gridPos: { x, w } }) => x + w))).toBe(24);
  });

  withPromtool("every query is one that Prometheus understands", () => {
    const exprs = panels.flatMap(({ targets = [] }) =>
      targets.map(({ expr }) => expr.replaceAll("$__rate_interval", "5m")),
    );
    const file = join(folder, "queries.json");
    const records = exprs.map((expr, n) => ({ record: `panel:query:${n}`, expr }));
    writeFileSync(file, JSON.stringify({ groups: [{ name: "panels", rules: records }] }));
    const { status, stdout, stderr } = spawnSync("promtool", ["check", "rules", file], { encoding: "utf8" });
    expect([status, stderr, stdout]).toEqual([0, "", expect.stringContaining(`${exprs.length} rules found`)]);
  });
});
