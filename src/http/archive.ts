/** What anybody may read: editions, topics, a digest in the browser. Papers have a file of their own. */
import { Router } from "express";
import { isDay } from "../core/day.ts";
import { digestOf } from "../core/digest.ts";
import { everything } from "../core/filter.ts";
import { dateOf } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import { NotFound } from "../errors.ts";
import { KEEP_SECONDS, latest, mayBeKept } from "./caching.ts";
import { editionsView, editionView } from "./edition-view.ts";
import { rounded } from "./form-view.ts";
import { opened } from "./links.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";
import { paperView } from "./paper-view.ts";
import { dayParameter, filterOfPage, queryOf } from "./query.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";
import { topicsPerDay } from "./topics-per-day.ts";

/** Editions on one page of the list: three months. */
const PAGE = 93;

export function archiveRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();
  const { catalogue } = app;
  const startedAt = app.now();

  // Addresses with a link in them keep themselves out of search engines (security.ts); the rest is for everybody.
  answer(router, "/robots.txt", {
    get(_req, res) {
      res.type("text/plain").send("User-agent: *\nDisallow:\n");
    },
  });

  answer(router, "/editions", {
    async get(req, res) {
      const say = pages.say(req);
      const filter = filterOfPage(req, catalogue);
      const rows = await app.editions.list(PAGE + 1, dayParameter("before", queryOf(req).get("before")));
      // One that is open may be decided, and another be opened, at a time that nobody wrote down.
      const isSettled = rows.every(({ state }) => state !== "open");
      mayBeKept(res, KEEP_SECONDS.page, isSettled ? latest(startedAt, ...rows.map((row) => row.closedAt)) : null);
      pages.send(res, say, "editions", editionsView(rows, { most: PAGE, filter, say, catalogue }));
    },
  });

  answer(router, "/editions/:date", {
    async get(req, res) {
      const date = String(req.params.date);
      const shelved = date === "latest" ? await app.shelf.newest() : isDay(date) ? await app.shelf.get(date) : null;
      const place = shelved && (await app.editions.placeOf(shelved.edition.date));
      if (!place) throw new NotFound("There is no edition of that day.");
      const { edition } = shelved;
      // When a paper was withdrawn is not known: an edition that lacks one is told apart by its bytes alone.
      const isWhole = edition.state !== "open" && edition.papers.length === place.places;
      mayBeKept(res, KEEP_SECONDS.page, isWhole ? latest(place.decidedAt, startedAt) : null);
      const say = pages.say(req);
      const filter = filterOfPage(req, catalogue);
      pages.send(res, say, "edition", editionView(shelved, place, { filter, say, catalogue }));
    },
  });

  answer(router, "/topics", {
    async get(req, res) {
      const say = pages.say(req);
      const topics = await topicsPerDay(app);
      const named = catalogueIn(say, catalogue);
      const perDay = new Map(topics.map(({ id, papersPerDay }) => [id, rounded(papersPerDay)]));
      const families = named.families.map(({ id, name }) => ({
        name,
        topics: named.topics
          .filter(({ family }) => family === id)
          .map((topic) => ({ ...topic, perDay: perDay.get(topic.id) ?? 0 })),
      }));
      pages.send(res, say, "topics", {
        title: say("page.topics.heading"),
        description: say("page.topics.lead"),
        families,
      });
    },
  });

  answer(router, "/digest/:link", {
    get: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "digest", req);
        const shelved = link && (await app.shelf.get(link.editionDate));
        if (!shelved) return pages.notice(req, res.status(404), "unknownLink");
        const say = pages.say(req);
        const { edition, index } = shelved;
        const digest = digestOf({ edition, index, filter: everything, cadence: "daily", keys: link.paperKeys });
        pages.send(res, say, "digest", {
          title: say("page.digest.heading", { date: dateOf(edition.date) }),
          editionHref: `/editions/${edition.date}`,
          papers: digest.items.map(({ paper, number }) => paperView(paper, say, { number, catalogue })),
        });
      },
    ],
  });
  return router;
}
