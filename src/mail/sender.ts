/** The Nodemailer pools: hands finished messages to the first SMTP server that takes them, and says what became of each. */
import { counted } from "../metrics.ts";
import type { Composed } from "./message.ts";
import { openLane } from "./smtp-lane.ts";

/** What became of one mail. Only the ledger decides what follows from it. */
export type Outcome =
  /** The server answered 250. `serverId`: the id it gave the mail, where it gave one. */
  | { readonly kind: "accepted"; readonly response: string; readonly serverId?: string }
  /** 4yz: the same mail may be taken later. */
  | { readonly kind: "temporary"; readonly code: number; readonly response: string }
  /** 5yz: not to be tried again. */
  | { readonly kind: "refused"; readonly code: number; readonly response: string }
  /** The whole mail was handed over and no answer came: it may or may not be on its way. */
  | { readonly kind: "uncertain" }
  /** Nothing was sent; trying again cannot double it. `withheld`: not on the allow-list of a staging system. */
  | { readonly kind: "unsent"; readonly cause: UnsentCause };

export type UnsentCause = "auth" | "tls" | "connection" | "closing" | "withheld";

/** A message, with header lines that go on top of it: signatures. */
export type Mail = Pick<Composed, "raw" | "envelope"> & { readonly head?: Buffer };

export interface Sender {
  /** Waits for a free connection. Never throws for what a server or the net does. */
  send(mail: Mail): Promise<Outcome>;
  /** Whether any of the servers greets us and takes our password now. */
  verify(): Promise<{ readonly kind: "ready" } | { readonly kind: "unsent"; readonly cause: UnsentCause }>;
  /** Takes nothing more, waits for what is on a connection, then hangs up. What still waits for one is `unsent`, `closing`. */
  close(): Promise<void>;
}

export interface SenderOptions {
  /** SMTP addresses in the order they are tried. */
  readonly urls: readonly string[];
  /** Mails on their way at once. */
  readonly connections: number;
  /** What its mails are, for who measures; digests unless it says otherwise. */
  readonly carries?: "digest" | "letter";
  /** Silence of a server that ends a connection. RFC 5321 4.5.3.2.6 grants it ten minutes after DATA; a claim cannot wait as long. */
  readonly socketTimeoutMs: number;
  /** Time to be connected and greeted in. */
  readonly connectTimeoutMs?: number;
  /** Addresses (`a@b.example`) and domains (`@b.example`) that may be written to; absent: everybody. */
  readonly onlyTo?: readonly string[] | undefined;
  readonly log: { warn(fields: object, message: string): void };
  /** Told of each mail a server did not take because of the server itself, and of each that one took. */
  readonly watch?: ServerWatch;
}

export interface ServerWatch {
  trouble(server: string, cause: UnsentCause): void;
  fine(server: string): void;
}

/** A server that could not be reached is asked last for this long, so that each mail need not wait for it anew. */
const restMs = 30_000;
/** Counted from nought on: Prometheus does not see the first of a kind come otherwise. */
const ANSWERS = ["accepted", "temporary", "refused", "uncertain", "auth", "tls", "connection"];

export function openSender(options: SenderOptions): Sender {
  const { urls, connections, carries = "digest", log, watch } = options;
  const restsUntil = new Map<string, number>();
  const isResting = (url: string): boolean => (restsUntil.get(url) ?? 0) > performance.now();
  urls.forEach((_, server) => {
    for (const answer of ANSWERS) counted.smtpAnswers.inc({ server, mail: carries, answer }, 0);
  });
  const isAllowed = allowing(options.onlyTo);

  const onUnreachable = (url: string, cause: UnsentCause): void => {
    if (!isResting(url))
      log.warn({ server: new URL(url).host, cause }, "An SMTP server did not take a mail; the next one is asked");
    restsUntil.set(url, performance.now() + restMs);
    watch?.trouble(new URL(url).host, cause);
  };
  const inOrder = (): string[] => [...urls.filter((url) => !isResting(url)), ...urls.filter(isResting)];
  const reached = (url: string): void => {
    restsUntil.delete(url);
    watch?.fine(new URL(url).host);
  };

  // One connection a lane, and one mail at a time on it: so it is known which mail a line of Nodemailer's log is about,
  // and nothing ever waits in a queue of Nodemailer's, whose close() would fail it with an error without a code.
  const lanes = Array.from({ length: connections }, () => openLane(options));
  const free = [...lanes];
  const waiting: ((lane: (typeof lanes)[number] | null) => void)[] = [];
  const underway = new Set<Promise<unknown>>();
  let isClosing = false;

  const sendOn = async (lane: (typeof lanes)[number], mail: Mail): Promise<Outcome> => {
    let outcome: Outcome = { kind: "unsent", cause: "connection" };
    for (const url of inOrder()) {
      const labels = { server: urls.indexOf(url), mail: carries };
      const stop = counted.smtpSeconds.startTimer(labels);
      outcome = await lane.send(url, mail);
      stop();
      counted.smtpAnswers.inc({ ...labels, answer: outcome.kind === "unsent" ? outcome.cause : outcome.kind });
      if (outcome.kind !== "unsent") {
        reached(url);
        break;
      }
      onUnreachable(url, outcome.cause);
    }
    return outcome;
  };

  return {
    async send(mail) {
      if (!isAllowed(mail.envelope.to)) return { kind: "unsent", cause: "withheld" };
      if (isClosing) return { kind: "unsent", cause: "closing" };
      if (!isAddress(mail.envelope.to))
        return { kind: "refused", code: 553, response: "553 5.1.3 not an address we can write to" };
      // The one that rests longest: what it sent last is recorded, so no connection ever has two mails that a crash would double.
      const lane =
        free.shift() ?? (await new Promise<(typeof lanes)[number] | null>((resolve) => waiting.push(resolve)));
      if (lane === null) return { kind: "unsent", cause: "closing" };
      const sending = sendOn(lane, mail);
      underway.add(sending);
      try {
        return await sending;
      } finally {
        underway.delete(sending);
        const next = waiting.shift();
        if (next === undefined) free.push(lane);
        else next(lane);
      }
    },
    async verify() {
      let cause: UnsentCause = "connection";
      for (const url of urls) {
        const answer = await lanes[0]!.verify(url);
        if (answer === "ready") return { kind: "ready" };
        cause = answer;
      }
      return { kind: "unsent", cause };
    },
    async close() {
      isClosing = true;
      for (const turnAway of waiting.splice(0)) turnAway(null);
      await Promise.allSettled(underway);
      for (const lane of lanes) lane.close();
    },
  };
}

/** Composed mails went through this already; what else may call must not name a second recipient either. */
function isAddress(address: string): boolean {
  return /^[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+$/u.test(address);
}

function allowing(onlyTo: readonly string[] | undefined): (address: string) => boolean {
  if (onlyTo === undefined) return () => true;
  const allowed = new Set(onlyTo.map((entry) => entry.trim().toLowerCase()));
  return (address) => {
    const to = address.toLowerCase();
    return allowed.has(to) || allowed.has(to.slice(to.lastIndexOf("@")));
  };
}
