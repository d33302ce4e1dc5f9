import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A whole request must be in by then; Node's own limit is five minutes, which a few slow clients can hold. */
const REQUEST_MS = 20_000;
const HEADERS_MS = 10_000;
/** Longer than the minute most proxies keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 65_000;
/** How often Node looks for requests that are over their time; its own half minute would let them take longer still. */
const CHECK_MS = 2_000;
const MOST_HEADERS = 100;
/** Longer than any page takes, shorter than what supervisors wait for before they kill. */
const GRACE_MS = 5_000;

export interface Listening {
  readonly port: number;
  /** Answers what was asked, takes nothing new; what is not answered within the grace is cut off. */
  close(options?: { graceMs?: number }): Promise<void>;
}

export interface TimeLimits {
  readonly requestMs: number;
  readonly headersMs: number;
  readonly checkMs: number;
}
const TIME_LIMITS: TimeLimits = { requestMs: REQUEST_MS, headersMs: HEADERS_MS, checkMs: CHECK_MS };

/**
 * Whoever sends too slowly is answered 408 and cut off.
 *
 * @param port 0: any free one
 */
export async function listen(
  handler: RequestListener,
  port: number,
  host?: string,
  { requestMs, headersMs, checkMs } = TIME_LIMITS,
): Promise<Listening> {
  const server = createServer(
    {
      ...{ requestTimeout: requestMs, headersTimeout: headersMs, connectionsCheckingInterval: checkMs },
      keepAliveTimeout: KEEP_ALIVE_MS,
    },
    handler,
  );
  server.maxHeadersCount = MOST_HEADERS;
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => {
      server.off("error", reject);
      resolve();
    });
  });
  return {
    port: (server.address() as AddressInfo).port,
    close: ({ graceMs = GRACE_MS } = {}) =>
      new Promise((resolve, reject) => {
        // A connection becomes idle when its answer is out, and a browser opens some that it never uses: ask again.
        const sweep = setInterval(() => server.closeIdleConnections(), 50);
        const cut = setTimeout(() => server.closeAllConnections(), graceMs);
        server.close((error) => {
          clearInterval(sweep);
          clearTimeout(cut);
          if (error) reject(error);
          else resolve();
        });
        server.closeIdleConnections();
      }),
  };
}
