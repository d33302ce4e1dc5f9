/** A look at a mail server as the doctor takes it: connects, agrees on TLS, logs in, and sends nothing. */
import { lookup } from "node:dns/promises";
import { TLSSocket } from "node:tls";
import type { NodemailerError } from "nodemailer";
import { parseConnectionUrl } from "nodemailer/lib/shared";
import SMTPConnection from "nodemailer/lib/smtp-connection";

export interface ServerFacts {
  readonly host: string;
  readonly port: number;
  /** Where we connected to. */
  readonly address: string;
  /** What it calls itself. */
  readonly name: string;
  /** Keywords it offers, in capitals: `8BITMIME`, `DSN`, …; after TLS where there is TLS. */
  readonly extensions: ReadonlySet<string>;
  /** Bytes of the largest mail it takes; null when it does not say. */
  readonly largestMail: number | null;
  readonly tls: {
    /** `TLSv1.3` */
    readonly version: string;
    /** False where the URL says not to look at the certificate, and it would not have passed. */
    readonly isTrusted: boolean;
    readonly validUntil: Date;
  } | null;
  /** `unasked`: SMTP_URL has a user, and the server takes mail without. */
  readonly login: "accepted" | "unasked" | "none";
}

export interface ServerFault {
  readonly host: string;
  readonly port: number;
  /** `unknown-name`: DNS has no such host. `no-network`: nobody here could tell. */
  readonly fault: "unknown-name" | "no-network" | "connection" | "tls" | "auth" | "answer";
  /** A code, or the server's own words. */
  readonly words: string;
}

/** @param url as SMTP_URL has it */
export async function examineServer(url: string, { timeoutMs = 6_000 } = {}): Promise<ServerFacts | ServerFault> {
  const { auth, ...server } = parseConnectionUrl(url);
  const host = String(server.host ?? "localhost");
  const port = Number(server.port ?? (server.secure ? 465 : 587));
  const timeouts = { connectionTimeout: timeoutMs, greetingTimeout: timeoutMs, socketTimeout: timeoutMs };
  const connection = new SMTPConnection({ ...server, ...timeouts });
  try {
    const { address } = await lookup(host);
    await connected(connection);
    const said = ehloOf(connection.lastServerResponse || "");
    const tls = tlsOf(connection);
    if (auth && connection.allowsAuth) await loggedIn(connection, auth);
    const login = auth === undefined ? "none" : connection.allowsAuth ? "accepted" : "unasked";
    connection.quit();
    return { host, port, address, ...said, tls, login };
  } catch (error) {
    connection.close();
    return { host, port, ...faultOf(error as NodemailerError & { syscall?: string }) };
  }
}

function connected(connection: SMTPConnection): Promise<void> {
  return new Promise((resolve, reject) => {
    connection.on("error", reject);
    connection.once("end", () => reject(Object.assign(new Error("Connection closed"), { code: "ECONNECTION" })));
    connection.connect((error) => (error ? reject(error) : resolve()));
  });
}

function loggedIn(connection: SMTPConnection, auth: { user?: string; pass?: string }): Promise<void> {
  const credentials = { user: auth.user ?? "", pass: auth.pass ?? "" };
  return new Promise((resolve, reject) => {
    connection.login({ ...credentials, credentials }, (refused) => (refused ? reject(refused) : resolve()));
  });
}

/** The answer to EHLO: a name, then a keyword a line (RFC 5321 4.1.1.1). */
function ehloOf(response: string): Pick<ServerFacts, "name" | "extensions" | "largestMail"> {
  const [greeting = "", ...lines] = response.split(/\r?\n/u).map((line) => line.replace(/^\d{3}[ -]/u, "").trim());
  const size = lines.map((line) => /^SIZE (\d+)$/iu.exec(line)?.[1]).find((bytes) => bytes !== undefined);
  return {
    name: greeting.split(" ")[0]!.toLowerCase(),
    extensions: new Set(lines.map((line) => line.split(/[ =]/u)[0]!.toUpperCase()).filter(Boolean)),
    // RFC 1870 3: zero is no limit.
    largestMail: size === undefined || Number(size) === 0 ? null : Number(size),
  };
}

function tlsOf(connection: SMTPConnection): ServerFacts["tls"] {
  const { _socket: socket } = connection;
  if (!(socket instanceof TLSSocket)) return null;
  const { valid_to: until } = socket.getPeerCertificate();
  return {
    version: socket.getProtocol() ?? "unknown",
    isTrusted: socket.authorized,
    validUntil: new Date(until),
  };
}

function faultOf(error: NodemailerError & { syscall?: string }): Pick<ServerFault, "fault" | "words"> {
  const { code = "", originalCode = "", response = "", syscall } = error;
  const words = response || originalCode || code || error.message;
  if (syscall === "getaddrinfo") return { fault: code === "ENOTFOUND" ? "unknown-name" : "no-network", words: code };
  if (["EAUTH", "ENOAUTH", "EOAUTH2"].includes(code)) return { fault: "auth", words };
  if (code === "ETLS" || /CERT|SSL|TLS|UNABLE_TO_VERIFY/u.test(`${code} ${originalCode}`))
    return { fault: "tls", words };
  if (response !== "") return { fault: "answer", words };
  const isAway = ["ENETUNREACH", "EHOSTUNREACH"].includes(originalCode || code);
  return { fault: isAway ? "no-network" : "connection", words };
}
