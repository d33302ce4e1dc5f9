/**
 * An SMTP listener for the bounce domain. It takes mail for addresses of ours and for nobody else, relays nothing, offers no
 * login and no TLS (a mail server in front of it can), and says 250 only when the mail is stored.
 */
import type { AddressInfo } from "node:net";
import { SMTPServer, type SMTPServerDataStream, type SMTPServerSession } from "smtp-server";
import { type Kept, keepOfStream } from "../core/keep.ts";
import type { Log } from "../log.ts";
import { openTurns } from "./turns.ts";

/** A mail for one address of ours. */
export interface MailIn extends Kept {
  /** As in `RCPT TO`. */
  readonly to: string;
  /** As in `MAIL FROM`; empty for a null sender. */
  readonly from: string;
}

export interface Intake {
  readonly port: number;
  /** Takes no new mail, lets those under way be stored within the grace. */
  close(options?: { graceMs?: number }): Promise<void>;
}

export interface IntakeOptions {
  /** 0: any free one. */
  readonly port: number;
  /** Absent: all interfaces, for the mail comes from elsewhere. */
  readonly host?: string;
  /** BOUNCE_DOMAIN, by which it introduces itself. */
  readonly domain: string;
  /** Everything else is refused, in the same words. */
  readonly isOurs: (address: string) => boolean;
  /** Resolves when the mail is stored; when it rejects, the sender is told to try again. */
  readonly receive: (mail: MailIn) => Promise<unknown>;
  readonly log: Log;
  readonly limits?: Partial<Limits>;
}

interface Limits {
  /** Served at once: as many as Postfix does unless told otherwise (default_process_limit); 256 kB each is 26 MB. */
  readonly sessions: number;
  /** Served or waiting for their turn; one more is told to come back. */
  readonly connections: number;
  /** Stored at once, so that a flood of bounces leaves connections of the database to others. */
  readonly stores: number;
  /** RFC 5321 4.5.3.1.8. */
  readonly recipients: number;
  /** Unknown addresses a connection may ask for. */
  readonly guesses: number;
  /** Bytes; announced (RFC 1870). Memory does not depend on it: it is above what anybody sends, so that no bounce is lost. */
  readonly size: number;
  /** Mails an hour for one address. A delivery has its own, and what comes back of one are two or three. */
  readonly hourly: number;
  /** Milliseconds without a word: RFC 5321 4.5.3.2.7, and 4.5.3.2.1 for those who wait to be greeted. */
  readonly idleMs: number;
  readonly sessionMs: number;
  /** The same while others wait, between two mails; idle as Postfix has it then (`smtpd_timeout` under stress). */
  readonly crowdedIdleMs: number;
  readonly crowdedSessionMs: number;
}

const LIMITS: Limits = {
  sessions: 100,
  connections: 1_000,
  stores: 4,
  recipients: 100,
  guesses: 10,
  size: 100_000_000,
  hourly: 20,
  idleMs: 300_000,
  sessionMs: 600_000,
  crowdedIdleMs: 10_000,
  crowdedSessionMs: 60_000,
};
const WATCH_MS = 500;

/** Whoever is cut off sends the mail again. */
const GRACE_MS = 5_000;

