/** The operator's part of the API, behind API_TOKEN. Without one, every address here is unknown. What is done leaves an audit line. */
import { type Request, type RequestHandler, type Response, Router } from "express";
import type { z } from "zod";
import { asOperator } from "../../actions/as-operator.ts";
import { closeEdition } from "../../actions/close-edition.ts";
import { liftSuppression } from "../../actions/lift-suppression.ts";
import { reopenEdition } from "../../actions/reopen-edition.ts";
import { resumeSending } from "../../actions/resume-sending.ts";
import { suppress } from "../../actions/suppress.ts";
import { LOGIN_CAPS } from "../../core/caps.ts";
import { maskAddress } from "../../core/email-address.ts";
import { Invalid, NotFound } from "../../errors.ts";
import type { AuditEntry } from "../../store/audit.ts";
import type { EditionSummary } from "../../store/editions.ts";
import type { ListPage } from "../../store/list-pages.ts";
import type { ListedReader } from "../../store/reader-list.ts";
import type { Stop } from "../../store/stops.ts";
import { openTurnstile } from "../abuse/turnstile.ts";
import { keyOf } from "../admin/readers.ts";
import type { AdminApp } from "../admin/routes.ts";
import { bearerOf, isToken } from "../bearer.ts";
import { readJson } from "../bodies.ts";
import { Refused } from "../faults.ts";
import { answer } from "../methods.ts";
import { isDayOfOurTime, queryOf } from "../query.ts";
import { unlisted } from "../security.ts";
import type { Told } from "./answers.ts";
import { bodyOf } from "./bodies.ts";
import * as schemas from "./operator-schemas.ts";
import { nextPage, readParameters } from "./parameters.ts";

export type OperatorApp = AdminApp & {
  /** API_TOKEN; null: there is no such part. */
  readonly apiToken: string | null;
};

