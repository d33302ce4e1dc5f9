/** The operator's part of the API, behind API_TOKEN. Without one, every address here is unknown. What is done leaves an audit line. */
import { type RequestHandler, Router } from "express";
import { LOGIN_CAPS } from "../../core/caps.ts";
import { openTurnstile } from "../abuse/turnstile.ts";
import type { AdminApp } from "../admin/routes.ts";
import { bearerOf, isToken } from "../bearer.ts";
import { Refused } from "../faults.ts";
import { unlisted } from "../security.ts";
import { editionsApi } from "./operator/editions.ts";
import { readersApi } from "./operator/readers.ts";
import { recordsApi } from "./operator/records.ts";
import { sendingApi } from "./operator/sending.ts";
import { suppressionsApi } from "./operator/suppressions.ts";

export type OperatorApp = AdminApp & {
  /** API_TOKEN; null: there is no such part. */
  readonly apiToken: string | null;
};

export function operatorApi(app: OperatorApp): Router {
  const router = Router();
  if (app.apiToken === null) return router;
  router.use("/operator", unlisted, onlyOperator(app, app.apiToken));
  router.use(sendingApi(app), editionsApi(app), readersApi(app), recordsApi(app), suppressionsApi(app));
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
