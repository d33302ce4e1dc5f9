/** Editions: what became of each, opened again or closed by hand. */
import { type Request, Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { closeEdition } from "../../actions/close-edition.ts";
import { reopenEdition } from "../../actions/reopen-edition.ts";
import { addDays } from "../../core/day.ts";
import { DELIVERY_MOVES, type DeliveryState } from "../../core/delivery.ts";
import type { Day } from "../../core/paper.ts";
import { dateOf } from "../../core/text.ts";
import { NotFound } from "../../errors.ts";
import { answer } from "../methods.ts";
import { isDayOfOurTime } from "../query.ts";
import type { Desk, Visit } from "./desk.ts";
import { cell, code, listView, minute, pagingOf } from "./lists.ts";
import type { AdminApp } from "./routes.ts";
import { choice } from "./words.ts";

const PATH = "/admin/editions";
const LINES = 20;

export function editionPages(app: AdminApp, desk: Desk): Router {
  const router = Router();

  answer(router, PATH, {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const paging = pagingOf(visit, (text) => (isDayOfOurTime(text) ? text : null));
      const found = await app.editions.list(paging.limit + 1, paging.place?.key ?? null);
      const rows = found.slice(0, paging.limit);
      const last = found.length > paging.limit ? rows.at(-1)! : null;
      const page = { rows, previous: null, next: last && { key: last.date, isBack: false } };
      visit.show(
        "list",
        listView(visit, {
          ...{ title: say("page.admin.editions"), path: PATH, page, fields: [], keyText: (key: string) => key },
          columns: ["edition", "state", "because", "papers", "revision", "closed"],
          cells: (edition) => [
            cell(edition.date, `${PATH}/${edition.date}`),
            cell(say("page.admin.editionState", { state: edition.state })),
            code(edition.because),
            ...[cell(edition.papers), cell(edition.revision), cell(minute(edition.closedAt))],
          ],
        }),
      );
    }),
  });

  answer(router, `${PATH}/:date`, {
    get: desk.page(async ({ req, say, show }) => {
      const date = await dateIn(app, req);
      const [[edition], counts, lines] = await Promise.all([
        app.editions.list(1, addDays(date, 1)),
        app.tallies.byEdition(date),
        app.audit.list({ by: null, about: `edition ${date}`, place: null, limit: LINES }),
      ]);
      if (edition?.date !== date) throw new NotFound("There is no edition of that day.");
      const isPlanned = Object.values(counts).some((count) => count > 0);
      show("edition", {
        title: say("page.admin.edition", { date: dateOf(date) }),
        state: say("page.admin.editionState", { state: edition.state }),
        ...{ because: edition.because ?? "", papers: edition.papers, revision: edition.revision },
        closed: minute(edition.closedAt),
        path: `${PATH}/${date}`,
        ...{ isOpen: edition.state === "open", mayReopen: edition.state !== "open" && !isPlanned, isPlanned },
        hasPapers: edition.papers > 0,
        publicHref: `/editions/${date}`,
        deliveriesHref: `/admin/deliveries?edition=${date}`,
        states: countsView(counts, date, say),
        lines: {
          label: say("page.admin.audit"),
          columns: ["at", "by", "what", "details"].map((name) => say("page.admin.column", { name })),
          rows: lines.rows.map((line) => ({
            cells: [
              ...[cell(minute(line.at)), code(line.by), cell(say("page.admin.what", { what: choice(line.what) }))],
              code(JSON.stringify(line.details)),
            ],
          })),
        },
      });
    }),
  });

  answer(router, `${PATH}/:date/reopen`, {
    post: desk.press(async ({ req, back }) => {
      const date = await dateIn(app, req);
      const outcome = await asOperator(
        app,
        { by: "admin", what: "reopen-edition", about: `edition ${date}`, details: {} },
        () => reopenEdition(app, date),
        (done) => ({ outcome: done }),
      );
      if (outcome === "unknown") throw new NotFound("There is no edition of that day.");
      back(`${PATH}/${date}`, outcome);
    }),
  });

  answer(router, `${PATH}/:date/close`, {
    post: desk.press(async ({ req, back }) => {
      const date = await dateIn(app, req);
      // A day that has no row would get one, and a day to come an edition.
      if ((await app.editions.standing(date)) === null) throw new NotFound("There is no edition of that day.");
      const outcome = await asOperator(
        app,
        { by: "admin", what: "close-edition", about: `edition ${date}`, details: {} },
        async () => closeEdition(app, date, await app.databaseNow(), { force: true }),
        (done) => ({ outcome: typeof done === "string" ? done : done.state }),
      );
      if (typeof outcome !== "string" && outcome.state !== "open") app.shelf.forget();
      back(
        `${PATH}/${date}`,
        typeof outcome === "string" ? outcome : outcome.state === "open" ? "still-open" : "closed",
      );
    }),
  });

  return router;
}

/** The day in the address, or that of the newest edition with papers. @throws {NotFound} for what is no day of our time */
export async function dateIn({ editions }: Pick<AdminApp, "editions">, req: Request): Promise<Day> {
  const text = [req.params.date ?? ""].flat()[0]!;
  const date = text === "latest" ? ((await editions.newest())?.date ?? "") : text;
  if (!isDayOfOurTime(date)) throw new NotFound("There is no edition of that day.");
  return date;
}

/** Each state that any delivery of the edition is in, with the way to those. */
export function countsView(counts: Readonly<Record<DeliveryState, number>>, date: Day, say: Visit["say"]) {
  return (Object.keys(DELIVERY_MOVES) as DeliveryState[])
    .filter((state) => counts[state] > 0)
    .map((state) => ({
      name: say("page.admin.deliveryState", { state }),
      count: counts[state],
      href: `/admin/deliveries?edition=${date}&state=${state}`,
    }));
}