export function operatorApi(app: OperatorApp): Router {
  const router = Router();
  if (app.apiToken === null) return router;
  router.use("/operator", unlisted, onlyOperator(app, app.apiToken));
  const parameters = <Shape extends z.ZodRawShape>(req: Request, schema: z.ZodObject<Shape>) =>
    readParameters(queryOf(req), schema);
  const doing = (what: AuditEntry["what"], about: string | null, details: AuditEntry["details"] = {}): AuditEntry => ({
    ...{ by: "api", what, about, details },
  });
  const sendPage = <Row, Key, Json>(
    req: Request,
    res: Response,
    { rows, next }: ListPage<Row, Key>,
    of: { readonly json: (row: Row) => Json; readonly keyText: (key: Key) => string },
  ) => {
    if (next) res.set("Link", nextPage(app, req, { after: of.keyText(next.key) }));
    res.json(rows.map(of.json));
  };
  const at = <Key>(key: Key | null, limit: number) => ({ place: key === null ? null : { key, isBack: false }, limit });
  const numbered = (text: string | undefined) => (text === undefined ? null : BigInt(text));

  answer(router, "/operator/overview", {
    async get(_req, res) {
      const [[edition], stops, incidents, readers] = await Promise.all([
        app.editions.list(1, null),
        app.stops.standing(),
        app.incidents.standing(),
        app.dayCounts.readers(),
      ]);
      const deliveries = edition && (await app.tallies.byEdition(edition.date));
      const overview: Told<typeof schemas.overviewAnswer> = {
        edition: edition && deliveries ? { ...editionJson(edition), deliveries } : null,
        stops: stops.map(stopJson),
        incidents: incidents.map(({ kind, subject, words, beganAt }) => ({
          ...{ kind, subject, words, beganAt: beganAt.toJSON() },
        })),
        readers,
      };
      res.json(overview);
    },
  });

  answer(router, "/operator/readers", {
    async get(req, res) {
      const { state, limit, after } = parameters(req, schemas.readersParameters);
      const page = await app.readerList.list({ state: state ?? null, ...at(numbered(after), limit) });
      sendPage(req, res, page, { keyText: String, json: (reader) => readerJson(reader, { isMasked: true }) });
    },
  });

  // An address does not belong into the address of a request, which proxies keep.
  answer(router, "/operator/readers/find", {
    post: [
      ...readJson,
      async (req, res) => {
        const reader = await app.readerList.findByKey(keyIn(bodyOf(schemas.findBody, req)));
        if (!reader) throw new NotFound("There is no such reader.");
        res.json(readerJson(reader, { isMasked: false }));
      },
    ],
  });

  answer(router, "/operator/readers/:id", {
    async get(req, res) {
      const id = String(req.params.id);
      const reader = /^\d{1,18}$/.test(id) ? await app.readerList.findById(BigInt(id)) : null;
      if (!reader) throw new NotFound("There is no such reader.");
      res.json(readerJson(reader, { isMasked: false }));
    },
  });

  answer(router, "/operator/deliveries", {
    async get(req, res) {
      const asked = parameters(req, schemas.deliveriesParameters);
      const [localDay = "", id = "0"] = asked.after?.split(".") ?? [];
      if (asked.after !== undefined && !isDayOfOurTime(localDay)) throw wrong("after", "This is no place in the list.");
      const page = await app.deliveryList.list({
        state: asked.state ?? null,
        localDay: asked.localDay ?? null,
        editionDate: asked.edition ?? null,
        subscriptionId: numbered(asked.reader),
        ...at(asked.after === undefined ? null : { localDay, id: BigInt(id) }, asked.limit),
      });
      sendPage(req, res, page, {
        keyText: (key) => `${key.localDay}.${key.id}`,
        json: (each): Told<typeof schemas.deliveriesAnswer>[number] => ({
          ...{ localDay: each.localDay, id: String(each.id), reader: String(each.subscriptionId) },
          ...{ edition: each.editionDate, state: each.state, reason: each.reason, papers: each.papers },
          ...{ attempts: each.attempts, dueAt: each.dueAt.toJSON(), sendBy: each.sendBy.toJSON() },
          ...{ endedAt: each.endedAt?.toJSON() ?? null, answer: each.answer },
        }),
      });
    },
  });

  answer(router, "/operator/reports", {
    async get(req, res) {
      const { via = null, state = null, reader, limit, after } = parameters(req, schemas.reportsParameters);
      const asked = { via, state, subscriptionId: numbered(reader) };
      sendPage(req, res, await app.reportList.list({ ...asked, ...at(numbered(after), limit) }), {
        keyText: String,
        json: (each): Told<typeof schemas.reportsAnswer>[number] => ({
          ...{ id: String(each.id), via: each.via, receivedAt: each.receivedAt.toJSON(), state: each.state },
          ...{ note: each.note, reader: each.subscriptionId === null ? null : String(each.subscriptionId) },
        }),
      });
    },
  });

  answer(router, "/operator/suppressions", {
    async get(req, res) {
      const { lifted, limit, after } = parameters(req, schemas.suppressionsParameters);
      const page = await app.suppressions.list({ withLifted: lifted === "yes", ...at(after ?? null, limit) });
      sendPage(req, res, page, {
        keyText: (key) => key,
        json: ({ addressKey, because, at: since, note, liftedAt, liftedNote }) =>
          ({
            ...{ addressKey, because, at: since.toJSON(), note, liftedAt: liftedAt?.toJSON() ?? null, liftedNote },
          }) satisfies Told<typeof schemas.suppressionsAnswer>[number],
      });
    },
    post: [
      ...readJson,
      async (req, res) => {
        const asked = bodyOf(schemas.suppressBody, req);
        const [addressKey, note] = [keyIn(asked), asked.note ?? null];
        const status = await asOperator(
          app,
          doing("suppress", `key ${addressKey}`, { hasNote: note !== null }),
          () => suppress(app, addressKey, note, app.now()),
          (outcome) => ({ outcome }),
        );
        res.json({ status } satisfies Told<typeof schemas.suppressedAnswer>);
      },
    ],
  });

  answer(router, "/operator/suppressions/lift", {
    post: [
      ...readJson,
      async (req, res) => {
        const asked = bodyOf(schemas.liftBody, req);
        const addressKey = keyIn(asked);
        const lifted = await asOperator(
          app,
          doing("lift", `key ${addressKey}`),
          () => liftSuppression(app, addressKey, asked.note, app.now()),
          (one) => ({ lifted: one !== null, because: one?.because ?? null }),
        );
        const said: Told<typeof schemas.liftedAnswer> = { status: lifted ? "lifted" : "not-suppressed" };
        res.json(said);
      },
    ],
  });

  answer(router, "/operator/stops", {
    async get(_req, res) {
      res.json((await app.stops.standing()).map(stopJson));
    },
    post: [
      ...readJson,
      async (req, res) => {
        const { because } = bodyOf(schemas.stopBody, req);
        await asOperator(
          app,
          doing("pause", null),
          () => app.gate.pause(because),
          ({ isNew }) => ({ isNew }),
        );
        res.json((await app.stops.standing()).map(stopJson));
      },
    ],
    async delete(_req, res) {
      const lifted = await asOperator(
        app,
        doing("resume", null),
        () => resumeSending(app),
        (stops) => ({ lifted: stops.length }),
      );
      res.json(lifted.map(stopJson));
    },
  });

  answer(router, "/operator/editions", {
    async get(req, res) {
      const { limit, before = null } = parameters(req, schemas.operatorEditionsParameters);
      const found = await app.editions.list(limit + 1, before);
      const last = found.length > limit ? found[limit - 1] : undefined;
      if (last) res.set("Link", nextPage(app, req, { before: last.date }));
      res.json(found.slice(0, limit).map(editionJson));
    },
  });

  const editionIn = async (req: Request): Promise<string> => {
    const date = String(req.params.date);
    // A day that has no row would get one, and a day to come an edition.
    const isThere = isDayOfOurTime(date) && (await app.editions.standing(date)) !== null;
    if (!isThere) throw new NotFound("There is no edition of that day.");
    return date;
  };

  answer(router, "/operator/editions/:date/close", {
    post: [
      ...readJson,
      async (req, res) => {
        const { force } = bodyOf(schemas.closeBody, req);
        const date = await editionIn(req);
        const decision = await asOperator(
          app,
          doing("close-edition", `edition ${date}`, { force }),
          async () => closeEdition(app, date, await app.databaseNow(), { force }),
          (done) => ({ outcome: typeof done === "string" ? done : done.state }),
        );
        if (typeof decision !== "string" && decision.state !== "open") app.shelf.forget();
        const said: Told<typeof schemas.closedAnswer> =
          typeof decision === "string"
            ? { status: decision, because: null }
            : { status: decision.state, because: decision.because };
        res.json(said);
      },
    ],
  });

  answer(router, "/operator/editions/:date/reopen", {
    async post(req, res) {
      const date = await editionIn(req);
      const status = await asOperator(
        app,
        doing("reopen-edition", `edition ${date}`),
        () => reopenEdition(app, date),
        (outcome) => ({ outcome }),
      );
      if (status === "unknown") throw new NotFound("There is no edition of that day.");
      res.json({ status } satisfies Told<typeof schemas.reopenedAnswer>);
    },
  });

  answer(router, "/operator/audit", {
    async get(req, res) {
      const { by = null, limit, after } = parameters(req, schemas.auditParameters);
      sendPage(req, res, await app.audit.list({ by, about: null, ...at(numbered(after), limit) }), {
        keyText: String,
        json: (line): Told<typeof schemas.auditAnswer>[number] => ({
          ...{ id: String(line.id), at: line.at.toJSON(), by: line.by, what: line.what, about: line.about },
          details: line.details,
        }),
      });
    },
  });

  /** @throws {Invalid} for what is neither an address nor a key */
  const keyIn = ({ address }: { readonly address: string }): string => {
    const key = keyOf(app, address);
    if (key === null) throw wrong("address", "Write an address, or the key that it is known by.");
    return key;
  };
  return router;
}

