/** The two answers to a confirmation mail: yes, and never again. A GET shows the button; only the press does something. */
import { Router } from "express";
import { confirm } from "../actions/confirm.ts";
import { neverAgain } from "../actions/never-again.ts";
import { linkOf, opened, preferencesHref } from "./links.ts";
import { answer } from "./methods.ts";
import { nextDigestInWords } from "./next-digest.ts";
import type { Pages } from "./pages.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";

export function confirmationRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();

  answer(router, "/confirm/:link", {
    get: [
      unlisted,
      (req, res) => {
        if (!opened(app, "confirm", req)) return pages.notice(req, res.status(404), "unknownLink");
        pages.press(req, res, "confirm", `/confirm/${linkOf(req)}`);
      },
    ],
    post: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "confirm", req);
        const result = link && (await confirm(app, link.requestId, app.now()));
        if (!result || result.outcome === "unknown") return pages.notice(req, res.status(404), "unknownLink");
        if (result.outcome === "already") return pages.notice(req, res, "alreadyConfirmed");
        const say = pages.say(req);
        const subscription = await app.subscriptions.findById(result.id);
        pages.send(res, say, "confirmed", {
          title: say("page.confirmed.heading"),
          isOnItsWay: result.delivery !== null,
          next: subscription ? nextDigestInWords(subscription.preferences, app.now(), say) : "",
          preferencesHref: preferencesHref(app, result.id),
        });
      },
    ],
  });

  answer(router, "/never/:link", {
    get: [
      unlisted,
      (req, res) => {
        if (!opened(app, "never", req)) return pages.notice(req, res.status(404), "unknownLink");
        pages.press(req, res, "never", `/never/${linkOf(req)}`);
      },
    ],
    post: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "never", req);
        if (!link) return pages.notice(req, res.status(404), "unknownLink");
        await neverAgain(app, link.requestId, app.now());
        pages.notice(req, res, "neverAgain");
      },
    ],
  });
  return router;
}
