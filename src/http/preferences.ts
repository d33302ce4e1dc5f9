/** What a reader gets and when: shown, changed, paused. The address is masked, because mails are forwarded. */
import { type Request, type Response, Router } from "express";
import { type Change, changePreferences } from "../actions/change-preferences.ts";
import { requestSubscription } from "../actions/request-subscription.ts";
import { maskAddress, parseAddress } from "../core/email-address.ts";
import { dateOf } from "../core/text.ts";
import { localDayOf } from "../core/zone.ts";
import type { Problem } from "../errors.ts";
import type { Subscription } from "../store/subscriptions.ts";
import { whenOf } from "./abuse/form.ts";
import type { Guard } from "./abuse.ts";
import { type FormBody, lastOf, pressOf, readForm } from "./bodies.ts";
import { fieldView, zoneView } from "./form-view.ts";
import { linkOf, opened, unsubscribeHref } from "./links.ts";
import { answer } from "./methods.ts";
import { nextDigestInWords } from "./next-digest.ts";
import type { Pages } from "./pages.ts";
import { proofOf } from "./proof.ts";
import { unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";
import { filterOf, tasteOf } from "./taste.ts";
import { edited, isEdit, readTyped, type Typed, typedOf, wantedBy } from "./typed.ts";
import { type Read, readChanges, readStay } from "./wishes.ts";

/** What became of a press: shown at the top of the page. */
type Done = "" | "saved" | "paused" | "resumed" | "away" | "home";

export function preferencesRoutes(app: WebApp, pages: Pages, guard: Guard): Router {
  const router = Router();

  answer(router, "/preferences/:link", {
    get: [
      unlisted,
      async (req, res) => {
        const subscription = await reader(app, req);
        if (subscription?.email) await show(req, res, subscription, { done: "" });
        else pages.notice(req, res.status(404), "unknownLink");
      },
    ],
    post: [
      unlisted,
      ...readForm,
      async (req, res) => {
        const subscription = await reader(app, req);
        if (!subscription?.email) return pages.notice(req, res.status(404), "unknownLink");
        if (pressOf(req.body) === "account") {
          const address = parseAddress(subscription.email);
          const admission = await guard.admit(req, { solution: "" });
          const proof = proofOf(app, req, "/preferences", pages.say(req).language);
          const how = { askedBy: "form", proof, ...whenOf(admission) } as const;
          await requestSubscription(app, { address, wanted: null, opens: "account", ...how });
          return pages.notice(req, res, admission.kind === "later" ? "inboxLater" : "accountLink");
        }
        const press = pressOf(req.body);
        const typed = edited(readTyped(req.body, typedOf(subscription.preferences)), press);
        const zoneShown = lastOf(req.body, "zoneShown");
        if (press === "show" || isEdit(press)) return show(req, res, subscription, { done: "", typed, zoneShown });
        const { value: change, problems } = readPress(req.body, typed, subscription);
        if (problems)
          return show(req, res.status(422), subscription, {
            ...{ done: "", typed, zoneShown, problems },
            beside: besideIn(req.body),
          });
        await changePreferences(app, subscription.id, change);
        const after = await app.subscriptions.findById(subscription.id);
        const done = doneBy(change);
        if (after?.email) await show(req, res, after, { done });
        else pages.notice(req, res.status(404), "unknownLink");
      },
    ],
  });

  /** The buttons that change something: save, pause, resume. */
  const readPress = (body: FormBody, typed: Typed, subscription: Subscription): Read<Change> => {
    const { preferences, state, elsewhere } = subscription;
    const pausedUntil = besideIn(body).pausedUntil || null;
    const pressed = { pause: { paused: true, pausedUntil }, resume: { paused: false } };
    const press = pressOf(body);
    if (press === "home") return { value: { elsewhere: null } };
    if (press === "away") {
      const stay = readStay(besideIn(body), elsewhere?.homeZone ?? preferences.zone, app.now());
      return stay.problems ? stay : { value: { elsewhere: stay.value } };
    }
    const all = wantedBy(typed);
    const { zone, ...others } = all;
    // A page that was opened while they were elsewhere shows that zone; saved when they are home, it must not become theirs.
    const saved = zone === lastOf(body, "zoneShown") ? others : all;
    const wanted = press === "pause" || press === "resume" ? pressed[press] : saved;
    const context = { catalogue: app.catalogue, now: app.now() };
    return readChanges(wanted, { preferences, isPaused: state === "paused", elsewhere }, context);
  };

  const show = async (
    req: Request,
    res: Response,
    subscription: Subscription,
    shown: { done: Done; typed?: Typed; problems?: readonly Problem[]; zoneShown?: string; beside?: Beside },
  ) => {
    const { state, preferences, pausedUntil, elsewhere, email } = subscription;
    if (state === "ended") return pages.notice(req, res, "ended");
    const say = pages.say(req);
    const { done, typed = typedOf(preferences), problems = [], zoneShown = "", beside = besideIn({}) } = shown;
    /** Said in one sentence: the more exact one of the core would say the same again. */
    const field = (name: keyof Beside) => ({ ...fieldView(name, beside[name], problems, say), detail: "" });
    const action = `/preferences/${linkOf(req)}`;
    const taste = await tasteOf(app, say, { typed, filter: filterOf(typed, app.catalogue), problems, edits: action });
    pages.send(res, say, "preferences", {
      title: say("page.preferences.heading"),
      address: maskAddress(email!),
      action,
      done: done && say("page.preferences.done", { done }),
      zoneShown: zoneShown || preferences.zone,
      ...taste,
      state: say("page.preferences.state", {
        state: pausedUntil && state === "paused" ? "pausedUntil" : state,
        next: nextDigestInWords(preferences, app.now(), say),
        until: dateOf(localDayOf(preferences.zone, pausedUntil ?? app.now())),
      }),
      isPaused: state === "paused",
      isSuspended: state === "suspended",
      earliest: localDayOf(preferences.zone, new Date(app.now().getTime() + DAY_MS)),
      pauseUntil: field("pausedUntil"),
      away: elsewhere
        ? say("page.preferences.away", {
            zone: preferences.zone.replaceAll("_", " "),
            home: elsewhere.homeZone.replaceAll("_", " "),
            until: dateOf(localDayOf(elsewhere.homeZone, elsewhere.until)),
          })
        : "",
      awayZone: { ...field("elsewhereZone"), ...zoneView(beside.elsewhereZone || "UTC") },
      awayUntil: field("zoneUntil"),
      unsubscribeHref: unsubscribeHref(app, subscription.id),
    });
  };
  return router;
}

/** The forms beside the big one: a pause, and being elsewhere. */
interface Beside {
  readonly pausedUntil: string;
  readonly elsewhereZone: string;
  readonly zoneUntil: string;
}

function besideIn(body: FormBody): Beside {
  const one = (name: keyof Beside) => lastOf(body, name).trim();
  return { pausedUntil: one("pausedUntil"), elsewhereZone: one("elsewhereZone"), zoneUntil: one("zoneUntil") };
}

function doneBy({ pause, elsewhere }: Change): Done {
  if (pause) return pause.paused ? "paused" : "resumed";
  if (elsewhere !== undefined) return elsewhere ? "away" : "home";
  return "saved";
}

async function reader(app: WebApp, req: Request): Promise<Subscription | null> {
  const link = opened(app, "preferences", req);
  return link && app.subscriptions.findById(link.subscriptionId);
}

const DAY_MS = 24 * 60 * 60 * 1000;
