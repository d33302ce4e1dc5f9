import type { RequestHandler, Response } from "express";

/** What everybody sees alike may be kept so long without asking again; then a browser asks whether it changed. */
export const KEEP_SECONDS = { page: 60, feed: 600 } as const;

/**
 * Lets an answer be kept, by proxies too. Express names it by a hash of its bytes (ETag), so a paper that was withdrawn or a
 * page that has other words is never taken for the old one; the time is for who asks with a time alone.
 *
 * @param modifiedAt since when it has been what it is now, as far as that is known; null gives no time
 */
export function mayBeKept(res: Response, seconds: number, modifiedAt: Date | null): void {
  res.set("Cache-Control", `public, max-age=${seconds}`);
  if (modifiedAt !== null) res.set("Last-Modified", modifiedAt.toUTCString());
}

/** The latest of some instants; 1970 when there is none. */
export function latest(...instants: readonly (Date | null)[]): Date {
  return new Date(Math.max(0, ...instants.map((at) => at?.getTime() ?? 0)));
}

/**
 * Whoever asks by fetch() whether something changed sends `Cache-Control: no-cache` with it, because the standard says so
 * (fetch.spec.whatwg.org, HTTP-network-or-cache fetch); Express takes that for somebody who wants it all anew, and would
 * never answer 304. A browser that loads a page anew names no ETag.
 */
export const namedIsConditional: RequestHandler = (req, _res, next) => {
  if (req.headers["if-none-match"] !== undefined) delete req.headers["cache-control"];
  next();
};
