/** What becomes of each request: counted, timed, and said in one line. Never its address, which may carry somebody's link. */
import { randomUUID } from "node:crypto";
import type { Request, RequestHandler, Response } from "express";
import { type Log, onTrail } from "../log.ts";
import { counted, methodLabel } from "../metrics.ts";
import { traceRequest } from "../tracing.ts";

/** What machines ask for every few seconds, and what each page brings along. */
const QUIET = new Set(["/health", "/ready", "/metrics", "/assets"]);
/** What a proxy may call a request: an id, and nothing that could be more. */
const SANE_ID = /^[\w.:-]{8,64}$/;

/** The pattern of the route that answers, for a label and a line. Set by whoever knows it (methods.ts). */
export function nameRoute(res: Response, route: string): void {
  res.locals.route = route;
}

export function observe({ log }: { log: Log }): RequestHandler {
  return (req, res, next) => {
    if (req.app.enabled("rehearsal")) return next(); // nobody asked
    const begunAt = performance.now();
    const request = idOf(req);
    res.set("X-Request-Id", request);
    const method = methodLabel(req.method);
    const span = traceRequest(method, request);
    res.once("close", () => {
      const ms = performance.now() - begunAt;
      const route = (res.locals.route as string | undefined) ?? "none";
      const status = res.writableFinished ? res.statusCode : "aborted";
      counted.requests.inc({ route, method, status: status === "aborted" ? status : `${Math.floor(status / 100)}xx` });
      counted.requestSeconds.observe({ route, method }, ms / 1_000);
      log[QUIET.has(route) ? "debug" : "info"]({ request, method, route, status, ms: Math.round(ms) }, "answered");
      span?.end(route, status);
    });
    onTrail({ request }, span ? () => span.run(next) : next);
  };
}

/** Its proxy's name for it, where that is a trusted one (TRUST_PROXY); what anybody else writes there could be anything. */
function idOf(req: Request): string {
  const given = req.headers["x-request-id"];
  const isTrusted = req.app.get("trust proxy fn") as (address: string | undefined, hop: number) => boolean;
  return typeof given === "string" && SANE_ID.test(given) && isTrusted(req.socket.remoteAddress, 0)
    ? given
    : randomUUID();
}
