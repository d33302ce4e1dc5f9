/** Fault → problem document (RFC 9457) or page. The last middleware: nothing else answers with an error. */
import { STATUS_CODES } from "node:http";
import type { ErrorRequestHandler, Request, RequestHandler } from "express";
import { Invalid, NotFound, type Problem, Temporary } from "../errors.ts";
import type { Log } from "../log.ts";
import type { problemAnswer, Told } from "./api/answers.ts";
import type { Pages } from "./pages.ts";

/** A request that HTTP itself lets us refuse: `status` is 4xx, and the message is for its sender. */
export class Refused extends Error {
  override readonly name = "Refused";
  readonly status: number;
  readonly retryAfterMs?: number;

  constructor(status: number, message: string, { retryAfterMs }: { retryAfterMs?: number } = {}) {
    super(message);
    this.status = status;
    if (retryAfterMs !== undefined) this.retryAfterMs = retryAfterMs;
  }
}

export const notFound: RequestHandler = () => {
  throw new NotFound("There is nothing at this address.");
};

export function faults({ log }: { log: Log }, pages: Pages): ErrorRequestHandler {
  return (error, req, res, next) => {
    const { status, detail, problems, retryAfterMs } = answerTo(error, req);
    // The path is a pattern here: an address may carry somebody's link (docs/promises.md X7).
    if (status >= 500) log.error({ err: error, method: req.method, route: req.route?.path }, "a request failed");
    if (res.headersSent) return next(error);
    if (retryAfterMs !== undefined) res.set("Retry-After", String(Math.ceil(retryAfterMs / 1000)));
    res.status(status);
    if (!isForPrograms(req)) return pages.fault(req, res, { status, problems });
    const document: Told<typeof problemAnswer> = {
      type: "about:blank",
      title: STATUS_CODES[status] ?? "Error",
      status,
      detail,
      ...(problems.length > 0 && { errors: problems }),
    };
    res.type("application/problem+json").send(JSON.stringify(document));
  };
}

interface Answer {
  readonly status: number;
  readonly detail: string;
  readonly problems: readonly Problem[];
  readonly retryAfterMs?: number;
}

const DEFAULT_RETRY_MS = 10_000;

function answerTo(error: unknown, req: Request): Answer {
  if (error instanceof Invalid) {
    // What is wrong with an address is the request's fault (400); with a well-formed body, its content's (422).
    const status = req.method === "GET" || req.method === "HEAD" ? 400 : 422;
    return { status, detail: error.message, problems: error.problems };
  }
  if (error instanceof NotFound) return { status: 404, detail: error.message, problems: [] };
  if (error instanceof Temporary) {
    const retryAfterMs = error.retryAfterMs ?? DEFAULT_RETRY_MS;
    return { status: 503, detail: "This does not work at the moment. Try again soon.", problems: [], retryAfterMs };
  }
  const refusal = refusalOf(error);
  if (refusal) return { ...refusal, problems: [] };
  return { status: 500, detail: "Something went wrong on our side. It was written down.", problems: [] };
}

/** Express and its parsers throw errors that carry a status too; what they say is rewritten, since it may quote the body. */
function refusalOf(error: unknown): Pick<Answer, "status" | "detail" | "retryAfterMs"> | null {
  if (error instanceof Refused) {
    const { status, message: detail, retryAfterMs } = error;
    return { status, detail, ...(retryAfterMs !== undefined && { retryAfterMs }) };
  }
  const status = (error as { status?: unknown } | null)?.status;
  if (typeof status !== "number" || status < 400 || status > 499) return null;
  return { status, detail: PARSER_SAYS[status] ?? "This request cannot be read." };
}

const PARSER_SAYS: Readonly<Record<number, string>> = {
  400: "The body cannot be read. Is it well-formed JSON, and complete?",
  413: "The body is too long. There is room for 100 kB.",
  415: "The body has a character set or an encoding that is not understood. Write UTF-8.",
};

/** In any case of letters and with a slash at the end, as Express takes an address. */
function isForPrograms(req: Request): boolean {
  return /^\/(?:api|ready|health|metrics|reports|feed\.(?:xml|json)|openapi\.json)(?:\/|$)/i.test(
    req.originalUrl.split("?", 1)[0] ?? "",
  );
}
