/** Headers that every answer carries, and those of addresses that open something. */
import type { RequestHandler } from "express";
import helmet from "helmet";

/** Nothing from elsewhere, nothing inline, no frame around it: a page loads its own style sheet, script and icon. */
const CONTENT = {
  "default-src": ["'none'"],
  "style-src": ["'self'"],
  "script-src": ["'self'"],
  "img-src": ["'self'"],
  "form-action": ["'self'"],
  "base-uri": ["'none'"],
  "frame-ancestors": ["'none'"],
};

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

/** For addresses with a link in them: kept by nobody, found by no search engine. */
export const unlisted: RequestHandler = (_req, res, next) => {
  res.set({ "Cache-Control": "no-store", "X-Robots-Tag": "noindex, nofollow" });
  next();
};

/**
 * An address whose percent signs make no letters is one more unknown address: Express would answer 400 before any route
 * sees it, and unknown links are all answered alike (CASES S4).
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
