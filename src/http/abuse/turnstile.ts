/** Counts who passes, by IP address, IPv6 network and altogether, and lets no more through than the caps say. */
import type { Request } from "express";
import type { Cap } from "../../core/caps.ts";
import type { VisitorKeys } from "../../core/visitor-key.ts";
import type { Log } from "../../log.ts";
import type { Count, Counted, Door } from "../../store/door.ts";
import { Refused } from "../faults.ts";

export type TurnstileApp = {
  readonly door: Pick<Door, "count">;
  readonly visitorKeys: (ip: string) => VisitorKeys;
  readonly trustProxy: number | string;
  readonly log: Log;
  readonly now: () => Date;
};

export interface TurnstileOptions {
  /** What is counted: `visit`, `login`. */
  readonly name: string;
  readonly caps: { readonly visitor: readonly Cap[]; readonly network: readonly Cap[] };
  readonly everybody: Counted;
}

export interface Turnstile {
  /**
   * @param upTo whoever comes when there were so many is not one of everybody, and not refused for being one too many
   * @throws {Refused} 429, with the time to wait, and in the same words whichever cap it was
   */
  pass(req: Request, upTo?: number): Promise<readonly Count[]>;
  /** Counts a visit as this alone. @throws {Refused} 429 as well */
  passAs(req: Request, counted: Counted): Promise<readonly Count[]>;
  /** Without counting: for who comes with what is right. @throws {Refused} 429, when this process knows them to be over a cap of their own */
  refuseWhoIsOver(req: Request): void;
  /** A visitor's own counters. */
  of(req: Request): Counted[];
}

/** Who is over a cap is remembered here, so that a flood costs no query. Some 100 bytes each. */
const MOST_REMEMBERED = 10_000;

export function openTurnstile(app: TurnstileApp, { name, caps, everybody }: TurnstileOptions): Turnstile {
  const { door, log, now } = app;
  const closedUntil = new Map<string, number>();
  let hasWarned = false;

  const of = (req: Request): Counted[] => {
    const { visitor, network } = app.visitorKeys(req.ip ?? "");
    const own = { key: `${name} ${visitor}`, caps: caps.visitor };
    return network === null ? [own] : [own, { key: `${name} ${network}`, caps: caps.network }];
  };

  const refuse = (req: Request, leftMs: number): never => {
    // Behind a proxy that nobody told us of, everybody has one address: the operator has to hear of it, once.
    if (!hasWarned && app.trustProxy === 0 && req.headers["x-forwarded-for"] !== undefined) {
      hasWarned = true;
      log.warn(
        "A cap was reached by requests that came through a proxy. If it is yours, set TRUST_PROXY: now all its visitors count as one",
      );
    }
    throw new Refused(429, "Too many requests. Try again when the time in Retry-After is over.", {
      retryAfterMs: leftMs,
    });
  };

  const refuseIfOver = (req: Request, counted: readonly Counted[], at: number) => {
    for (const { key } of counted) {
      const leftMs = (closedUntil.get(key) ?? 0) - at;
      if (leftMs > 0) refuse(req, leftMs);
    }
  };

  const count = async (req: Request, near: readonly Counted[], far: Counted, upTo: number | null) => {
    const at = now().getTime();
    refuseIfOver(req, upTo === null ? [...near, far] : near, at);
    const counts = await door.count(near, far, upTo);
    const over = counts.filter(({ count, cap }) => count > cap.most);
    if (over.length === 0) return counts;
    if (closedUntil.size >= MOST_REMEMBERED) closedUntil.clear();
    for (const { key, leftMs } of over) closedUntil.set(key, Math.max(closedUntil.get(key) ?? 0, at + leftMs));
    return refuse(req, Math.max(...over.map(({ leftMs }) => leftMs)));
  };

  return {
    of,
    refuseWhoIsOver: (req) => refuseIfOver(req, of(req), now().getTime()),
    pass: (req, upTo) => count(req, of(req), everybody, upTo ?? null),
    passAs: (req, counted) => count(req, [], counted, null),
  };
}
