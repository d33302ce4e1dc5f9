/**
 * The local mail catcher of the embedded mode: takes every mail over real SMTP, delivers none, and shows them on a page
 * of its own. Loopback only, in memory, the newest thousand.
 */
import { mkdir, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo, Server } from "node:net";
import { join } from "node:path";
import PostalMime, { type Email } from "postal-mime";
import { SMTPServer } from "smtp-server";
import { answerCatcher } from "./catcher-web.ts";

/** One mail as it came in. */
export interface Caught {
  /** Counts from 1. */
  readonly id: number;
  readonly receivedAt: Date;
  readonly envelope: { readonly from: string; readonly to: readonly string[] };
  readonly raw: Buffer;
  /** Its headers and parts; a mail that nobody could read has none of them. */
  readonly email: Email;
  /** Where it was kept, when the catcher was given a folder. */
  readonly file: string | null;
}

export interface Catcher {
  /** For `SMTP_URL`. */
  readonly smtpUrl: string;
  /** The inbox. */
  readonly webUrl: string;
  /** Oldest first. */
  messages(): readonly Caught[];
  /** The first mail, caught already or to come, that is meant; null when the time is up. */
  waitFor(isMeant: (mail: Caught) => boolean, timeoutMs: number): Promise<Caught | null>;
  close(): Promise<void>;
}

export interface CatcherOptions {
  /** 0: any free port. */
  readonly smtpPort: number;
  readonly httpPort: number;
  /** Each mail is kept here as `<id>.eml`; absent: in memory only. */
  readonly dir?: string;
  readonly now?: () => Date;
}

const host = "127.0.0.1";
/** Together with the size cap, what bounds memory: our own mails have some 30 kB, so this is 30 MB in practice. */
const mostMessages = 1_000;
const largestMail = 10_000_000;

/** @throws {Error} with code EADDRINUSE when a port is taken */
export async function openCatcher({
  smtpPort,
  httpPort,
  dir,
  now = () => new Date(),
}: CatcherOptions): Promise<Catcher> {
  if (dir !== undefined) await mkdir(dir, { recursive: true });
  const caught: Caught[] = [];
  const listeners = new Set<(mail: Caught) => void>();
  let count = 0;

  const take = async (raw: Buffer, envelope: Caught["envelope"]): Promise<void> => {
    count += 1;
    const id = count;
    const file = dir === undefined ? null : join(dir, `${id}.eml`);
    // Kept before it is answered: a mail that was accepted must not be lost, here as anywhere.
    if (file !== null) await writeFile(file, raw);
    const mail: Caught = { id, receivedAt: now(), envelope, raw, email: await read(raw), file };
    caught.push(mail);
    if (caught.length > mostMessages) caught.shift();
    for (const listener of listeners) listener(mail);
  };

  const smtp = openSmtp(take);
  const web = createServer((request, response) => answerCatcher(request, response, () => caught));
  try {
    await listening(smtp.server, smtpPort);
    await listening(web, httpPort);
  } catch (error) {
    smtp.server.close();
    throw error;
  }

  return {
    smtpUrl: `smtp://${host}:${portOf(smtp.server)}`,
    webUrl: `http://${host}:${portOf(web)}`,
    messages: () => [...caught],
    waitFor: (isMeant, timeoutMs) => waitFor(isMeant, timeoutMs, caught, listeners),
    async close() {
      web.closeAllConnections();
      await Promise.all([new Promise((done) => web.close(done)), new Promise<void>((done) => smtp.close(done))]);
    },
  };
}

function openSmtp(take: (raw: Buffer, envelope: Caught["envelope"]) => Promise<void>): SMTPServer {
  const smtp = new SMTPServer({
    authOptional: true,
    // Its certificate would be self-signed, which Nodemailer rightly refuses; on loopback nobody listens in.
    disabledCommands: ["STARTTLS", "AUTH"],
    disableReverseLookup: true,
    logger: false,
    size: largestMail,
    onData(stream, session, answer) {
      const chunks: Buffer[] = [];
      stream.on("data", (chunk: Buffer) => {
        if (!stream.sizeExceeded) chunks.push(chunk);
      });
      stream.on("end", () => {
        if (stream.sizeExceeded) {
          answer(
            Object.assign(new Error(`This catcher takes mails of at most ${largestMail} bytes`), { responseCode: 552 }),
          );
          return;
        }
        const { mailFrom, rcptTo } = session.envelope;
        const envelope = { from: mailFrom === false ? "" : mailFrom.address, to: rcptTo.map(({ address }) => address) };
        take(Buffer.concat(chunks), envelope).then(
          () => answer(),
          () => answer(Object.assign(new Error("The mail could not be kept"), { responseCode: 451 })),
        );
      });
    },
  });
  // A client that hangs up in the middle; the catcher has nothing to do about it, and must not stop.
  smtp.on("error", () => {});
  return smtp;
}

async function read(raw: Buffer): Promise<Email> {
  try {
    return await PostalMime.parse(raw);
  } catch {
    return { headers: [], attachments: [] } as unknown as Email; // shown by its source alone
  }
}

function listening(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    // Exclusive: a second catcher on the same port must fail here, not share the mails at random.
    server.listen({ port, host, exclusive: true }, () => {
      server.off("error", reject);
      resolve();
    });
  });
}

function portOf(server: Server): number {
  return (server.address() as AddressInfo).port;
}

function waitFor(
  isMeant: (mail: Caught) => boolean,
  timeoutMs: number,
  caught: readonly Caught[],
  listeners: Set<(mail: Caught) => void>,
): Promise<Caught | null> {
  const already = caught.find(isMeant);
  if (already !== undefined) return Promise.resolve(already);
  return new Promise((resolve) => {
    const settle = (mail: Caught | null): void => {
      clearTimeout(timer);
      listeners.delete(listener);
      resolve(mail);
    };
    const listener = (mail: Caught): void => {
      if (isMeant(mail)) settle(mail);
    };
    const timer = setTimeout(() => settle(null), timeoutMs);
    listeners.add(listener);
  });
}
