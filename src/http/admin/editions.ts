/** Editions: what became of each, opened again or closed by hand, looked at as any filter sees it, tried on oneself. */
import { type Request, Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { closeEdition } from "../../actions/close-edition.ts";
import { reopenEdition } from "../../actions/reopen-edition.ts";
import { sendTest, type TestOutcome } from "../../actions/send-test.ts";
import { addDays } from "../../core/day.ts";
import { DELIVERY_MOVES, type DeliveryState } from "../../core/delivery.ts";
import { pickDigest } from "../../core/digest.ts";
import { type Address, parseAddress } from "../../core/email-address.ts";
import type { Filter } from "../../core/filter.ts";
import { filterInWords } from "../../core/filter-in-words.ts";
import { FILTER_PARAMETERS, filterFromQuery, filterToQuery } from "../../core/filter-query.ts";
import { inertLine } from "../../core/inert.ts";
import type { Day } from "../../core/paper.ts";
import { dateOf } from "../../core/text.ts";
import { catalogueIn } from "../../core/topic-names.ts";
import { Invalid, NotFound, type Problem } from "../../errors.ts";
import type { Shelved } from "../../store/shelf.ts";
import type { FormBody } from "../bodies.ts";
import { answer } from "../methods.ts";
import { topicNames } from "../paper-view.ts";
import { isDayOfOurTime } from "../query.ts";
import { type Desk, fieldOf, type Visit } from "./desk.ts";
import { cell, code, listView, minute, pagingOf } from "./lists.ts";
import type { AdminApp } from "./routes.ts";
import { choice } from "./words.ts";

const PATH = "/admin/editions";
const LINES = 20;
const MOST_PAPERS = 50;
/** A mail brings its own styles; it is shown as a page that can do nothing. */
const MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";

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
      const date = await dateIn(req);
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
      const date = await dateIn(req);
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
      const date = await dateIn(req);
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

  answer(router, `${PATH}/:date/preview`, {
    get: desk.page(async (visit) => {
      const { req, say, query, show } = visit;
      const date = await dateIn(req);
      const shelved = await closedEdition(date);
      const asked = readAsked(query);
      const text = shelved && asked.filter ? await mailOf(shelved, asked, "text") : null;
      const filterQuery = asked.filter ? filterToQuery(asked.filter) : "";
      const value = (name: string) => query.getAll(name).join("\n");
      show("preview", {
        title: say("page.admin.preview", { date: dateOf(date) }),
        path: `${PATH}/${date}/preview`,
        editionHref: `${PATH}/${date}`,
        // Several watches come from a reader and are looked at as they are; one can be typed.
        whole: query.get("filter") ?? "",
        words: asked.filter ? wordsOf(asked.filter, visit) : "",
        ...{ topics: value("topics"), categories: value("categories"), include: value("include") },
        ...{ exclude: value("exclude"), authors: value("authors"), minUpvotes: query.get("minUpvotes") ?? "" },
        onlyWithCode: query.has("onlyWithCode"),
        maxPapers: query.get("maxPapers") ?? String(DEFAULTS.maxPapers),
        problems: asked.problems.map(({ field, message }) => ({ field, message })),
        ...{ text: text ?? "", isEmpty: shelved !== null && asked.filter !== null && text === null },
        isClosed: shelved !== null,
        htmlHref: `${PATH}/${date}/preview/mail${filterQuery ? `?${filterQuery}&` : "?"}maxPapers=${asked.maxPapers}`,
        testAction: `${PATH}/${date}/test`,
        hidden: [
          ...[...new URLSearchParams(filterQuery)].map(([name, each]) => ({ name, value: each })),
          { name: "maxPapers", value: String(asked.maxPapers) },
        ],
        languages: app.texts.languages.map((language) => ({ value: language, isChosen: language === say.language })),
      });
    }),
  });

  answer(router, `${PATH}/:date/preview/mail`, {
    get: desk.page(async ({ req, res, query }) => {
      const shelved = await closedEdition(await dateIn(req));
      const asked = readAsked(query);
      if (asked.problems.length > 0) throw new Invalid("The filter cannot be used as it is.", asked.problems);
      const html = shelved && asked.filter && (await mailOf(shelved, asked, "html"));
      if (!html) throw new NotFound("This edition has nothing for such a filter.");
      res.set("Content-Security-Policy", MAIL_POLICY).type("html").send(html);
    }),
  });

  answer(router, `${PATH}/:date/test`, {
    post: desk.press(async (visit) => {
      const { req, body, back } = visit;
      const date = await dateIn(req);
      const asked = readAsked(parametersOf(body));
      if (!asked.filter) throw new Invalid("The filter cannot be used as it is.", asked.problems);
      const to = addressIn(fieldOf(body, "to"));
      const there = `${PATH}/${date}`;
      if (to === null) return back(there, "wrong-address");
      const chosen = fieldOf(body, "language");
      const language = app.texts.languages.find((each) => each === chosen) ?? DEFAULTS.language;
      const format = fieldOf(body, "format") === "text" ? "text" : "html";
      const preferences = { filter: asked.filter, maxPapers: asked.maxPapers, language, format } as const;
      const outcome = await asOperator(
        app,
        { by: "admin", what: "send-test", about: `edition ${date}`, details: { key: app.addressKey(to) } },
        () => sendTest(app, { date, to, preferences }),
        (sent) => ({ outcome: wordOf(sent) }),
      );
      back(there, wordOf(outcome));
    }),
  });

  /** The day in the address, or that of the newest edition with papers. */
  const dateIn = async (req: Request): Promise<Day> => {
    const text = [req.params.date ?? ""].flat()[0]!;
    const date = text === "latest" ? ((await app.editions.newest())?.date ?? "") : text;
    if (!isDayOfOurTime(date)) throw new NotFound("There is no edition of that day.");
    return date;
  };

  const closedEdition = async (date: Day): Promise<Shelved | null> => {
    const shelved = await app.shelf.get(date);
    return shelved?.edition.state === "closed" ? shelved : null;
  };

  /** What a filter is asked for with; a mistake in it is told beside the form. */
  const readAsked = (query: URLSearchParams): Asked => {
    const most = Number(query.get("maxPapers") ?? DEFAULTS.maxPapers);
    const maxPapers = Number.isInteger(most) && most >= 1 && most <= MOST_PAPERS ? most : DEFAULTS.maxPapers;
    const parameters = new URLSearchParams();
    for (const [name, value] of query) {
      if (!(FILTER_PARAMETERS as readonly string[]).includes(name)) continue;
      // A field of several lines holds one entry a line.
      const entries = LINED.includes(name) ? value.split(/\r?\n/) : [value];
      for (const entry of entries) parameters.append(name, entry);
    }
    try {
      return { filter: filterFromQuery(parameters, app.catalogue), maxPapers, problems: [] };
    } catch (error) {
      if (!(error instanceof Invalid)) throw error;
      return { filter: null, maxPapers, problems: error.problems };
    }
  };

  /** The mail of somebody with this filter who never had a digest; null when it would be empty. */
  const mailOf = async ({ edition, index }: Shelved, { filter, maxPapers }: Asked, as: "text" | "html") => {
    const picked = pickDigest({ index, edition, filter: filter!, cadence: "daily", maxPapers, sentKeys: [] });
    if (picked.items.length === 0) return null;
    const preferences = { filter: filter!, language: DEFAULTS.language, format: "html" } as const;
    const delivery = { id: 0n, localDay: edition.date, subscriptionId: 0n, email: "reader@example.com", preferences };
    const digest = app.post.fitDigest({ digest: picked, edition, delivery });
    return app.post.show({ digest, edition, delivery, composedAt: app.now() }, as);
  };

  const wordsOf = (filter: Filter, { say }: Visit) =>
    inertLine(filterInWords(filter, say, topicNames(catalogueIn(say, app.catalogue))), 600) || say("filter.everything");
  return router;
}

interface Asked {
  /** Null: it cannot be used as it is. */
  readonly filter: Filter | null;
  readonly maxPapers: number;
  readonly problems: readonly Problem[];
}

const DEFAULTS = { maxPapers: 10, language: "en" } as const;
const LINED: readonly string[] = ["include", "exclude", "authors"];

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

function wordOf(outcome: TestOutcome): string {
  if (outcome.kind !== "not-sent") return outcome.kind;
  return outcome.because === "withheld" || outcome.because === "refused" ? outcome.because : "not-sent";
}

function parametersOf(body: FormBody): URLSearchParams {
  return new URLSearchParams(
    Object.entries(body).flatMap(([name, value]) => [value ?? []].flat().map((each): [string, string] => [name, each])),
  );
}

function addressIn(text: string): Address | null {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}
