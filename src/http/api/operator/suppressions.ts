/** Addresses we do not write to: which, one more, one less. */
import { Router } from "express";
import { asOperator } from "../../../actions/as-operator.ts";
import { liftSuppression } from "../../../actions/lift-suppression.ts";
import { suppress } from "../../../actions/suppress.ts";
import type { AdminApp } from "../../admin/routes.ts";
import { readJson } from "../../bodies.ts";
import { answer } from "../../methods.ts";
import { queryOf } from "../../query.ts";
import type { Told } from "../answers.ts";
import { bodyOf } from "../bodies.ts";
import { readParameters } from "../parameters.ts";
import { keyIn, pageAfter, sendPage } from "./asked.ts";
import * as schemas from "./schemas.ts";

export function suppressionsApi(app: AdminApp): Router {
  const router = Router();

  answer(router, "/operator/suppressions", {
    async get(req, res) {
      const { lifted, limit, after } = readParameters(queryOf(req), schemas.suppressionsParameters);
      const page = await app.suppressions.list({ withLifted: lifted === "yes", ...pageAfter(after ?? null, limit) });
      sendPage(app, req, res, page, {
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
        const [addressKey, note] = [keyIn(app, asked), asked.note ?? null];
        const status = await asOperator(
          app,
          { by: "api", what: "suppress", about: `key ${addressKey}`, details: { hasNote: note !== null } },
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
        const addressKey = keyIn(app, asked);
        const lifted = await asOperator(
          app,
          { by: "api", what: "lift", about: `key ${addressKey}`, details: {} },
          () => liftSuppression(app, addressKey, asked.note, app.now()),
          (one) => ({ lifted: one !== null, because: one?.because ?? null }),
        );
        const said: Told<typeof schemas.liftedAnswer> = { status: lifted ? "lifted" : "not-suppressed" };
        res.json(said);
      },
    ],
  });

  return router;
}
