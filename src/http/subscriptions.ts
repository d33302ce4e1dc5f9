/** Subscribing: the form beside a taste of the paper, the wish itself, and a link that was lost. */
import { type Response, Router } from "express";
import { requestSubscription } from "../actions/request-subscription.ts";
import { everything, type Filter } from "../core/filter.ts";
import type { Say } from "../core/text.ts";
import type { Problem } from "../errors.ts";
import { broughtBy, instead, type Meant, meantAddress, meantView, openGuardView, whenOf } from "./abuse/form.ts";
import type { Guard } from "./abuse.ts";
import { pressOf, readForm } from "./bodies.ts";
import { feedLinks } from "./feeds.ts";
import { formView } from "./form-view.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";
import { proofOf } from "./proof.ts";
import { filterOfPage, queryOf } from "./query.ts";
import type { WebApp } from "./server.ts";
import { filterOf, tasteOf } from "./taste.ts";
import { BLANK, edited, isEdit, readTyped, type Typed, typedWatch, wantedBy } from "./typed.ts";
import { readAddress, readPreferences, readWish } from "./wishes.ts";

/** The form as it stands, what is wrong with it, and the filter whose papers are shown beside it: null when it cannot be used. */
interface Home {
  readonly typed: Typed;
  readonly filter: Filter | null;
  readonly problems?: readonly Problem[];
  readonly meant?: Meant | null;
}

/** What the routes of a form need to keep the door. */
export interface Doorkeeping {
  readonly guard: Guard;
  readonly assetUrl: (name: string) => string;
}

export function subscriptionRoutes(app: WebApp, pages: Pages, { guard, assetUrl }: Doorkeeping): Router {
  const router = Router();
  const { catalogue } = app;
  const guardView = openGuardView(guard, assetUrl);

  const homeView = async (res: Response, say: Say, { typed, filter, problems = [], meant = null }: Home) => ({
    ...(await tasteOf(app, say, { typed, filter, problems, edits: "/preview" })),
    title: say("page.home.title"),
    alternates: feedLinks(filter ?? everything, say, catalogue),
    meant: meant && meantView(say, meant),
    guard: await guardView(res),
  });

  answer(router, "/", {
    async get(req, res) {
      const say = pages.say(req);
      const filter = filterOfPage(req, catalogue);
      const typed = { ...BLANK, language: say.language, watches: filter.watches.map(typedWatch) };
      pages.send(res, say, "home", await homeView(res, say, { typed, filter }));
    },
  });

  // Not a GET: the address typed beside the filter would end up in the browser's history and in logs on the way.
  answer(router, "/preview", {
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const press = pressOf(req.body);
        const typed = edited(readTyped(req.body), press);
        const { problems } = readPreferences(wantedBy(typed), catalogue);
        const filter = filterOf(typed, catalogue);
        // Only what changes as choices do, for the script of the page (templates/assets/page.js).
        if (queryOf(req).get("part") === "live") {
          const live = await tasteOf(app, say, { typed, filter, ...(problems && { problems }), edits: "" });
          return pages.part(res, say, "live", { ...live, isUsable: filter !== null });
        }
        // Who asks for one more watch is not done yet, and told of no mistake.
        const home = { typed, filter, ...(problems && !isEdit(press) && { problems }) };
        pages.send(res.status(home.problems ? 422 : 200), say, "home", await homeView(res, say, home));
      },
    ],
  });

  // Nothing rides on the browser's standing here (no cookie, no session), so another site has nothing to forge.
  answer(router, "/subscriptions", {
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const typed = { ...readTyped(req.body), ...instead(req.body) };
        const { value: wish, problems } = readWish({ ...wantedBy(typed), email: typed.email }, app);
        if (problems) {
          const home = await homeView(res, say, { typed, filter: null, problems });
          return pages.send(res.status(422), say, "home", home);
        }
        const meant = meantAddress(wish.address, req.body);
        if (meant) {
          const home = await homeView(res, say, { typed, filter: wish.wanted.filter, meant });
          return pages.send(res, say, "home", home);
        }
        const admission = await guard.admit(req, broughtBy(req.body));
        if (admission.kind !== "program")
          await requestSubscription(app, {
            ...{ ...wish, askedBy: "form", proof: proofOf(app, req, "/", say.language) },
            ...whenOf(admission),
          });
        // A page, not a redirect to one: reloaded it is one more request, which the caps on answering keep quiet.
        pages.notice(req, res, admission.kind === "later" ? "inboxLater" : "checkInbox");
      },
    ],
  });

  const lostLinkView = async (res: Response, say: Say, typed: Typed, problems: readonly Problem[]) => ({
    title: say("page.lost.heading"),
    form: formView(typed, problems, { catalogue, texts: app.texts, say }),
    guard: await guardView(res),
  });

  answer(router, "/lost-link", {
    async get(req, res) {
      const say = pages.say(req);
      pages.send(res, say, "lost-link", await lostLinkView(res, say, BLANK, []));
    },
    post: [
      ...readForm,
      async (req, res) => {
        const say = pages.say(req);
        const typed = readTyped(req.body);
        const { value: address, problems } = readAddress(typed.email);
        if (problems)
          return pages.send(res.status(422), say, "lost-link", await lostLinkView(res, say, typed, problems));
        const admission = await guard.admit(req, broughtBy(req.body));
        if (admission.kind !== "program")
          await requestSubscription(app, {
            ...{ address, wanted: null, askedBy: "form", proof: proofOf(app, req, "/lost-link", say.language) },
            ...(req.body.opens === "account" && { opens: "account" }),
            ...whenOf(admission),
          });
        pages.notice(req, res, admission.kind === "later" ? "inboxLater" : "linkOnItsWay");
      },
    ],
  });
  return router;
}
