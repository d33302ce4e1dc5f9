/**
 * Signs our mails (DKIM, RFC 6376), with each key of DKIM_KEYS: rsa-sha256, and ed25519-sha256 (RFC 8463) beside it.
 *
 * Not Nodemailer's signer: that costs the thread that sends 2 ms a mail of 30 kB where this one costs 0.15, leaves a
 * mail unsigned when its key is bad, and cannot seal a header against a second one (`npm run bench -- dkim`).
 */
import { createHash, sign as signBytes } from "node:crypto";
import { domainToASCII } from "node:url";
import { promisify } from "node:util";
import { Invalid } from "../errors.ts";
import { isSigned } from "./dkim-check.ts";
import { type DkimKey, parseDkimKeys, readDkimKeys, recordOf, type TxtRecord } from "./dkim-keys.ts";
import { bodyHash, type Covered, openMessage, relaxed, sealed } from "./dkim-message.ts";
import { parseMailbox } from "./headers.ts";

export interface Signer {
  /**
   * The message with a DKIM-Signature for each key on top. It must leave as it is here, to the byte.
   *
   * Both algorithms are deterministic, so the same message with the same time is signed with the same bytes on every
   * try, for as long as the keys are the same.
   *
   * @param raw lines ended by CRLF
   * @param at when it was composed
   */
  sign(raw: Buffer, of: { readonly at: Date }): Promise<Buffer>;
  /** What `sign` puts on top: the DKIM-Signature lines, ended by CRLF. */
  signatures(raw: Buffer, of: { readonly at: Date }): Promise<Buffer>;
  /** How many signatures each mail gets. */
  readonly count: number;
  /** What DNS has to say for receivers to verify it, a record for each key. */
  readonly records: readonly TxtRecord[];
}

export interface SignerOptions {
  /** DKIM_DOMAIN, in A-labels. */
  readonly domain: string;
  /** DKIM_KEYS. */
  readonly keys: string;
  /** Settings that name a sender, and what they say: all of their mail is signed. */
  readonly senders: Readonly<Record<string, string>>;
  readonly log: { warn(fields: object, message: string): void };
  /** Headers under the signature. Without those that a provider writes anew on the way: SES does so with Message-ID and Date. */
  readonly headers?: readonly string[];
  /** A provider may take only so many; the first keys sign. The others wait for their turn, with their records in DNS. */
  readonly mostSignatures?: number;
}

/** RFC 6376 5.4.1, the two of RFC 8058 4, and Feedback-ID, which Gmail counts only when it is signed (support.google.com/mail/answer/6254652). */
export const signedHeaders: readonly string[] = [
  ...["From", "Reply-To", "To", "Subject", "Date", "Message-ID", "MIME-Version", "Content-Type"],
  ...["List-Id", "List-Unsubscribe", "List-Unsubscribe-Post", "Auto-Submitted", "Feedback-ID"],
];

/**
 * Reads the keys, and signs a mail with them to see that it can be verified.
 *
 * @throws {Invalid} for a key that cannot sign, or a sender whose mail this domain's signature would not count for
 */
export async function openSigner({
  domain,
  keys,
  senders,
  log,
  headers = signedHeaders,
  mostSignatures = Number.POSITIVE_INFINITY,
}: SignerOptions): Promise<Signer> {
  refuseStrangers(domain, senders);
  const read = await readDkimKeys(parseDkimKeys(keys), (message) => log.warn({}, message));
  const signing = read.slice(0, mostSignatures);
  if (signing.length < read.length)
    log.warn(
      {},
      `DKIM_KEYS: a provider in SMTP_URL takes ${mostSignatures} of ${read.length} signatures, so the first keys sign`,
    );
  const signer: Signer = {
    count: signing.length,
    sign: async (raw, of) => Buffer.concat([await signer.signatures(raw, of), raw]),
    async signatures(raw, { at }) {
      const { fields, body } = openMessage(raw);
      const covered = sealed(fields, headers);
      const of = { domain, at, covered, bh: bodyHash(body) };
      const signatures = await Promise.all(signing.map((key) => signatureOf(key, of)));
      return Buffer.from(signatures.join(""), "latin1");
    },
    records: read.map((key) => recordOf(domain, key)),
  };
  await refuseDamaged(signing, signer);
  return signer;
}

