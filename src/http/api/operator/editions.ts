/** Editions: what became of each, opened again or closed by hand. */
import { type Request, Router } from "express";
import { asOperator } from "../../../actions/as-operator.ts";
import { closeEdition } from "../../../actions/close-edition.ts";
import { reopenEdition } from "../../../actions/reopen-edition.ts";
import { NotFound } from "../../../errors.ts";
import type { EditionSummary } from "../../../store/editions.ts";
import type { AdminApp } from "../../admin/routes.ts";
import { readJson } from "../../bodies.ts";
import { answer } from "../../methods.ts";
import { isDayOfOurTime, queryOf } from "../../query.ts";
import type { Told } from "../answers.ts";
import { bodyOf } from "../bodies.ts";
import { nextPage, readParameters } from "../parameters.ts";
import * as schemas from "./schemas.ts";

export function editionsApi(app: AdminApp): Router {
  const router = Router();

  answer(router, "/operator/editions", {
    async get(req, res) {
      const { limit, before = null } = readParameters(queryOf(req), schemas.operatorEditionsParameters);
      const found = await app.editions.list(limit + 1, before);
      const last = found.length > limit ? found[limit - 1] : undefined;
      if (last) res.set("Link", nextPage(app, req, { before: last.date }));
      res.json(found.slice(0, limit).map(editionJson));
    },
  });

  answer(router, "/operator/editions/:date/close", {
    post: [
      ...readJson,
      async (req, res) => {
        const { force } = bodyOf(schemas.closeBody, req);
        const date = await editionIn(req);
        const decision = await asOperator(
          app,
          { by: "api", what: "close-edition", about: `edition ${date}`, details: { force } },
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
        { by: "api", what: "reopen-edition", about: `edition ${date}`, details: {} },
        () => reopenEdition(app, date),
        (outcome) => ({ outcome }),
      );
      if (status === "unknown") throw new NotFound("There is no edition of that day.");
      res.json({ status } satisfies Told<typeof schemas.reopenedAnswer>);
    },
  });

  const editionIn = async (req: Request): Promise<string> => {
    const date = String(req.params.date);
    // A day that has no row would get one, and a day to come an edition.
    const isThere = isDayOfOurTime(date) && (await app.editions.standing(date)) !== null;
    if (!isThere) throw new NotFound("There is no edition of that day.");
    return date;
  };
  return router;
}

export function editionJson({ date, state, because, papers, revision, closedAt }: EditionSummary) {
  return { date, state, because, papers, revision, closedAt: closedAt?.toJSON() ?? null };
}
