/** One SMTP connection, one mail at a time on it; tells what an error means for the mail. */
import { createTransport, type NodemailerError } from "nodemailer";
import type { Composed } from "./message.ts";
import type { Outcome, SenderOptions, UnsentCause } from "./sender.ts";

export interface Lane {
  send(url: string, mail: Pick<Composed, "raw" | "envelope">): Promise<Outcome>;
  verify(url: string): Promise<"ready" | UnsentCause>;
  close(): void;
}

export function openLane({ socketTimeoutMs, connectTimeoutMs = 10_000 }: SenderOptions): Lane {
  const lines = new Map<string, ReturnType<typeof openLine>>();
  const lineTo = (url: string): ReturnType<typeof openLine> => {
    let line = lines.get(url);
    if (line === undefined) {
      line = openLine(url, { socketTimeoutMs, connectTimeoutMs });
      lines.set(url, line);
    }
    return line;
  };
  return {
    async send(url, mail) {
      const line = lineTo(url);
      const wasUsed = line.isUsed();
      const outcome = await line.send(mail);
      // A server may hang up on a connection at rest, which shows only at its next mail. Not a byte of that was taken.
      const hungUp = wasUsed && outcome.kind === "unsent" && outcome.cause === "connection";
      return hungUp ? line.send(mail) : outcome;
    },
    async verify(url) {
      try {
        await lineTo(url).verify();
        return "ready";
      } catch (error) {
        return causeOf(error as NodemailerError);
      }
    },
    close() {
      for (const line of lines.values()) line.close();
    },
  };
}

function openLine(url: string, timeouts: { socketTimeoutMs: number; connectTimeoutMs: number }) {
  const handover = watchHandover();
  const transport = createTransport({
    pool: true,
    url,
    maxConnections: 1,
    maxMessages: Number.POSITIVE_INFINITY,
    // Nodemailer would send a mail whose connection died up to five times more; the ledger decides that.
    maxRequeues: 0,
    socketTimeout: timeouts.socketTimeoutMs,
    connectionTimeout: timeouts.connectTimeoutMs,
    greetingTimeout: timeouts.connectTimeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
    logger: handover.logger,
  });
  let isUsed = false;
  return {
    isUsed: () => isUsed,
    async send({ raw, envelope }: Pick<Composed, "raw" | "envelope">): Promise<Outcome> {
      handover.begin();
      try {
        const info = await transport.sendMail({ raw, envelope: asObjects(envelope) });
        isUsed = true;
        const serverId = info.serverMessageId;
        return { kind: "accepted", response: info.response, ...(serverId === undefined ? {} : { serverId }) };
      } catch (error) {
        const outcome = outcomeOf(error as NodemailerError, handover.isComplete());
        isUsed = outcome.kind === "temporary" || outcome.kind === "refused";
        return outcome;
      }
    },
    verify: () => transport.verify(),
    close: () => transport.close(),
  };
}

/** Objects, because Nodemailer takes a string apart: "a@b.example, evil@c.example" would be two recipients. */
function asObjects({ from, to }: Composed["envelope"]) {
  return { from: { name: "", address: from }, to: [{ name: "", address: to }] };
}

/**
 * Knows whether the whole mail went out: Nodemailer reports a connection that died after the final dot like one that
 * died before the first byte, but its log has an entry `message` exactly when the body was handed over.
 */
function watchHandover() {
  let session: unknown;
  let complete = false;
  const read = (entry: { tnx?: string; sid?: string; localPort?: number } | undefined): void => {
    if (entry?.tnx === "network" && entry.localPort !== undefined) session = entry.sid;
    // A connection that is gone may still report; only the present one's word is about the present mail.
    if (entry?.tnx === "message" && entry.sid === session) complete = true;
  };
  const ignore = (): void => {};
  return {
    logger: { info: read, trace: ignore, debug: ignore, warn: ignore, error: ignore, fatal: ignore } as never,
    begin: (): void => {
      complete = false;
    },
    isComplete: (): boolean => complete,
  };
}

function outcomeOf(error: NodemailerError, wasHandedOver: boolean): Outcome {
  const { code, responseCode, response = "" } = error;
  // EENVELOPE: an answer to MAIL, RCPT or DATA. EMESSAGE: the answer to the final dot.
  if ((code === "EENVELOPE" || code === "EMESSAGE") && responseCode !== undefined) {
    return { kind: error.permanent === true ? "refused" : "temporary", code: responseCode, response };
  }
  // Nodemailer refused the envelope itself, as a server would have: 553, mailbox name not allowed.
  if (code === "EENVELOPE") return { kind: "refused", code: 553, response: error.message };
  if (wasHandedOver) return { kind: "uncertain" };
  return { kind: "unsent", cause: causeOf(error) };
}

function causeOf({ code = "", originalCode = "" }: NodemailerError): UnsentCause {
  if (["EAUTH", "ENOAUTH", "EOAUTH2"].includes(code)) return "auth";
  // Node names certificate faults DEPTH_ZERO_SELF_SIGNED_CERT, CERT_HAS_EXPIRED, …, and protocol faults ERR_SSL_….
  const isTls = code === "ETLS" || code === "EREQUIRETLS" || /CERT|SSL|TLS|UNABLE_TO_VERIFY/u.test(originalCode);
  return isTls ? "tls" : "connection";
}