/** One DKIM-Signature, folded, ended by CRLF. No `l=`: whatever stands behind that length could be added by anybody. */
async function signatureOf(
  key: DkimKey,
  { domain, at, covered, bh }: { domain: string; at: Date; covered: Covered; bh: string },
): Promise<string> {
  const unsigned =
    `DKIM-Signature: v=1; a=${key.algorithm}; c=relaxed/simple;\r\n d=${domain};\r\n s=${key.selector};` +
    ` t=${Math.floor(at.getTime() / 1000)};\r\n ${foldNames(covered.names)};\r\n bh=${bh};\r\n b=`;
  const text = Buffer.from(covered.fields + relaxed(unsigned), "latin1");
  const signature = (await signOff(key, text)).toString("base64");
  return `${unsigned}${signature.match(/.{1,72}/g)!.join("\r\n ")}\r\n`;
}

const signAside = promisify(signBytes);

/** In the thread pool: an RSA signature takes longer than all the rest of a mail, and the thread that sends is the busy one. */
function signOff({ algorithm, privateKey }: DkimKey, text: Buffer): Promise<Buffer> {
  return algorithm === "rsa-sha256"
    ? signAside("sha256", text, privateKey)
    : signAside(null, createHash("sha256").update(text).digest(), privateKey);
}

/** `h=`, folded before a name at 76 letters. */
function foldNames(names: readonly string[]): string {
  let text = "h=";
  let width = 1 + text.length;
  names.forEach((name, i) => {
    const item = i === names.length - 1 ? name : `${name}:`;
    // One more: the semicolon behind the last.
    if (width + item.length + 1 > 76) {
      text += "\r\n ";
      width = 1;
    }
    text += item;
    width += item.length;
  });
  return text;
}

/**
 * Relaxed alignment (DMARC): the signature counts for a sender of the same organisation. Which name that is takes a
 * list of public suffixes; that one lies within the other is what can be known without, and is enough.
 */
function refuseStrangers(domain: string, senders: SignerOptions["senders"]): void {
  for (const [setting, from] of Object.entries(senders)) {
    const sender = domainOf(from, setting);
    if (`.${sender}`.endsWith(`.${domain}`) || domain.endsWith(`.${sender}`)) continue;
    const message = `DKIM_DOMAIN is ${domain}, but ${setting} is at ${sender}: a signature of another domain does not count for it (DMARC). Write DKIM_DOMAIN=${sender}`;
    throw new Invalid(message, [{ field: "DKIM_DOMAIN", message }]);
  }
}

/** @throws {Invalid} naming the setting */
function domainOf(from: string, setting: string): string {
  try {
    const { address } = parseMailbox(from);
    return domainToASCII(address.slice(address.lastIndexOf("@") + 1));
  } catch (cause) {
    const message = `${setting}: ${(cause as Error).message}`;
    throw new Invalid(message, [{ field: setting, message }], { cause });
  }
}

async function refuseDamaged(keys: readonly DkimKey[], signer: Signer): Promise<void> {
  const sample = Buffer.from(`${signedHeaders.map((name) => `${name}: sample\r\n`).join("")}\r\nA sample.\r\n`);
  const signed = await signer.sign(sample, { at: new Date(0) });
  for (const { selector, path, publicKey } of keys) {
    if (isSigned(signed, { selector, publicKey })) continue;
    const message = `DKIM_KEYS: what the key in ${path} signs cannot be verified with its own public half, so the file is damaged. Put it back from a backup, or make a new key`;
    throw new Invalid(message, [{ field: "DKIM_KEYS", message }]);
  }
}
