/**
 * A reader's account: the whole address, what was sent to it, and their rights: a copy, another address, erasure. Behind a
 * link of one hour that is mailed when it is asked for, because the other links travel with every mail that is forwarded.
 */
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { type Request, type Response, Router } from "express";
import { eraseReader } from "../actions/erase-reader.ts";
import { exportReader } from "../actions/export-reader.ts";
import { requestSubscription } from "../actions/request-subscription.ts";
import { parseAddress } from "../core/email-address.ts";
import { NotFound, type Problem } from "../errors.ts";
import type { Subscription } from "../store/subscriptions.ts";
import { whenOf } from "./abuse/form.ts";
import type { Guard } from "./abuse.ts";
import { accountView, HISTORY_PAGE, readCursor } from "./account-view.ts";
import { type FormBody, readForm } from "./bodies.ts";
import { linkOf, opened } from "./links.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";
import { proofOf } from "./proof.ts";
import { queryOf } from "./query.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";
import { readNewAddress } from "./wishes.ts";

export function accountRoutes(app: WebApp, pages: Pages, guard: Guard): Router {
  const router = Router();

  answer(router, "/account/:link", {
    get: [
      unlisted,
      async (req, res) => {
        const subscription = await reader(app, req);
        if (!subscription) return pages.notice(req, res.status(404), "unknownLink");
        if (isErasing(req)) return pages.press(req, res, "erase", `/account/${linkOf(req)}?do=erase`);
        await show(req, res, subscription);
      },
    ],
    post: [
      unlisted,
      ...readForm,
      async (req, res) => {
        const subscription = await reader(app, req);
        if (!subscription) return pages.notice(req, res.status(404), "unknownLink");
        if (isErasing(req)) {
          await eraseReader(app, keyOf(app, subscription), "account-link", app.now());
          return pages.notice(req, res, "erased");
        }
        await move(req, res, subscription);
      },
    ],
  });

  /** The other address is asked; nothing changes before its owner says yes. */
  const move = async (req: Request, res: Response, subscription: Reader) => {
    if (subscription.state === "ended") return pages.notice(req, res, "ended");
    const typed = typedIn(req.body);
    const { value: address, problems } = readNewAddress(typed, app.refusedDomains);
    if (problems) return show(req, res.status(422), subscription, { typed, problems });
    const admission = await guard.admit(req, { solution: "" });
    const { id: moves, preferences: wanted } = subscription;
    const proof = proofOf(app, req, "/account", pages.say(req).language);
    await requestSubscription(app, { address, wanted, moves, askedBy: "form", proof, ...whenOf(admission) });
    pages.notice(req, res, admission.kind === "later" ? "inboxLater" : "moveAsked");
  };

  const show = async (
    req: Request,
    res: Response,
    subscription: Reader,
    form: { typed: string; problems: readonly Problem[] } = { typed: "", problems: [] },
  ) => {
    const say = pages.say(req);
    const [standing, deliveries, cameBack] = await Promise.all([
      app.readerRecords.standing(subscription.id),
      app.readerRecords.deliveries(subscription.id, readCursor(queryOf(req).get("before")), HISTORY_PAGE + 1),
      app.readerRecords.cameBack(subscription.id),
    ]);
    const held = { subscription, standing: standing!, deliveries, cameBack };
    pages.send(res, say, "account", accountView(held, { say, link: linkOf(req), form, ...app }));
  };
  return router;
}

/** The same rights for programs. */
export function accountApi(app: WebApp): Router {
  const router = Router();

  answer(router, "/account/:link/export", {
    get: [
      unlisted,
      async (req, res) => {
        const subscription = await readerOrRefuse(app, req);
        const now = app.now();
        res.type("application/json");
        res.attachment(`paperboy-${now.toISOString().slice(0, 10)}.json`);
        await pipeline(Readable.from(exportReader(app, subscription, now)), res).catch(unlessTheyLeft);
      },
    ],
  });

  answer(router, "/account/:link/erase", {
    post: [
      unlisted,
      async (req, res) => {
        const subscription = await readerOrRefuse(app, req);
        await eraseReader(app, keyOf(app, subscription), "account-link", app.now());
        res.json({ status: "erased" });
      },
    ],
  });
  return router;
}

type Reader = Subscription & { readonly email: string };

/** Whoever goes away in the middle of a download has not met a fault of ours. */
function unlessTheyLeft(error: NodeJS.ErrnoException): void {
  if (error.code !== "ERR_STREAM_PREMATURE_CLOSE") throw error;
}

async function readerOrRefuse(app: WebApp, req: Request): Promise<Reader> {
  const subscription = await reader(app, req);
  if (!subscription) throw new NotFound("This link is unknown or over. Ask for a fresh one at /lost-link.");
  return subscription;
}

/** Null for a link that is unknown or over, and for who was erased: all the same to whoever asks (docs/promises.md S4). */
async function reader(app: WebApp, req: Request): Promise<Reader | null> {
  const link = opened(app, "account", req);
  const subscription = link && (await app.subscriptions.findById(link.subscriptionId));
  return subscription?.email ? { ...subscription, email: subscription.email } : null;
}

function keyOf(app: WebApp, { email }: Reader): string {
  return app.addressKey(parseAddress(email));
}

function isErasing(req: Request): boolean {
  return queryOf(req).get("do") === "erase";
}

function typedIn(body: FormBody): string {
  return [body.email ?? ""].flat().at(-1)!.trim();
}