/** @throws {Error} with code EADDRINUSE when the port is taken */
export async function openIntake({ limits: given, ...options }: IntakeOptions): Promise<Intake> {
  const limits = { ...LIMITS, ...given };
  const { domain, isOurs, log } = options;
  const turns = openTurns(limits.sessions);
  const stores = openTurns(limits.stores);
  const hourly = openHourly(limits.hourly);
  const sessions = new Map<string, Session>();
  const underWay = new Map<string, Promise<void>>();

  const take = async (stream: SMTPServerDataStream, { envelope, remoteAddress }: SMTPServerSession): Promise<void> => {
    const kept = await keepOfStream(stream);
    // The server answers this one by itself (rejectOversized).
    if (stream.sizeExceeded) return;
    const from = envelope.mailFrom === false ? "" : envelope.mailFrom.address;
    for (const { address: to } of envelope.rcptTo) {
      const done = await stores.take(remoteAddress);
      try {
        await options.receive({ ...kept, to, from });
      } finally {
        done();
      }
      hourly.count(to);
    }
  };

  const smtp = new SMTPServer({
    name: domain,
    heloResponse: "%s",
    authOptional: true,
    disabledCommands: ["AUTH", "STARTTLS", "WIZ", "SHELL", "KILL"],
    hideENHANCEDSTATUSCODES: false,
    disableReverseLookup: true,
    // Any sender: what comes back need not come from an address that stands up to the RFC.
    lenientAddressParsing: true,
    logger: false,
    size: limits.size,
    rejectOversized: true,
    maxClients: limits.connections,
    maxRecipients: limits.recipients,
    socketTimeout: limits.idleMs,

    onConnect({ id, remoteAddress }, greet) {
      const client = new AbortController();
      const session: Session = { servedAt: null, activeAt: 0, guesses: 0, done: () => client.abort() };
      sessions.set(id, session);
      void turns.take(remoteAddress, client.signal).then(
        (done) => {
          if (!sessions.has(id)) return done();
          const now = Date.now();
          Object.assign(session, { servedAt: now, activeAt: now, done });
          greet();
        },
        () => {}, // it hung up before it was greeted
      );
    },
    onClose({ id }) {
      sessions.get(id)?.done();
      sessions.delete(id);
    },
    onRcptTo({ address }, { id }, answer) {
      const session = sessions.get(id);
      if (session) session.activeAt = Date.now();
      if (isOurs(address)) {
        answer(hourly.isFull(address) ? refusal(450, "It receives too much mail, try again later") : null);
      } else if (session && ++session.guesses > limits.guesses) {
        answer(refusal(421, "Too many unknown addresses"));
      } else answer(refusal(550, "There is no such address"));
    },
    onData(stream, session, answer) {
      const taking = take(stream, session).then(
        () => answer(),
        (error: unknown) => {
          // Before its end the client hung up: it sends the mail again by itself.
          if (stream.readableEnded) log.warn({ err: error }, "A mail that came back could not be stored");
          answer(refusal(451, "It could not be stored, try again later"));
        },
      );
      underWay.set(session.id, taking);
      void taking.finally(() => {
        underWay.delete(session.id);
        const known = sessions.get(session.id);
        if (known) known.activeAt = Date.now();
      });
    },
  });
  // A client that hangs up in the middle: there is nothing to do about it, and the listener must not stop.
  smtp.on("error", (err) => log.debug({ err }, "a connection to the bounce domain broke"));

  const hangUp = (isMeant: (id: string) => boolean) => {
    for (const connection of smtp.connections) if (isMeant(connection.id)) connection.send(421, "Come back later");
  };
  // A client that keeps sending a little is never idle, and one with much to say must let others have their turn.
  const watch = setInterval(() => {
    const now = Date.now();
    hangUp((id) => {
      const { servedAt = null, activeAt = 0 } = sessions.get(id) ?? {};
      if (servedAt === null) return false;
      if (now - servedAt > limits.sessionMs) return true;
      if (turns.waiting === 0 || underWay.has(id)) return false;
      return now - activeAt > limits.crowdedIdleMs || now - servedAt > limits.crowdedSessionMs;
    });
  }, WATCH_MS);

  await new Promise<void>((resolve, reject) => {
    smtp.server.once("error", reject);
    // Exclusive: a second listener on the same port must fail here, not share the mails at random.
    smtp.server.listen(
      { port: options.port, host: options.host, exclusive: true, backlog: limits.connections },
      resolve,
    );
  }).catch((error: unknown) => {
    clearInterval(watch);
    throw error;
  });

  return {
    port: (smtp.server.address() as AddressInfo).port,
    async close({ graceMs = GRACE_MS } = {}) {
      clearInterval(watch);
      smtp.options.closeTimeout = Math.max(1, graceMs);
      const closed = new Promise<void>((resolve) => smtp.close(resolve));
      hangUp((id) => !underWay.has(id));
      await closed;
      await Promise.all(underWay.values());
    },
  };
}

interface Session {
  /** Milliseconds; null while it waits for its turn. */
  servedAt: number | null;
  /** When it last named an address, or its mail was answered. */
  activeAt: number;
  /** Unknown addresses it asked for. */
  guesses: number;
  /** Gives its turn back, or its place among those who wait. */
  done: () => void;
}

function refusal(responseCode: number, message: string): Error {
  return Object.assign(new Error(message), { responseCode });
}

const HOUR_MS = 3_600_000;

/** Counts by address, anew each hour. */
function openHourly(most: number) {
  let hour = 0;
  let counts = new Map<string, number>();
  const current = () => {
    const now = Math.floor(Date.now() / HOUR_MS);
    if (now !== hour) [hour, counts] = [now, new Map()];
    return counts;
  };
  return {
    isFull: (address: string) => (current().get(address.toLowerCase()) ?? 0) >= most,
    count(address: string): void {
      current().set(address.toLowerCase(), (current().get(address.toLowerCase()) ?? 0) + 1);
    },
  };
}