/**
 * Lets the operator in. Wrong tokens are counted as wrong passwords are (core/caps.ts): whoever has guessed too often is not
 * let in with the right one either. Strangers' guesses keep nobody else out, since a token is no password that somebody
 * might guess in a hundred tries.
 */
function onlyOperator(app: OperatorApp, token: string): RequestHandler {
  const isOurs = isToken(token);
  const turnstile = openTurnstile(app, {
    ...{ name: "token", caps: LOGIN_CAPS },
    everybody: { key: "token everybody", caps: LOGIN_CAPS.everybody },
  });
  return async (req, res, next) => {
    if (req.method === "OPTIONS") return next();
    turnstile.refuseWhoIsOver(req);
    const given = bearerOf(req);
    if (isOurs(given)) return next();
    // Without a token nobody guesses: a browser asks so first.
    if (given !== "") {
      await turnstile.pass(req);
      app.log.warn("Somebody asked for the operator's part of the API with a wrong token");
    }
    res.set("WWW-Authenticate", 'Bearer realm="operator"');
    throw new Refused(401, "Send Authorization: Bearer and the token.");
  };
}

function wrong(field: string, message: string): Invalid {
  return new Invalid(message, [{ field, message }]);
}

function editionJson({ date, state, because, papers, revision, closedAt }: EditionSummary) {
  return { date, state, because, papers, revision, closedAt: closedAt?.toJSON() ?? null };
}

function stopJson({ editionDate, because, at }: Stop): Told<typeof schemas.stopsAnswer>[number] {
  return { edition: editionDate, because, at: at.toJSON() };
}

function readerJson(
  { id, email, addressKey, state, preferences, ...dates }: ListedReader,
  { isMasked }: { readonly isMasked: boolean },
): Told<typeof schemas.readerAnswer> {
  const { cadence, hour, zone } = preferences;
  const { createdAt, confirmedAt, endedAt, endedBecause } = dates;
  return {
    ...{ id: String(id), address: email !== null && isMasked ? maskAddress(email) : email, addressKey, state },
    ...{ cadence, hour, zone, createdAt: createdAt.toJSON(), confirmedAt: confirmedAt?.toJSON() ?? null },
    ...{ endedAt: endedAt?.toJSON() ?? null, endedBecause },
  };
}
