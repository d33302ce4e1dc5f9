/** An edition as any filter sees it: looked at, and tried on oneself. */
import { Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { sendTest, type TestOutcome } from "../../actions/send-test.ts";
import { pickDigest } from "../../core/digest.ts";
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
import { type Desk, fieldOf, type Visit } from "./desk.ts";
import { dateIn } from "./editions.ts";
import { addressIn } from "./readers.ts";
import type { AdminApp } from "./routes.ts";

const PATH = "/admin/editions/:date";
const MOST_PAPERS = 50;
const DEFAULTS = { maxPapers: 10, language: "en" } as const;
const LINED: readonly string[] = ["include", "exclude", "authors"];
/** A mail brings its own styles; it is shown as a page that can do nothing. */
const MAIL_POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; frame-ancestors 'none'; sandbox";

export function previewPages(app: AdminApp, desk: Desk): Router {
  const router = Router();

  answer(router, `${PATH}/preview`, {
    get: desk.page(async (visit) => {
      const { req, say, query, show } = visit;
      const date = await dateIn(app, req);
      const shelved = await closedEdition(date);
      const asked = readAsked(query);
      const text = shelved && asked.filter ? await mailOf(shelved, asked, "text") : null;
      const filterQuery = asked.filter ? filterToQuery(asked.filter) : "";
      const value = (name: string) => query.getAll(name).join("\n");
      show("preview", {
        title: say("page.admin.preview", { date: dateOf(date) }),
        path: `/admin/editions/${date}/preview`,
        editionHref: `/admin/editions/${date}`,
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
        htmlHref: `/admin/editions/${date}/preview/mail${filterQuery ? `?${filterQuery}&` : "?"}maxPapers=${asked.maxPapers}`,
        testAction: `/admin/editions/${date}/test`,
        hidden: [
          ...[...new URLSearchParams(filterQuery)].map(([name, each]) => ({ name, value: each })),
          { name: "maxPapers", value: String(asked.maxPapers) },
        ],
        languages: app.texts.languages.map((language) => ({ value: language, isChosen: language === say.language })),
      });
    }),
  });

  answer(router, `${PATH}/preview/mail`, {
    get: desk.page(async ({ req, res, query }) => {
      const shelved = await closedEdition(await dateIn(app, req));
      const asked = readAsked(query);
      if (asked.problems.length > 0) throw new Invalid("The filter cannot be used as it is.", asked.problems);
      const html = shelved && asked.filter && (await mailOf(shelved, asked, "html"));
      if (!html) throw new NotFound("This edition has nothing for such a filter.");
      res.set("Content-Security-Policy", MAIL_POLICY).type("html").send(html);
    }),
  });

  answer(router, `${PATH}/test`, {
    post: desk.press(async (visit) => {
      const { req, body, back } = visit;
      const date = await dateIn(app, req);
      const asked = readAsked(parametersOf(body));
      if (!asked.filter) throw new Invalid("The filter cannot be used as it is.", asked.problems);
      const to = addressIn(fieldOf(body, "to"));
      const there = `/admin/editions/${date}`;
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

function wordOf(outcome: TestOutcome): string {
  if (outcome.kind !== "not-sent") return outcome.kind;
  return outcome.because === "withheld" || outcome.because === "refused" ? outcome.because : "not-sent";
}

function parametersOf(body: FormBody): URLSearchParams {
  return new URLSearchParams(
    Object.entries(body).flatMap(([name, value]) => [value ?? []].flat().map((each): [string, string] => [name, each])),
  );
}
