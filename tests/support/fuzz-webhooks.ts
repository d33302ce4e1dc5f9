/** Posts as nobody would write them, for what reads webhooks: nothing may throw, take long, or pass for authentic. */
import fc from "fast-check";
import { Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import { openProviders, translators } from "../../src/mail/providers/open.ts";
import type { ProviderName, Translated } from "../../src/mail/providers/provider.ts";
import { at } from "./time.ts";
import {
  aMailgunEvent,
  anSns,
  aPostmarkBounce,
  aSendgrid,
  aSendgridEvent,
  aSesBounce,
  MAILGUN_KEY,
  mailgunPost,
  POSTMARK_LOGIN,
  type Post,
  postmarkPost,
  TOPIC,
} from "./webhooks.ts";

const NOW = at("2026-04-16T09:00Z");
const KINDS = ["failed", "delayed", "complaint", "unsubscribed", "nothing", "unreadable"];

export interface Fuzzed {
  /** What was wrong with what came of it; empty when nothing was. */
  readonly wrong: readonly string[];
  /** Milliseconds of CPU a case took, the slowest of a thousand left out. */
  readonly p999Ms: number;
}

/** @param runs cases for each provider */
export async function fuzzWebhooks(name: ProviderName, runs: number): Promise<Fuzzed> {
  const sns = anSns();
  const sendgrid = aSendgrid();
  const settings = { ses: [TOPIC], postmark: POSTMARK_LOGIN, sendgrid: sendgrid.publicKey, mailgun: MAILGUN_KEY };
  const log = openLog({ level: "silent", pretty: false });
  const provider = openProviders(settings, { fetch: sns.fetch, log })[name]!;
  const genuine: Record<ProviderName, Post> = {
    ses: sns.notification(aSesBounce()),
    postmark: postmarkPost(aPostmarkBounce()),
    sendgrid: sendgrid.post([aSendgridEvent("bounce", { type: "bounce" }), aSendgridEvent("deferred")]),
    mailgun: mailgunPost(aMailgunEvent("failed", { severity: "permanent", "delivery-status": { message: "5.1.1" } })),
  };
  const wrong: string[] = [];
  const tookMs: number[] = [];

  await fc.assert(
    fc.asyncProperty(postsLike(genuine[name], name), async ({ rawBody, headers }) => {
      const begun = process.cpuUsage();
      const judged = await provider.authentic({ headers, rawBody, now: NOW }).catch((fault: unknown) => {
        // Every invented address of a certificate is asked for, until there were too many.
        if (fault instanceof Temporary && name === "ses") return { ok: false } as const;
        throw fault;
      });
      const translated = translators[name](rawBody);
      const { user, system } = process.cpuUsage(begun);
      tookMs.push((user + system) / 1_000);
      // Mailgun signs no body, and Postmark nothing: theirs may be changed by whoever has the signature or the password.
      if (judged.ok && (name === "ses" || name === "sendgrid") && !rawBody.equals(genuine[name].rawBody))
        if (!isSameMessage(rawBody, genuine[name].rawBody)) wrong.push(`believed: ${rawBody.toString()}`);
      for (const event of translated) wrong.push(...flawsOf(event));
    }),
    { numRuns: runs },
  );
  tookMs.sort((a, b) => a - b);
  return { wrong: wrong.slice(0, 10), p999Ms: tookMs[Math.ceil(tookMs.length * 0.999) - 1]! };
}

/** Of the fields that SNS signs; the others may be any. */
function isSameMessage(a: Buffer, b: Buffer): boolean {
  const signed = ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"];
  const [one, other] = [a, b].map((raw) => JSON.parse(raw.toString()) as Record<string, unknown>);
  return signed.every((field) => (one![field] ?? null) === (other![field] ?? null));
}

function flawsOf({ report, eventId, at: when }: Translated): string[] {
  const { kind, status, text, keys } = report;
  const all = [...keys.returnAddresses, ...keys.serverIds, ...keys.messageIds];
  const flaws = [
    !KINDS.includes(kind) && `kind ${kind}`,
    status !== null && !/^[245]\.\d{1,3}\.\d{1,3}$/.test(status) && `status ${status}`,
    (/\p{Cc}/u.test(text) || text.length > 1_000) && `text ${text}`,
    !/^[!-~]{1,300}$/.test(eventId) && `event ${eventId}`,
    when !== null && Number.isNaN(when.getTime()) && "no time",
    all.some((key) => key === "" || key.length > 400 || /[\p{C}\p{Z}]/u.test(key)) && `keys ${JSON.stringify(keys)}`,
  ];
  return flaws.filter((flaw): flaw is string => flaw !== false);
}

/** Bytes of any kind, JSON of any shape, and what is genuine with a field or a byte of it replaced. */
function postsLike(genuine: Post, name: ProviderName): fc.Arbitrary<Post> {
  const json = fc.oneof(fc.jsonValue(), fc.string({ unit: "binary", maxLength: 300 }), odd);
  const replaced = fc.tuple(fc.nat(), json).map(([which, value]) => withField(genuine.rawBody, which, value, name));
  const flipped = fc.tuple(fc.nat(), fc.nat(255)).map(([which, byte]) => {
    const bytes = Buffer.from(genuine.rawBody);
    bytes[which % bytes.length] = byte;
    return bytes;
  });
  const bodies = fc.oneof(
    { weight: 1, arbitrary: fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes)) },
    { weight: 1, arbitrary: json.map((value) => Buffer.from(JSON.stringify(value) ?? "")) },
    { weight: 4, arbitrary: replaced },
    { weight: 2, arbitrary: flipped },
  );
  const headers = fc.oneof(
    fc.constant(genuine.headers),
    fc.dictionary(fc.constantFrom(...Object.keys(genuine.headers), "authorization"), fc.string({ maxLength: 100 })),
  );
  return fc.record({ rawBody: bodies, headers });
}

const odd = fc.constantFrom<unknown>(
  null,
  -1,
  1e308,
  "constructor",
  "__proto__",
  [],
  [[[]]],
  { return: { return: [] } },
  "\u0000\ud800",
  "5.".repeat(5_000),
  "<".repeat(50_000),
  ` ${" ".repeat(50_000)}x`,
  "return=".repeat(10_000),
);

/** With the value of its `which`-th field, however deep, replaced. */
function withField(raw: Buffer, which: number, value: unknown, name: ProviderName): Buffer {
  const root: unknown = JSON.parse(raw.toString());
  const inside = name === "ses" && which % 2 === 0 ? (root as { Message: string }) : null;
  const target: unknown = inside ? JSON.parse(inside.Message) : root;
  const places: [object: Record<string, unknown>, field: string][] = [];
  const visit = (each: unknown) => {
    if (typeof each !== "object" || each === null) return;
    for (const field of Object.keys(each)) {
      places.push([each as Record<string, unknown>, field]);
      visit((each as Record<string, unknown>)[field]);
    }
  };
  visit(target);
  const [object, field] = places[(which >> 1) % places.length]!;
  object[field] = value;
  if (inside) inside.Message = JSON.stringify(target);
  return Buffer.from(JSON.stringify(root));
}
