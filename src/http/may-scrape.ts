/** Who may read the metrics: the operator's Prometheus. They name nobody, but how many readers there are is not the world's business. */
import type { IncomingMessage } from "node:http";
import { isIP } from "node:net";
import { isLoopbackHost } from "../core/loopback.ts";
import { isPublicAddress } from "../public-address.ts";
import { bearerOf, isToken } from "./bearer.ts";
import type { MovedApp } from "./moved.ts";

export type ScrapeGuard = MovedApp & { readonly apiToken: string | null };

/**
 * Whoever brings API_TOKEN, and whoever asks from this machine or a private network.
 *
 * Behind a proxy everybody comes from a private address. So nobody in the headers that proxies write may be of the Internet,
 * and nobody may have asked for the address that readers see, or saw before.
 */
export function mayScrape(app: ScrapeGuard) {
  const isOurs = app.apiToken === null ? () => false : isToken(app.apiToken);
  return (req: IncomingMessage): boolean => {
    const { host = "", forwarded, ...headers } = req.headers;
    if (isOurs(bearerOf(req))) return true;
    const along = [headers["x-forwarded-for"], headers["x-real-ip"]].flatMap((value) => String(value ?? "").split(","));
    const addresses = [req.socket.remoteAddress ?? "", ...along.map((each) => each.trim()).filter(Boolean)];
    const readersHosts = [app.publicUrl(), ...app.previousPublicUrls].map((url) => new URL(url).hostname);
    const asked = URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname.replace(/\.$/, "") : null;
    const isReadersHost = asked === null || (readersHosts.includes(asked) && !isLoopbackHost(asked));
    return forwarded === undefined && addresses.every(isPrivate) && !isReadersHost;
  };
}

function isPrivate(address: string): boolean {
  const [bare = ""] = address.replace(/^::ffff:/i, "").split("%");
  return isIP(bare) > 0 && !isPublicAddress(bare);
}
