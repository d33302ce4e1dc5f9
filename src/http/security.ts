/**
 * Headers that every answer carries, and those of addresses that open something; who may send what.
 *
 * Readers' forms need no token against forged requests (CSRF): there is no cookie and no session, so a browser adds nothing
 * of its reader's to what another site makes it send. What a form may do rests on the link in its address alone, and who
 * has that may send it from anywhere. One click (RFC 8058) comes from a mail provider's server and from no page at all. Only
 * the operator has a cookie: `sameSite` stands before all of their pages, and a token in every form (admin/session.ts).
 */
import type { RequestHandler } from "express";
import helmet from "helmet";
import { Refused } from "./faults.ts";
import { hostsOf, type MovedApp } from "./moved.ts";

/** Nothing from elsewhere, nothing inline, no frame around it: a page loads its own style sheet, script, icon and previews. */
const CONTENT = {
  "default-src": ["'none'"],
  "style-src": ["'self'"],
  "script-src": ["'self'"],
  "img-src": ["'self'"],
  "connect-src": ["'self'"],
  "form-action": ["'self'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

const written = (directives: Readonly<Record<string, readonly string[]>>) =>
  Object.entries(directives)
    .map(([name, values]) => `${name} ${values.join(" ")}`)
    .join(";");

/** For a page that solves a challenge, in a worker beside it. */
export const CONTENT_WITH_PROOF = written({ ...CONTENT, "worker-src": ["'self'"] });

/** For the page of Swagger UI, whose style sheet has its arrows in itself. */
export const CONTENT_WITH_SWAGGER = written({ ...CONTENT, "img-src": ["'self'", "data:"] });

/** Two years, as hstspreload.org asks for. */
const HSTS = "max-age=63072000";

export function security({ publicUrl }: { publicUrl: () => string }): RequestHandler[] {
  const headers = helmet({
    contentSecurityPolicy: { useDefaults: false, directives: CONTENT },
    // An address with a link in it must not travel to the sites a digest names.
    referrerPolicy: { policy: "no-referrer" },
    strictTransportSecurity: false,
  });
  // Told on plain http it would be ignored, and a test over http://localhost must not pin the browser.
  const onlyHttps: RequestHandler = (_req, res, next) => {
    if (publicUrl().startsWith("https:")) res.set("Strict-Transport-Security", HSTS);
    next();
  };
  return [headers, onlyHttps];
}

/**
 * Refuses what another site makes a browser send. Sec-Fetch-Site says it (Fetch Metadata, W3C); a browser without it still
 * names the Origin of a POST. A program that sends neither carries no cookie it did not bring itself.
 */
export function sameSite(app: MovedApp): RequestHandler {
  return (req, _res, next) => {
    if (["GET", "HEAD", "OPTIONS"].includes(req.method)) return next();
    const { origin, host = "", "sec-fetch-site": site } = req.headers;
    const isOwn =
      site !== undefined
        ? site === "same-origin" || site === "none" // none: the reader's own doing
        : // Behind a proxy the Host may be one of its own.
          origin === undefined || [host, ...hostsOf(app)].includes(origin.replace(/^https?:\/\//, ""));
    if (!isOwn) throw new Refused(403, "This form was sent from another site.");
    next();
  };
}

/**
 * Pages of other sites may ask for what everybody may read, and sign up a reader who types an address there: there is no
 * cookie and no session that they could borrow. What a link opens is between its reader and us, and what a token opens is the
 * operator's: no other site has a use for either, so a browser keeps those from them.
 */
export const fromAnywhere: RequestHandler = (req, res, next) => {
  res.set({
    "Access-Control-Allow-Origin": "*",
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Access-Control-Expose-Headers": "ETag, Link, Retry-After",
  });
  // Which methods there are, each address says itself (methods.ts).
  if (req.method === "OPTIONS")
    res.set({ "Access-Control-Allow-Headers": "Content-Type, If-None-Match", "Access-Control-Max-Age": "86400" });
  next();
};

/** For addresses with a link in them: kept by nobody, found by no search engine. */
export const unlisted: RequestHandler = (_req, res, next) => {
  res.set({ "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow" });
  next();
};

/**
 * An address whose percent signs make no letters is one more unknown address: Express would answer 400 before any route
 * sees it, and unknown links are all answered alike (docs/promises.md S4).
 */
export const garbledIsUnknown: RequestHandler = (req, _res, next) => {
  const [path = "", ...query] = req.url.split("?");
  if (!isDecodable(path)) req.url = [path.replaceAll("%", "%25"), ...query].join("?");
  next();
};

function isDecodable(path: string): boolean {
  try {
    decodeURIComponent(path);
    return true;
  } catch {
    return false; // a URIError is the only way to be told
  }
}
