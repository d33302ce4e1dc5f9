/**
 * Leaving. One click (RFC 8058) is a POST to the same address as the page: it carries no cookie, is told 200 whatever the
 * link, is not redirected, and its body is not looked at. Why somebody leaves is asked afterwards, and never needed.
 */
import { type ErrorRequestHandler, type Request, type Response, Router } from "express";
import { tellReason } from "../actions/tell-reason.ts";
import { undoUnsubscribe } from "../actions/undo-unsubscribe.ts";
import { unsubscribe } from "../actions/unsubscribe.ts";
import { LEAVING_REASONS, LONGEST_WORDS, readReason } from "../core/leaving.ts";
import { LINK_LIFETIME_S } from "../core/link.ts";
import { Temporary } from "../errors.ts";
import { lastOf, readForm } from "./bodies.ts";
import { linkOf, opened } from "./links.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";
import { queryOf } from "./query.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";

export function unsubscribeRoutes(app: WebApp, pages: Pages): Router {
  const router = Router();

  // With a star: whatever stands behind the slash is a link, and every link is answered alike.
  answer(router, "/unsubscribe/*link", {
    get: [
      unlisted,
      (req, res) => pages.press(req, res, "unsubscribe", `/unsubscribe/${encodeURIComponent(linkOf(req))}?by=page`),
    ],
    post: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "unsubscribe", req);
        const via = queryOf(req).get("by") === "page" ? "unsubscribe-link" : "one-click";
        if (link) await unsubscribe(app, link.subscriptionId, via, app.now());
        const left = link && (await app.subscriptions.findGoingOn(link.subscriptionId));
        sayGoodbye(req, res, undoToken(link?.subscriptionId ?? NOBODY, left?.endedAt ?? null), { isThanked: false });
      },
    ],
  });

  answer(router, "/undo/:link", {
    get: [
      unlisted,
      (req, res) => {
        if (!opened(app, "undo", req)) return pages.notice(req, res.status(404), "unknownLink");
        pages.press(req, res, "undo", `/undo/${linkOf(req)}`);
      },
    ],
    post: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "undo", req);
        const outcome = link && (await undoUnsubscribe(app, link.subscriptionId, app.now()));
        if (outcome === "undone") pages.notice(req, res, "undone");
        else pages.notice(req, res.status(404), "unknownLink");
      },
    ],
  });

  // With the token of the page it stands on: who may still take their leaving back may also say why.
  answer(router, "/undo/:link/reason", {
    post: [
      unlisted,
      ...readForm,
      async (req, res) => {
        const link = opened(app, "undo", req);
        const said = readReason(lastOf(req.body, "reason"), lastOf(req.body, "words"));
        if (link && said) await tellReason(app, link.subscriptionId, said);
        sayGoodbye(req, res, linkOf(req), { isThanked: said !== null });
      },
    ],
  });

  /** The same page, whatever the link opened and whether anything was kept. */
  const sayGoodbye = (req: Request, res: Response, token: string, { isThanked }: { isThanked: boolean }) => {
    const say = pages.say(req);
    pages.send(res, say, "unsubscribed", {
      title: say("page.unsubscribed.heading"),
      // From today, whenever they left: the date must not tell one link from another.
      forgottenOn: new Date(app.now().getTime() + app.retentionDays * DAY_MS),
      undoHref: `/undo/${token}`,
      isThanked,
      reasons: LEAVING_REASONS.map((reason) => ({ reason, label: say("page.unsubscribed.reason", { reason }) })),
      longest: LONGEST_WORDS,
    });
  };

  /**
   * Undo is for whoever left just now, however often they press. A link in a mail that was forwarded years ago must not
   * bring back who left since, so the token lasts from the leaving on, and is over already for a link that opens nothing.
   */
  const undoToken = (subscriptionId: bigint, leftAt: Date | null): string => {
    const longAgo = new Date(app.now().getTime() - 2 * LINK_LIFETIME_S.undo! * 1000);
    return app.links.sign("undo", { subscriptionId }, leftAt ?? longAgo);
  };

  router.use("/unsubscribe", couldNotBeStored);
  return router;
}

const DAY_MS = 24 * 60 * 60 * 1000;
/** No subscription has it: ids begin at 1. */
const NOBODY = 0n;

/** Whatever went wrong, the leaving is not stored: 503 has the mail provider ask again, where 500 would not. */
const couldNotBeStored: ErrorRequestHandler = (error, _req, _res, next) =>
  next(
    error instanceof Error && "status" in error
      ? error
      : new Temporary("A leaving could not be stored.", { cause: error }),
  );
