/**
 * Messages of Amazon SNS, which carries what SES reports: are they by whom they say? After "Verifying the signatures of
 * Amazon SNS messages" (docs.aws.amazon.com/sns/latest/dg/sns-verify-signature-of-message.html).
 */
import { verify, X509Certificate } from "node:crypto";
import { z } from "zod";
import { Permanent, Temporary } from "../../errors.ts";
import type { Fetch } from "../../fetch.ts";
import { readJson } from "./fields.ts";

// What is signed is lines of names and values, `Message` first: any other value of two lines could pass for two values.
const oneLine = z
  .string()
  .max(2_000)
  .regex(/^[^\n\r]*$/);
const common = {
  MessageId: z.string().regex(/^[\w-]{1,100}$/),
  TopicArn: oneLine,
  Message: z.string(),
  Timestamp: z.iso.datetime(),
  SignatureVersion: z.enum(["1", "2"]),
  Signature: z.base64().max(4_000),
  SigningCertURL: oneLine,
};
const schema = z.discriminatedUnion("Type", [
  z.object({ Type: z.literal("Notification"), ...common, Subject: oneLine.nullish() }),
  z.object({
    Type: z.enum(["SubscriptionConfirmation", "UnsubscribeConfirmation"]),
    ...common,
    Token: oneLine,
    SubscribeURL: oneLine,
  }),
]);
export type SnsMessage = z.infer<typeof schema>;

/** SNS retries for an hour at most (docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html); what is older is a replay. */
const MOST_AGE_MS = 3_600_000;
/** Amazon changes its certificate about once a year: more addresses than this are somebody's invention. */
const CERTIFICATES_KEPT = 8;
const CERTIFICATES_A_MINUTE = 4;
const FETCHED = { maxBytes: 50_000, timeoutMs: 5_000 };

export interface SnsNeeds {
  readonly fetch: Pick<Fetch, "get">;
  /** The only topics that are listened to. */
  readonly topics: readonly string[];
}

export interface Sns {
  /**
   * @returns the message, or why it is not believed
   * @throws {Temporary} when the certificate cannot be fetched now
   */
  read(rawBody: Buffer, now: Date): Promise<SnsMessage | string>;
  /** Tells SNS that we want its messages. */
  confirm(message: SnsMessage): Promise<"confirmed" | "not its address">;
}

export function openSns({ fetch, topics }: SnsNeeds): Sns {
  const certificates = openCertificates(fetch);
  return {
    async read(rawBody, now) {
      const parsed = schema.safeParse(readJson(rawBody));
      if (!parsed.success) return "no message of SNS";
      const message = parsed.data;
      // From the cheapest to the dearest, and nothing is fetched for whoever does not even know the topic.
      if (!topics.includes(message.TopicArn)) return "another topic";
      if (Math.abs(now.getTime() - Date.parse(message.Timestamp)) > MOST_AGE_MS) return "older than an hour";
      const host = hostOf(message.TopicArn);
      if (!isCertificateOf(host, message.SigningCertURL)) return "a certificate from elsewhere";
      const certificate = await certificates.of(message.SigningCertURL, now);
      if (certificate === null) return "a certificate that is none, or not valid now";
      return isSigned(message, certificate) ? message : "signature";
    },

    async confirm(message) {
      if (message.Type !== "SubscriptionConfirmation" || !isConfirmation(message)) return "not its address";
      await fetch.get(message.SubscribeURL, FETCHED);
      return "confirmed";
    },
  };
}

/** `sns.eu-west-1.amazonaws.com`: made of the topic that the setting names, not of what the message says. */
function hostOf(topic: string): string {
  const [, partition, , region] = topic.split(":");
  return `sns.${region}.amazonaws.com${partition === "aws-cn" ? ".cn" : ""}`;
}

function addressAt(host: string, address: string): URL | null {
  const url = URL.canParse(address) ? new URL(address) : null;
  const isThere = url?.protocol === "https:" && url.host === host && url.username === "" && url.password === "";
  return isThere ? url : null;
}

