/** The operator's first page: is all well, how far is the day's edition, what happened in the last thirty days? */
import { Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { resumeSending } from "../../actions/resume-sending.ts";
import { addDays, dayOfYear, utcDayOf } from "../../core/day.ts";
import type { DeliveryState } from "../../core/delivery.ts";
import { inertLine } from "../../core/inert.ts";
import type { Day } from "../../core/paper.ts";
import { judgeSource } from "../../core/source-health.ts";
import { dateOf, type Say } from "../../core/text.ts";
import type { DayOfReaders } from "../../store/day-counts.ts";
import type { EditionSummary } from "../../store/editions.ts";
import type { DayTally, DeliveryCounts } from "../../store/tallies.ts";
import { answer } from "../methods.ts";
import type { View } from "../pages.ts";
import { chartView } from "./chart.ts";
import { type Desk, fieldOf } from "./desk.ts";
import { countsView } from "./editions.ts";
import { cell, code, minute } from "./lists.ts";
import type { AdminApp } from "./routes.ts";

/** Days that the charts show. */
const DAYS = 30;
/** What was seen is compared with what was seen so long ago at most. */
const RATE_WITHIN_MS = 15 * 60_000;
const LONGEST_WORDS = 500;
/** Nothing more becomes of a delivery in these. */
const ENDS: readonly DeliveryState[] = ["accepted", "uncertain", "refused", "expired", "empty", "withdrawn"];

export function overviewPages(app: AdminApp, desk: Desk): Router {
  const router = Router();
  const rateOf = openRate();

  answer(router, "/admin", {
    get: desk.page(async ({ say, show }) => {
      const now = app.now();
      const until = utcDayOf(now);
      const since = addDays(until, 1 - DAYS);
      const [[edition], stops, incidents, records, readers, tallies, days] = await Promise.all([
        app.editions.list(1, null),
        app.stops.standing(),
        app.incidents.standing(),
        app.pulls.health(),
        app.dayCounts.readers(),
        // A reader's day may be one ahead of UTC's.
        app.tallies.byDay({ since, until: addDays(until, 1) }),
        app.dayCounts.days(since, until),
      ]);
      const counts = edition ? await app.tallies.byEdition(edition.date) : null;
      show("overview", {
        title: say("page.admin.overview"),
        ...(edition
          ? { dateline: { date: edition.date, number: edition.state === "closed" ? dayOfYear(edition.date) : 0 } }
          : {}),
        edition: edition && counts ? editionView(edition, counts, rateOf(edition.date, counts), say) : "",
        stops: stops.map(({ editionDate, because, at }) => ({
          what: say("page.admin.stop", { edition: editionDate ?? "none", at: minute(at) }),
          because: inertLine(because, LONGEST_WORDS),
        })),
        isPaused: stops.some((stop) => stop.editionDate === null),
        alarms: incidents.map(({ kind, subject, words, beganAt }) => ({
          ...{ kind, subject: inertLine(subject, LONGEST_WORDS), words: inertLine(words, LONGEST_WORDS) },
          since: minute(beganAt),
        })),
        readers: (["active", "paused", "suspended", "ended"] as const).map((state) => ({
          name: say("page.admin.readerState", { state }),
          count: readers[state],
          href: `/admin/readers?state=${state}`,
        })),
        sources: {
          label: say("page.admin.sources"),
          columns: ["source", "state", "lastPull", "lastGood", "papers", "problem"].map((name) =>
            say("page.admin.column", { name }),
          ),
          rows: app.sources.map((source) => {
            const record = records.find((each) => each.source === source.name) ?? null;
            return {
              cells: [
                code(source.name),
                cell(say("page.admin.sourceState", { state: judgeSource(record, source, now) })),
                ...[cell(minute(record?.lastPullAt ?? null)), cell(minute(record?.lastGoodAt ?? null))],
                cell(record?.newest ? `${record.newest.papers} (${record.newest.day})` : ""),
                code(record && record.failures > 0 ? inertLine(record.lastProblem ?? "", LONGEST_WORDS) : ""),
              ],
            };
          }),
        },
        charts: charts({ since, until, tallies, days }, say),
      });
    }),
  });

  answer(router, "/admin/pause", {
    post: desk.press(async ({ body, back }) => {
      const because = inertLine(fieldOf(body, "because"), LONGEST_WORDS) || "the operator paused it";
      await asOperator(
        app,
        { by: "admin", what: "pause", about: null, details: {} },
        () => app.gate.pause(because),
        ({ isNew }) => ({ isNew }),
      );
      back("/admin", "paused");
    }),
  });

  answer(router, "/admin/resume", {
    post: desk.press(async ({ back }) => {
      await asOperator(
        app,
        { by: "admin", what: "resume", about: null, details: {} },
        () => resumeSending(app),
        (lifted) => ({ lifted: lifted.length }),
      );
      back("/admin", "resumed");
    }),
  });
  return router;
}

function editionView(
  { date, state, because, papers, closedAt, revision }: EditionSummary,
  counts: DeliveryCounts,
  perSecond: number | null,
  say: Say,
): View {
  const all = Object.values(counts).reduce((sum, count) => sum + count, 0);
  const done = ENDS.reduce((sum, each) => sum + counts[each], 0);
  return {
    date: dateOf(date),
    href: `/admin/editions/${date}`,
    state: say("page.admin.editionState", { state }),
    ...{ because: because ?? "", papers, revision, closed: minute(closedAt), all, done },
    states: countsView(counts, date, say),
    rate: perSecond === null || done === all ? "" : say("page.admin.rate", { rate: Math.round(perSecond * 10) / 10 }),
  };
}

/** How many deliveries end a second: since the page was looked at before, in this process. */
function openRate() {
  let seen: { date: Day; done: number; at: number } | null = null;
  return (date: Day, counts: DeliveryCounts): number | null => {
    const done = ENDS.reduce((sum, each) => sum + counts[each], 0);
    const [before, at] = [seen, performance.now()];
    seen = { date, done, at };
    if (before?.date !== date || at - before.at > RATE_WITHIN_MS || at - before.at < 500) return null;
    return ((done - before.done) * 1_000) / (at - before.at);
  };
}

interface Counted {
  readonly since: Day;
  readonly until: Day;
  readonly tallies: readonly DayTally[];
  readonly days: readonly DayOfReaders[];
}

function charts({ since, until, tallies, days }: Counted, say: Say): View[] {
  const all: Day[] = [];
  for (let day = since; day <= until; day = addDays(day, 1)) all.push(day);
  const byDay = new Map(tallies.map((tally) => [tally.localDay, tally.counts]));
  const deliveries = (name: string, states: readonly DeliveryState[]) => ({
    name,
    counts: all.map((day) => ({ day, count: states.reduce((sum, state) => sum + (byDay.get(day)?.[state] ?? 0), 0) })),
  });
  const readers = (name: string, read: (day: DayOfReaders) => number) => ({
    name,
    counts: days.map((day) => ({ day: day.day, count: read(day) })),
  });
  return [
    chartView(
      "deliveries",
      [
        deliveries("accepted", ["accepted"]),
        deliveries("empty", ["empty"]),
        deliveries("failed", ["uncertain", "refused", "expired", "withdrawn"]),
      ],
      say,
    ),
    chartView("growth", [readers("joined", (day) => day.joined), readers("left", (day) => day.left)], say),
    chartView(
      "returned",
      [readers("bounces", (day) => day.bounces), readers("complaints", (day) => day.complaints)],
      say,
    ),
  ];
}
