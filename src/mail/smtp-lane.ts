/** One SMTP connection, one mail at a time on it; tells what an error means for the mail. */
import { Socket } from "node:net";
import type { NodemailerError } from "nodemailer";
import { parseConnectionUrl } from "nodemailer/lib/shared";
import SMTPConnection from "nodemailer/lib/smtp-connection";
import type { Mail, Outcome, SenderOptions, UnsentCause } from "./sender.ts";

export interface Lane {
  send(url: string, mail: Mail): Promise<Outcome>;
  verify(url: string): Promise<"ready" | UnsentCause>;
  close(): void;
}

export function openLane({ socketTimeoutMs, connectTimeoutMs = 10_000 }: SenderOptions): Lane {
  const timeouts = {
    socketTimeout: socketTimeoutMs,
    connectionTimeout: connectTimeoutMs,
    greetingTimeout: connectTimeoutMs,
  };
  const lines = new Map<string, ReturnType<typeof openLine>>();
  const lineTo = (url: string): ReturnType<typeof openLine> => {
    let line = lines.get(url);
    if (line === undefined) {
      line = openLine(() => connect(url, timeouts));
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
        (await connect(url, timeouts)).quit();
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

/**
 * Keeps one connection and opens it anew when it has gone.
 *
 * This is Nodemailer's connection without its pool: the pool takes a finished message apart and pipes it through four
 * streams, 1.0 ms of CPU for 30 kB where the connection alone takes 0.2 ms (`npm run bench -- deliver`).
 */
function openLine(open: () => Promise<SMTPConnection>) {
  let connection: SMTPConnection | null = null;
  let isUsed = false;
  const connected = async (): Promise<SMTPConnection> => {
    if (connection) return connection;
    const opened = await open();
    opened.once("end", () => {
      if (connection === opened) connection = null;
    });
    connection = opened;
    return opened;
  };
  return {
    /** Whether the connection at hand has carried a mail. */
    isUsed: () => isUsed && connection !== null,
    async send(mail: Mail): Promise<Outcome> {
      let on: SMTPConnection;
      try {
        on = await connected();
      } catch (error) {
        return { kind: "unsent", cause: causeOf(error as NodemailerError) };
      }
      const outcome = await sendOn(on, mail);
      isUsed =
        outcome.kind === "accepted" ||
        ((outcome.kind === "temporary" || outcome.kind === "refused") && (await reset(on, outcome.code)));
      if (!isUsed) {
        on.close();
        connection = null;
      }
      return outcome;
    },
    close(): void {
      connection?.quit();
      connection = null;
    },
  };
}

/** @throws {NodemailerError} */
function connect(url: string, timeouts: object): Promise<SMTPConnection> {
  const { auth, ...server } = parseConnectionUrl(url);
  const connection = new SMTPConnection({ ...server, ...timeouts });
  return new Promise((resolve, reject) => {
    const fail = (error: Error) => {
      reject(error);
      connection.close();
    };
    // Also hears what befalls the connection later: whoever sends on it then is told by its callback.
    connection.on("error", fail);
    connection.once("end", () => reject(Object.assign(new Error("Connection closed"), { code: "ECONNECTION" })));
    connection.connect((error) => {
      if (error) return fail(error);
      if (!auth || !connection.allowsAuth) return resolve(connection);
      const credentials = { user: auth.user ?? "", pass: auth.pass ?? "" };
      connection.login({ ...credentials, credentials }, (refused) => (refused ? fail(refused) : resolve(connection)));
    });
  });
}

function sendOn(connection: SMTPConnection, { raw, head = NO_HEAD, envelope }: Mail): Promise<Outcome> {
  const body = wholeBody(connection, head, raw);
  return new Promise((resolve) => {
    // Objects, because Nodemailer takes a string apart: "a@b.example, evil@c.example" would be two recipients.
    const to = [{ name: "", address: envelope.to }];
    const from = { name: "", address: envelope.from };
    const dsn = envelope.id === undefined ? undefined : { ...DSN, envid: envelope.id };
    connection.send({ from, to, size: head.length + raw.length, dsn }, body as never, (error, info) => {
      if (error) return resolve(outcomeOf(error as NodemailerError, body.isHandedOver()));
      const response = storable(info!.response);
      const serverId = serverIdIn(response);
      resolve({ kind: "accepted", response, ...(serverId === undefined ? {} : { serverId }) });
    });
  });
}

/** What a server said, without zero bytes: PostgreSQL takes no text with one, and outcomes are recorded many at once. */
function storable(response: string): string {
  return response.replaceAll("\0", "");
}

/**
 * RFC 3461: be told of failures and delays, with our headers and not the whole digest. Nodemailer says it only to servers
 * that offer DSN; the others decide for themselves.
 */
const DSN = { ret: "HDRS", notify: ["FAILURE", "DELAY"] };

/**
 * The id a server gave the mail, as its reports will name it: Postfix and SendGrid "queued as 4Z1x…", Exim "OK id=1t…",
 * Amazon SES "Ok 0100…-000000" (its notifications' `messageId`; Nodemailer would make an address of it), Outlook
 * "OK <…@….prod.outlook.com>".
 */
function serverIdIn(response: string): string | undefined {
  const forms = [
    /\bqueued as <?([\w.@-]+)/i,
    /\bid=([\w.-]+)/i,
    /^250 Ok ([\da-f]+(?:-[\da-f]+)+)$/i,
    /\bOK <([^<>\s]+)>/i,
  ];
  return forms.map((form) => form.exec(response)?.[1]).find((id) => id !== undefined);
}

/** Ends what a refused mail began. @returns whether the connection takes another mail */
function reset(connection: SMTPConnection, code: number): Promise<boolean> {
  // 421: the server closes the connection (RFC 5321 3.8).
  if (code === 421) return Promise.resolve(false);
  return new Promise((resolve) => {
    const ended = () => resolve(false);
    connection.once("end", ended);
    connection.reset((error) => {
      connection.off("end", ended);
      resolve(!error);
    });
  });
}

const NO_HEAD = Buffer.alloc(0);
const END = Buffer.from(".\r\n");
const LINE_END = Buffer.from("\r\n");
const DOT_LINE = Buffer.from("\r\n.");

/**
 * A message that writes itself at once past Nodemailer's stream, which looks at each of its bytes, and knows when the last
 * byte was handed to the system: before that no server can have it whole, from then on one may.
 */
function wholeBody(connection: SMTPConnection, head: Buffer, raw: Buffer) {
  let isHandedOver = false;
  return {
    isHandedOver: () => isHandedOver,
    pipe(stream: NodeJS.WritableStream & { unpipe?: (socket: Socket) => void }): void {
      const { _socket: socket } = connection;
      if (!(socket instanceof Socket) || !stream.unpipe) throw new Error("Nodemailer's connection has no socket");
      stream.unpipe(socket);
      socket.cork();
      if (head.length > 0) socket.write(head);
      for (const part of dotsDoubled(raw)) socket.write(part);
      if (!raw.subarray(-2).equals(LINE_END)) socket.write(LINE_END);
      socket.write(END, (error) => {
        isHandedOver = !error;
      });
      socket.uncork();
    },
  };
}

/**
 * The message with a second dot before each that begins a line (RFC 5321 4.5.2), as parts that are not copied. Lines of a
 * message end by CRLF, and its first line is a header.
 */
function dotsDoubled(raw: Buffer): Buffer[] {
  const parts: Buffer[] = [];
  let from = 0;
  for (let at = raw.indexOf(DOT_LINE); at >= 0; at = raw.indexOf(DOT_LINE, at + DOT_LINE.length)) {
    parts.push(raw.subarray(from, at + DOT_LINE.length));
    from = at + DOT_LINE.length - 1;
  }
  parts.push(raw.subarray(from));
  return parts;
}

function outcomeOf(error: NodemailerError, wasHandedOver: boolean): Outcome {
  const { code, responseCode } = error;
  const response = storable(error.response ?? "");
  // EENVELOPE: an answer to MAIL, RCPT or DATA. EMESSAGE: the answer to the final dot.
  if ((code === "EENVELOPE" || code === "EMESSAGE") && responseCode !== undefined) {
    return { kind: error.permanent === true ? "refused" : "temporary", code: responseCode, response };
  }
  // Nodemailer refused the envelope itself, as a server would have (553, mailbox name not allowed), or saw that the mail
  // is larger than the server said it takes (552).
  if (code === "EENVELOPE") return { kind: "refused", code: 553, response: error.message };
  if (code === "EMESSAGE" && !wasHandedOver) return { kind: "refused", code: 552, response: error.message };
  if (wasHandedOver) return { kind: "uncertain" };
  return { kind: "unsent", cause: causeOf(error) };
}

function causeOf({ code = "", originalCode = "" }: NodemailerError): UnsentCause {
  if (["EAUTH", "ENOAUTH", "EOAUTH2"].includes(code)) return "auth";
  // Node names certificate faults DEPTH_ZERO_SELF_SIGNED_CERT, CERT_HAS_EXPIRED, …, and protocol faults ERR_SSL_….
  const isTls = code === "ETLS" || code === "EREQUIRETLS" || /CERT|SSL|TLS|UNABLE_TO_VERIFY/u.test(originalCode);
  return isTls ? "tls" : "connection";
}