function isCertificateOf(host: string, address: string): boolean {
  const url = addressAt(host, address);
  return url !== null && /^\/[\w-]+\.pem$/.test(url.pathname) && url.search === "" && url.hash === "";
}

function isConfirmation({ TopicArn, SubscribeURL }: SnsMessage & { SubscribeURL: string }): boolean {
  const url = addressAt(hostOf(TopicArn), SubscribeURL);
  const asked = url?.searchParams;
  return url?.pathname === "/" && asked?.get("Action") === "ConfirmSubscription" && asked.get("TopicArn") === TopicArn;
}

function isSigned(message: SnsMessage, { publicKey }: X509Certificate): boolean {
  if (publicKey.asymmetricKeyType !== "rsa") return false;
  // A topic has version 1 unless its owner chose the other: SHA-1 is what SNS signs with, not our wish.
  const algorithm = message.SignatureVersion === "1" ? "sha1" : "sha256";
  return verify(algorithm, Buffer.from(signedText(message)), publicKey, Buffer.from(message.Signature, "base64"));
}

/** Names and values of what is signed, in byte order of their names, each on a line of its own. */
export function signedText(message: SnsMessage): string {
  const { Message, MessageId, Timestamp, TopicArn, Type } = message;
  const lines =
    message.Type === "Notification"
      ? { Message, MessageId, ...(message.Subject != null && { Subject: message.Subject }), Timestamp, TopicArn, Type }
      : { Message, MessageId, SubscribeURL: message.SubscribeURL, Timestamp, Token: message.Token, TopicArn, Type };
  return Object.entries(lines)
    .map(([name, value]) => `${name}\n${value}\n`)
    .join("");
}

/** Certificates by their address, fetched once. That they are Amazon's is said by the host, asked over https. */
function openCertificates(fetch: Pick<Fetch, "get">) {
  const kept = new Map<string, Promise<X509Certificate | null>>();
  let asked: number[] = [];

  return {
    /** @returns null when there is no certificate, or it is not valid at that time */
    async of(address: string, now: Date): Promise<X509Certificate | null> {
      const fetched = kept.get(address) ?? fetchOnce(address, now.getTime());
      const certificate = await fetched;
      const isValid =
        certificate !== null &&
        Date.parse(certificate.validFrom) <= now.getTime() &&
        now.getTime() <= Date.parse(certificate.validTo);
      return isValid ? certificate : null;
    },
  };

  function fetchOnce(address: string, now: number): Promise<X509Certificate | null> {
    asked = asked.filter((at) => Math.abs(now - at) < 60_000);
    // Whoever knows the topic could have us ask Amazon for one invented file after the other.
    if (asked.length >= CERTIFICATES_A_MINUTE)
      throw new Temporary("Too many certificates of SNS were asked for in this minute.");
    asked.push(now);
    const fetching = fetchCertificate(address);
    kept.set(address, fetching);
    if (kept.size > CERTIFICATES_KEPT) kept.delete(kept.keys().next().value!);
    const forget = () => void (kept.get(address) === fetching && kept.delete(address));
    // What failed may work the next time; the caller is told of it too.
    fetching.then((certificate) => certificate === null && forget(), forget);
    return fetching;
  }

  async function fetchCertificate(address: string): Promise<X509Certificate | null> {
    try {
      const { body, url } = await fetch.get(address, FETCHED);
      // Led elsewhere, it is no longer Amazon's host that says it is Amazon's.
      return url === address ? new X509Certificate(body) : null;
    } catch (fault) {
      if (fault instanceof Temporary) throw fault;
      if (fault instanceof Permanent || isNoCertificate(fault)) return null;
      throw fault;
    }
  }
}

/** OpenSSL's way to say so. */
function isNoCertificate(error: unknown): boolean {
  return /^ERR_(OSSL|CRYPTO)/.test(String((error as { code?: unknown }).code));
}
