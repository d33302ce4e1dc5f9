/**
 * Addresses this site had before (PREVIOUS_PUBLIC_URLS). Mails that went out then name them for ever, so they go on leading
 * here: whoever opens a page there is sent on to where it is now; whatever is sent there (one click, RFC 8058, which follows
 * no redirect; a form that was open in the moment of the move; a program's POST) is taken as it comes.
 */
import type { RequestHandler } from "express";

export interface MovedApp {
  readonly publicUrl: () => string;
  /** Each as `https://old.example.org`. */
  readonly previousPublicUrls: readonly string[];
}

/** Hosts that are ours, the one it has now first. */
export function hostsOf({ publicUrl, previousPublicUrls }: MovedApp): string[] {
  return [publicUrl(), ...previousPublicUrls].map((url) => new URL(url).host);
}

/** For programs, not all of which follow a redirect, and for whoever watches this process. A feed says itself where it is now. */
const STAYS = /^\/(?:(?:api|reports|health|ready|metrics)(?:[/?]|$)|feed\.(?:xml|json))/i;

/**
 * Only to PUBLIC_URL, only from a host the operator named, and only with a path: there is nothing in a request that could
 * lead elsewhere (docs/promises.md X3). Kept by nobody, so that a site may move back.
 */
export function moved(app: MovedApp): RequestHandler {
  const [now, ...before] = hostsOf(app);
  return (req, res, next) => {
    const isMoved = req.host !== now && before.includes(req.host?.toLowerCase() ?? "");
    const path = req.originalUrl;
    if (!isMoved || (req.method !== "GET" && req.method !== "HEAD") || !path.startsWith("/") || STAYS.test(path))
      return next();
    res.set("Cache-Control", "no-store");
    res.redirect(301, app.publicUrl() + path);
  };
}
