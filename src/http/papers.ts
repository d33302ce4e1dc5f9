/** One paper: its page, and its entry for BibTeX. */
import { Router } from "express";
import { bibtexOf, type Citation } from "../core/bibtex.ts";
import { countsByDay, curveOf, type Told } from "../core/curve.ts";
import { everything } from "../core/filter.ts";
import { authorsInWords } from "../core/in-words.ts";
import { inertLine, inertText, webAddress } from "../core/inert.ts";
import { dateOf, type Say } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import { NotFound } from "../errors.ts";
import type { PaperRecord } from "../store/paper-records.ts";
import { KEEP_SECONDS, latest, mayBeKept } from "./caching.ts";
import { LONGEST_DESCRIPTION } from "./edition-view.ts";
import { feedLinks } from "./feeds.ts";
import { answer } from "./methods.ts";
import type { Pages, View } from "./pages.ts";
import { paperHref, topicNames } from "./paper-view.ts";
import type { WebApp } from "./server.ts";

export function paperRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();
  const { catalogue } = app;
  const startedAt = app.now();

  // With a star: old arXiv ids have a slash in them (hep-th/9901001).
  answer(router, "/papers/*id", {
    async get(req, res) {
      const [, asked = "", ending = ""] = /^(.*?)(\.bib)?$/s.exec([req.params.id ?? ""].flat().join("/"))!;
      // PostgreSQL takes no text with a zero byte, so no paper has one in its name.
      if (asked.includes("\0")) throw new NotFound("There is no such paper here.");
      // The id of a version is no alias of its own: 2604.11784v2 is 2604.11784.
      const paper = await app.paperRecords.find(asked.replace(/(?<=\d)v\d{1,3}$/, ""));
      if (!paper) throw new NotFound("There is no such paper here.");
      if (paper.id !== asked) return res.redirect(301, paperHref(paper.id) + ending);
      mayBeKept(res, KEEP_SECONDS.page, latest(paper.changedAt, startedAt));
      const citation = bibtexOf({ ...paper, firstOn: paper.editions.at(-1)?.date ?? null });
      if (ending !== "") {
        res.attachment(`${citation.key}.bib`).set("Content-Type", "application/x-bibtex; charset=utf-8");
        return res.send(citation.entry);
      }
      const say = pages.say(req);
      pages.send(res, say, "paper", recordView(paper, citation, say));
    },
  });

  const recordView = (paper: PaperRecord, { entry }: Citation, say: Say) => {
    const topicName = topicNames(catalogueIn(say, catalogue));
    const { editions, topics, publishedAt, organization, withdrawn } = paper;
    return {
      title: inertLine(paper.title, 300),
      description: inertLine(paper.summary || paper.abstract, LONGEST_DESCRIPTION),
      alternates: feedLinks(everything, say, catalogue),
      authors: authorsInWords(paper.authors, say),
      allAuthors:
        paper.authors.length > 3
          ? say.list(
              paper.authors.slice(0, 500).map((name) => inertLine(name, 80)),
              "unit",
            )
          : "",
      authorCount: paper.authors.length,
      organization: organization === null ? "" : inertLine(organization, 120),
      withdrawn,
      summary: inertText(paper.summary),
      abstract: inertText(paper.abstract).slice(0, 20_000),
      publishedAt: publishedAt ?? "",
      url: webAddress(paper.url),
      pdfUrl: webAddress(paper.pdfUrl),
      codeUrl: webAddress(paper.codeUrl),
      topics: topics.map((id) => ({ id, name: topicName(id) })),
      categories: paper.categories.map((category) => ({
        name: inertLine(category, 80),
        href: `/editions/latest?categories=${encodeURIComponent(category)}`,
      })),
      editions: editions.map(({ date, rank }) => ({
        date: dateOf(date),
        rank,
        href: `/editions/${date}#place-${rank}`,
      })),
      curves: [curveView("votes", paper.votes, say), curveView("stars", paper.stars, say)].filter(Boolean),
      bibtex: entry,
      bibtexHref: `${paperHref(paper.id)}.bib`,
    };
  };
  return router;
}

/** The keys this file says. */
export const paperWords = ["page.paper.curve", "page.paper.curveSaid"] as const;

/** Units of the drawing; it is stretched to the width there is. */
const FIELD = { width: 600, height: 160 } as const;

/** A count over its days; null while one day is known alone, which is no curve. */
function curveView(what: "votes" | "stars", told: readonly Told[], say: Say): View | null {
  const counts = countsByDay(told);
  const [first, last] = [counts[0], counts.at(-1)];
  if (first === undefined || last === undefined || first === last) return null;
  const { points, top } = curveOf(counts, FIELD);
  const range = { since: dateOf(first.day), until: dateOf(last.day) };
  return {
    ...{ what, points, top, half: top / 2, ...FIELD, middle: FIELD.height / 2, ...range },
    heading: say("page.paper.curve", { what }),
    said: say("page.paper.curveSaid", { what, ...range, from: first.count, to: last.count }),
    days: counts.map(({ day, count }) => ({ day: dateOf(day), count })),
  };
}
