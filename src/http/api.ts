/** The API under /api/v1 (docs/promises.md §3). Errors are problem documents; a field nobody knows is refused. */
import { randomBytes, randomInt } from "node:crypto";
import { type RequestHandler, Router } from "express";
import { changePreferences } from "../actions/change-preferences.ts";
import { confirm } from "../actions/confirm.ts";
import { preview } from "../actions/preview.ts";
import { requestSubscription } from "../actions/request-subscription.ts";
import { unsubscribe } from "../actions/unsubscribe.ts";
import { members } from "../core/bits.ts";
import { CHALLENGE_NUMBERS } from "../core/challenge.ts";
import { isDay } from "../core/day.ts";
import { maskAddress } from "../core/email-address.ts";
import { type Filter, parseFilter } from "../core/filter.ts";
import { filterFromQuery } from "../core/filter-query.ts";
import { match } from "../core/match.ts";
import { Invalid, NotFound } from "../errors.ts";
import type { Shelved } from "../store/shelf.ts";
import type { Subscription } from "../store/subscriptions.ts";
import { whenOf } from "./abuse/form.ts";
import type { Guard } from "./abuse.ts";
import { accountApi } from "./account.ts";
import type {
  challengeAnswer,
  confirmedAnswer,
  editionAnswer,
  previewAnswer,
  requestedAnswer,
  subscriptionAnswer,
  Told,
  topicAnswer,
} from "./api/answers.ts";
import { operatorApi } from "./api/operator.ts";
import { editionsParameters, filterAnd, nextPage, previewParameters, readParameters } from "./api/parameters.ts";
import { readJson } from "./bodies.ts";
import { KEEP_SECONDS, mayBeKept } from "./caching.ts";
import { notFound, Refused } from "./faults.ts";
import { opened } from "./links.ts";
import { answer } from "./methods.ts";
import { paperJson } from "./paper-view.ts";
import { proofOf } from "./proof.ts";
import { queryOf } from "./query.ts";
import { fromAnywhere, unlisted } from "./security.ts";
import type { WebApp } from "./server.ts";
import { topicsPerDay } from "./topics-per-day.ts";
import { understoodJson } from "./understood-view.ts";
import { elsewhereOf, orRefuse, type Read, readChanges, readWish } from "./wishes.ts";

