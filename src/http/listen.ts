import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";

/** A whole request must be in by then; Node's own limit is five minutes, which a few slow clients can hold. */
const REQUEST_MS = 20_000;
const HEADERS_MS = 10_000;
/** Longer than the minute most proxies keep an idle connection, so that it is they who close it. */
const KEEP_ALIVE_MS = 65_000;
const MOST_HEADERS = 100;

export interface Listening {
  readonly port: number;
  /** Answers what was asked, takes nothing new. */
  close(): Promise<void>;
}

/** @param port 0: any free one */
export async function listen(handler: RequestListener, port: number, host?: string): Promise<Listening> {
  const server = createServer(
    { requestTimeout: REQUEST_MS, headersTimeout: HEADERS_MS, keepAliveTimeout: KEEP_ALIVE_MS },
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
    close: () =>
      new Promise((resolve, reject) => {
        server.close((error) => (error ? reject(error) : resolve()));
        server.closeIdleConnections();
      }),
  };
}
