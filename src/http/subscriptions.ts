/** Subscribing: the form beside a taste of the paper, the wish itself, and a link that was lost. */
import { Router } from "express";
import { preview } from "../actions/preview.ts";
import { requestSubscription } from "../actions/request-subscription.ts";
import { everything, type Filter } from "../core/filter.ts";
import { filterToQuery } from "../core/filter-query.ts";
import { dateOf, type Say } from "../core/text.ts";
import type { Problem } from "../errors.ts";
import { readForm } from "./bodies.ts";
import { formView } from "./form-view.ts";
import { answer } from "./methods.ts";
import type { Pages, View } from "./pages.ts";
import { paperView } from "./paper-view.ts";
import { filterOfPage } from "./query.ts";
import type { WebApp } from "./server.ts";
import { BLANK, readTyped, type Typed, typedWatch, wantedBy } from "./typed.ts";
import { readAddress, readPreferences, readWish } from "./wishes.ts";

/** A taste, beside the form. */
const PREVIEW_PAPERS = 5;

/** The form as it stands, what is wrong with it, and the filter whose papers are shown beside it. */
interface Home {
  readonly typed: Typed;
  readonly filter: Filter;
  readonly problems?: readonly Problem[];
}

export function subscriptionRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();
  const { catalogue } = app;

  const formOf = (say: Say, typed: Typed, problems: readonly Problem[]) =>
    formView(typed, problems, { catalogue, texts: app.texts, say, offersMore: false });

  const homeView = async (say: Say, { typed, filter, problems = [] }: Home) => ({
    title: say("page.home.title"),
    form: formOf(say, typed, problems),
    preview: await previewView(app, say, filter),
  });

  answer(router, "/", {
    async get(req, res) {
      const say = pages.say(req);
      const filter = filterOfPage(req, catalogue);
      const typed = { ...BLANK, watches: filter.watches.map(typedWatch) };
      pages.send(res, say, "home", await homeView(say, { typed, filter }));
    },
  });

  // Not a GET: the address typed beside the filter would end up in the browser's history and in logs on the way.
  answer(router, "/preview", {
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const typed = readTyped(req.body);
        const { value, problems } = readPreferences(wantedBy(typed), catalogue);
        const home = value ? { typed, filter: value.filter } : { typed, filter: everything, problems };
        pages.send(res.status(value ? 200 : 422), say, "home", await homeView(say, home));
      },
    ],
  });

  // Nothing rides on the browser's standing here (no cookie, no session), so another site has nothing to forge.
  answer(router, "/subscriptions", {
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const typed = readTyped(req.body);
        const { value: wish, problems } = readWish({ ...wantedBy(typed), email: typed.email }, catalogue);
        if (problems) {
          const home = await homeView(say, { typed, filter: everything, problems });
          return pages.send(res.status(422), say, "home", home);
        }
        await requestSubscription(app, { ...wish, askedBy: "form" });
        // A page, not a redirect to one: reloaded it is one more request, which the caps on answering keep quiet.
        pages.notice(req, res, "checkInbox");
      },
    ],
  });

  const lostLinkView = (say: Say, typed: Typed, problems: readonly Problem[]) => ({
    title: say("page.lost.heading"),
    form: formOf(say, typed, problems),
  });

  answer(router, "/lost-link", {
    get(req, res) {
      const say = pages.say(req);
      pages.send(res, say, "lost-link", lostLinkView(say, BLANK, []));
    },
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const typed = readTyped(req.body);
        const { value: address, problems } = readAddress(typed.email);
        if (problems) return pages.send(res.status(422), say, "lost-link", lostLinkView(say, typed, problems));
        await requestSubscription(app, { address, wanted: null, askedBy: "form" });
        pages.notice(req, res, "linkOnItsWay");
      },
    ],
  });
  return router;
}

/** What the newest edition holds for a filter. */
async function previewView(app: WebApp, say: Say, filter: Filter): Promise<View> {
  const { edition, digest, papersPerDay } = await preview(app, filter, PREVIEW_PAPERS);
  const isFiltered = filter.watches.length > 0;
  const query = filterToQuery(filter);
  return {
    isThere: edition !== null,
    isFiltered,
    date: edition ? dateOf(edition.date) : "",
    href: edition ? `/editions/${edition.date}${query && `?${query}`}` : "",
    papersPerDay: Math.round(papersPerDay * 10) / 10,
    papers: (digest?.items ?? []).map(({ paper, number, because }) =>
      paperView(paper, say, { number, catalogue: app.catalogue, because, watches: filter.watches.length }),
    ),
  };
}