export function apiRoutes(app: WebApp, guard: Guard): Router {
  const router = Router();
  const { catalogue } = app;
  router.use(["/topics", "/editions", "/preview", "/challenge"], fromAnywhere);
  router.all("/subscriptions", fromAnywhere);

  answer(router, "/topics", {
    async get(_req, res) {
      mayBeKept(res, KEEP_SECONDS.page, null);
      res.json((await topicsPerDay(app)) satisfies Told<typeof topicAnswer>[]);
    },
  });

  answer(router, "/editions", {
    async get(req, res) {
      const query = queryOf(req);
      const { filter, limit, before = null } = filterAnd(query, editionsParameters, catalogue);
      const rows = await app.editions.list(limit + 1, before);
      const editions: Told<typeof editionAnswer>[] = [];
      for (const { date } of rows.slice(0, limit)) {
        const shelved = await app.shelf.get(date);
        if (shelved) editions.push(editionJson(shelved, filter));
      }
      const last = rows.length > limit ? rows[limit - 1] : undefined;
      if (last) res.set("Link", nextPage(app, req, { before: last.date }));
      mayBeKept(res, KEEP_SECONDS.page, null);
      res.json(editions);
    },
  });

  answer(router, "/editions/:date", {
    async get(req, res) {
      const filter = filterFromQuery(queryOf(req), catalogue);
      const date = String(req.params.date);
      const shelved = date === "latest" ? await app.shelf.newest() : isDay(date) ? await app.shelf.get(date) : null;
      if (!shelved)
        throw new NotFound(
          `There is no edition ${JSON.stringify(date.slice(0, 40))}. Write a day such as 2026-04-15, or latest.`,
        );
      mayBeKept(res, KEEP_SECONDS.page, null);
      res.json(editionJson(shelved, filter));
    },
  });

  answer(router, "/preview", {
    post: [
      ...readJson,
      async (req, res) => {
        const filter = parseFilter(req.body, catalogue);
        const { maxPapers } = readParameters(queryOf(req), previewParameters);
        const { digest, papersPerDay, understood } = await preview(app, filter, maxPapers);
        const papers = (digest?.items ?? []).map(({ paper, because }) => ({ ...paperJson(paper), because }));
        res.json({
          papers,
          papersPerDay,
          understood: understoodJson(understood, app.texts("en")),
        } satisfies Told<typeof previewAnswer>);
      },
    ],
  });

  // Solved, it stands in the field `altcha` of what is asked for; only where the server asks for it (PROOF_OF_WORK).
  answer(router, "/challenge", {
    get(_req, res) {
      const random = { salt: randomBytes(16), number: randomInt(CHALLENGE_NUMBERS) };
      const challenge: Told<typeof challengeAnswer> = app.challenges.make(random, app.now());
      res.set("Cache-Control", "no-store").json(challenge);
    },
  });

  answer(router, "/subscriptions", {
    post: [
      ...readJson,
      async (req, res) => {
        const { solution, rest } = orRefuse(readSolution(req.body));
        const wish = orRefuse(readWish(rest, app));
        const admission = await guard.admit(req, { solution });
        // A page that waited too long is queued without a word; a program can be told what to mend.
        if (admission.kind === "later" && admission.because !== "missing")
          throw new Invalid(PROOF_SAYS, [{ field: "altcha", message: `${PROOF_SAYS} (${admission.because})` }]);
        await requestSubscription(app, {
          ...{ ...wish, askedBy: "api", proof: proofOf(app, req, "/api/v1/subscriptions", wish.wanted.language) },
          ...whenOf(admission),
        });
        res.status(202).json({ status: "check-your-inbox" } satisfies Told<typeof requestedAnswer>);
      },
    ],
  });

  answer(router, "/subscriptions/:link/confirm", {
    post: [
      unlisted,
      async (req, res) => {
        const link = opened(app, "confirm", req);
        const result = link && (await confirm(app, link.requestId, app.now()));
        if (!result || result.outcome === "unknown") throw new NotFound(UNKNOWN_LINK);
        const status: Told<typeof confirmedAnswer> =
          result.outcome === "already"
            ? { status: "already-confirmed" }
            : { status: "confirmed", link: app.links.sign("preferences", { subscriptionId: result.id }, app.now()) };
        res.json(status);
      },
    ],
  });

  const reader = async (req: Parameters<RequestHandler>[0]) => {
    const link = opened(app, "preferences", req);
    const subscription = link && (await app.subscriptions.findById(link.subscriptionId));
    if (!subscription?.email) throw new NotFound(UNKNOWN_LINK);
    return subscription;
  };

  answer(router, "/subscriptions/:link", {
    get: [
      unlisted,
      async (req, res) => {
        res.json(subscriptionJson(await reader(req)));
      },
    ],
    patch: [
      unlisted,
      ...readJson,
      async (req, res) => {
        const subscription = await reader(req);
        const { id, preferences, state, elsewhere } = subscription;
        const current = { preferences, elsewhere, isPaused: state === "paused" };
        const change = orRefuse(readChanges(req.body, current, { catalogue, now: app.now() }));
        if (state === "ended") throw new Refused(409, "This subscription has ended. Subscribe again.");
        if (state === "suspended" && change.pause)
          throw new Refused(409, "This subscription is suspended: mail to its address came back. Subscribe again.");
        await changePreferences(app, id, change);
        res.json(subscriptionJson(await reader(req)));
      },
    ],
    delete: [
      unlisted,
      async (req, res) => {
        const { id } = await reader(req);
        await unsubscribe(app, id, "preferences-link", app.now());
        res.json(subscriptionJson(await reader(req)));
      },
    ],
  });

  router.use(accountApi(app), operatorApi(app));
  router.use(notFound);
  return router;
}

const PROOF_SAYS = "This proof of work does not count. Ask for a new challenge at /api/v1/challenge.";

/** The solved challenge in a body, and the body without it. */
function readSolution(body: unknown): Read<{ solution: string; rest: unknown }> {
  if (typeof body !== "object" || body === null || !("altcha" in body)) return { value: { solution: "", rest: body } };
  const { altcha, ...rest } = body;
  if (typeof altcha === "string") return { value: { solution: altcha, rest } };
  return { problems: [{ field: "altcha", message: "Write the solved challenge as base64 of JSON." }] };
}

const UNKNOWN_LINK = "This link is unknown or over. Ask for a fresh one at /lost-link.";

function editionJson({ edition, index }: Shelved, filter: Filter): Told<typeof editionAnswer> {
  const { date, state, closedAt, revision } = edition;
  const papers = [...members(match(index, filter).papers)].map((at) => paperJson(index.papers[at]!));
  return { date, state, closedAt: closedAt?.toJSON() ?? null, revision, papers };
}

/** A subscription as its reader sees it: preferences as they are sent, `zone` that of their home, and how it stands. */
function subscriptionJson(subscription: Subscription): Told<typeof subscriptionAnswer> {
  const { state, preferences, pausedUntil, email, elsewhere } = subscription;
  return {
    ...{ status: state, address: maskAddress(email!), paused: state === "paused" },
    pausedUntil: pausedUntil?.toJSON() ?? null,
    ...{ ...preferences, zone: elsewhere?.homeZone ?? preferences.zone, elsewhere: elsewhereOf(subscription) },
  };
}
