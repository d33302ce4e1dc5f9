/** Pages and JSON go out compressed to whoever takes that: a front page of 48 kB is one of 10. */
import { gzipSync } from "node:zlib";
import type { RequestHandler } from "express";

/** Below it, what is saved fits into the packet that is sent anyway. */
const SMALLEST = 1_400;

/**
 * For pages that no cookie opens. Where one does, a page that shows a secret beside what somebody else made it say gives
 * the secret away by its length (breachattack.com), so the operator's stay as they are.
 */
export const compress: RequestHandler = (req, res, next) => {
  const send = res.send.bind(res);
  res.send = (body: unknown) => {
    if (typeof body !== "string" || body.length < SMALLEST) return send(body);
    res.vary("Accept-Encoding");
    if (!req.acceptsEncodings("gzip")) return send(body);
    res.set("Content-Encoding", "gzip");
    return send(gzipSync(body));
  };
  next();
};
