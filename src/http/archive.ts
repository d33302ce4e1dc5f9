/** What anybody may read: editions, papers, topics, a digest in the browser. */
import { Router } from "express";
import { members } from "../core/bits.ts";
import { digestOf } from "../core/digest.ts";
import { everything, type Filter } from "../core/filter.ts";
import { filterToQuery } from "../core/filter-query.ts";
import { authorsInWords } from "../core/in-words.ts";
import { inertLine, inertText, webAddress } from "../core/inert.ts";
import { becauseOf, match } from "../core/match.ts";
import { dateOf, type Say } from "../core/text.ts";
import { NotFound } from "../errors.ts";
import type { PaperRecord } from "../store/paper-records.ts";
import type { Shelved } from "../store/shelf.ts";
import { opened } from "./links.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";
import { paperHref, paperView, topicNames } from "./paper-view.ts";
import { dayParameter, filterOfPage, isDay, queryOf } from "./query.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";
import { type TopicPerDay, topicsPerDay } from "./topics-per-day.ts";

/** Editions on one page of the list: a month. */
const PAGE = 31;

export function archiveRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();
  const { catalogue } = app;

  answer(router, "/editions", {
    async get(req, res) {
      const say = pages.say(req);
      const rows = await app.editions.list(PAGE + 1, dayParameter("before", queryOf(req).get("before")));
      const shown = rows.slice(0, PAGE);
      pages.send(res, say, "editions", {
        title: say("page.editions.heading"),
        editions: shown.map(({ date, state, papers }) => ({
          href: `/editions/${date}`,
          date: dateOf(date),
          state: say("page.editions.state", { state, papers }),
          hasPapers: papers > 0,
        })),
        olderHref: rows.length > PAGE ? `/editions?before=${shown.at(-1)!.date}` : "",
      });
    },
  });

  answer(router, "/editions/:date", {
    async get(req, res) {
      const date = String(req.params.date);
      const shelved = date === "latest" ? await app.shelf.newest() : isDay(date) ? await app.shelf.get(date) : null;
      if (!shelved) throw new NotFound("There is no edition of that day.");
      const say = pages.say(req);
      pages.send(res, say, "edition", editionView(shelved, filterOfPage(req, catalogue), say));
    },
  });

  // With a star: old arXiv ids have a slash in them (hep-th/9901001).
  answer(router, "/papers/*id", {
    async get(req, res) {
      const asked = [req.params.id ?? ""].flat().join("/");
      // PostgreSQL takes no text with a zero byte, so no paper has one in its name.
      if (asked.includes("\0")) throw new NotFound("There is no such paper here.");
      // The id of a version is no alias of its own: 2604.11784v2 is 2604.11784.
      const paper = await app.paperRecords.find(asked.replace(/(?<=\d)v\d{1,3}$/, ""));
      if (!paper) throw new NotFound("There is no such paper here.");
      if (paper.id !== asked) return res.redirect(301, paperHref(paper.id));
      pages.send(res, pages.say(req), "paper", recordView(paper, pages.say(req)));
    },
  });

  answer(router, "/topics", {
    async get(req, res) {
      const say = pages.say(req);
      const topics = await topicsPerDay(app);
      const families = catalogue.families.map(({ id, name }) => {
        const ids = catalogue.topics.filter(({ family }) => family === id).map((topic) => topic.id);
        return { name, topics: topics.filter((topic) => ids.includes(topic.id)).map(topicView) };
      });
      pages.send(res, say, "topics", { title: say("page.topics.heading"), families });
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

  const editionView = ({ edition, index }: Shelved, filter: Filter, say: Say) => {
    const matched = match(index, filter);
    const watches = filter.watches.length;
    const papers = [...members(matched.papers)].map((at, i) =>
      paperView(index.papers[at]!, say, {
        number: i + 1,
        catalogue,
        watches,
        because: watches > 0 ? becauseOf(index, filter, at, matched) : [],
      }),
    );
    const { date, state, rankedBy } = edition;
    const query = filterToQuery(filter);
    return {
      title: say("page.edition.heading", { date: dateOf(date), rankedBy }),
      lead: say("page.edition.lead", { state, count: papers.length, rankedBy }),
      isFiltered: watches > 0,
      allHref: `/editions/${date}`,
      subscribeHref: `/${query && `?${query}`}`,
      papers,
    };
  };

  const recordView = (paper: PaperRecord, say: Say) => {
    const topicName = topicNames(catalogue);
    const { editions, topics, publishedAt, organization, withdrawn } = paper;
    return {
      title: inertLine(paper.title, 300),
      authors: authorsInWords(paper.authors, say),
      allAuthors:
        paper.authors.length > 3
          ? say.list(
              paper.authors.slice(0, 500).map((name) => inertLine(name, 80)),
              "unit",
            )
          : "",
      organization: organization === null ? "" : inertLine(organization, 120),
      withdrawn,
      summary: inertText(paper.summary),
      abstract: inertText(paper.abstract).slice(0, 20_000),
      publishedAt: publishedAt ?? "",
      url: webAddress(paper.url),
      pdfUrl: webAddress(paper.pdfUrl),
      codeUrl: webAddress(paper.codeUrl),
      topics: topics.map((id) => ({ id, name: topicName(id) })),
      editions: editions.map(({ date, rank }) => ({ date: dateOf(date), rank, href: `/editions/${date}` })),
    };
  };
  return router;
}

function topicView({ papersPerDay, ...topic }: TopicPerDay) {
  return { ...topic, perDay: Math.round(papersPerDay * 10) / 10 };
}
