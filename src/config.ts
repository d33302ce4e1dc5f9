/** process.env → one frozen, validated Config. The only reader of process.env. */
import { isIP } from "node:net";
import { domainToASCII } from "node:url";
import { z } from "zod";
import { isLoopbackHost } from "./core/loopback.ts";
import { LOWEST_RATE, parseDomainRates, parseRamp, parseRate } from "./core/pace.ts";
import { parseLogin, parseTopics, parseVerificationKey } from "./core/webhooks.ts";
import { Invalid, type Problem } from "./errors.ts";

/** `SOURCES` knows these. */
const SOURCES = ["hugging-face", "arxiv", "arxiv-feed", "arxiv-oai"] as const;
export type SourceName = (typeof SOURCES)[number];

/** `PROOF_OF_WORK` knows these. */
const PROOFS = ["off", "pressure", "always"] as const;

const PUBLIC_SOURCES: readonly string[] = ["https://huggingface.co", "https://export.arxiv.org"];

const unset = (value: unknown) => (typeof value === "string" && value.trim() === "" ? undefined : value);
const setting = <T extends z.ZodType>(schema: T) => z.preprocess(unset, schema);
const list = (value: unknown) =>
  typeof value === "string"
    ? value
        .split(",")
        .map((part) => part.trim())
        .filter(Boolean)
    : value;

const url = (protocols: RegExp, write: string, isFine: (url: URL) => boolean = ({ hostname }) => hostname !== "") =>
  z.string().refine(
    (text) => {
      if (!URL.canParse(text)) return false;
      const parsed = new URL(text);
      return protocols.test(parsed.protocol) && isFine(parsed);
    },
    { message: `is not such a URL. Write ${write}` },
  );
const whole = (min: number, max: number) => {
  const message = `is not a whole number from ${min} to ${max}`;
  return z.coerce.number(message).int(message).min(min, message).max(max, message);
};

/** Text that `parse` makes something of. */
const parsed = <T>(parse: (text: string) => T | null, message: string) =>
  z.string().transform((text, context) => {
    const value = parse(text);
    if (value !== null) return value;
    context.addIssue(message);
    return z.NEVER;
  });

/** Paths are put behind it, so it ends before any query; and it stands in mails, so it holds no password. */
const origin = (write: string) =>
  url(
    /^https?:$/,
    write,
    ({ search, hash, username, password }) => !(search || hash || username || password),
  ).transform((text) => text.replace(/[/?#]+$/, ""));
/** In A-labels, as DNS and headers have it. */
const domain = z
  .string()
  .transform((text) => (/[/?#\\]/.test(text) ? "" : domainToASCII(text.trim())))
  .refine((name) => /^[a-z\d-]+(\.[a-z\d-]+)+$/.test(name), "is not a domain. Write example.org");
const isProxies = (text: string) =>
  /^\d{1,3}$/.test(text) ||
  text.split(",").every((part) => {
    const [address = "", bits, ...more] = part.trim().split("/");
    const isRange = more.length === 0 && (bits === undefined || /^\d{1,3}$/.test(bits)) && isIP(address) > 0;
    return isRange || ["loopback", "linklocal", "uniquelocal"].includes(part.trim());
  });

const schema = z.object({
  DATABASE_URL: setting(
    url(/^postgres(ql)?:$/, "postgresql://user:password@host:5432/paperboy", () => true).optional(),
  ),
  REDIS_URL: setting(url(/^rediss?:$/, "redis://host:6379").optional()),
  SMTP_URL: setting(
    z.preprocess(list, z.array(url(/^smtps?:$/, "smtps://user:password@smtp.example.org")).min(1)).optional(),
  ),
  DATA_DIR: setting(z.string().default(".paperboy")),

  PUBLIC_URL: setting(origin("https://paperboy.example.org").optional()),
  PREVIOUS_PUBLIC_URLS: setting(z.preprocess(list, z.array(origin("https://old.example.org"))).default([])),
  PORT: setting(whole(0, 65535).default(3000)),
  CATCHER_PORT: setting(whole(0, 65535).default(1080)),
  TRUST_PROXY: setting(
    z
      .string()
      .refine(isProxies, "is neither a number of proxies nor a list of their addresses. Write 1 or 10.0.0.0/8")
      .default("0"),
  ),
  ADMIN_PASSWORD: setting(z.string().optional()),
  PROOF_OF_WORK: setting(
    z.enum(PROOFS, `is not one of ${PROOFS.join(", ")}. Write PROOF_OF_WORK=pressure`).default("pressure"),
  ),
  REFUSE_DISPOSABLE: setting(z.string().optional()),

  MAIL_FROM: setting(z.string().default("Paperboy <paperboy@localhost.localdomain>")),
  CONFIRM_FROM: setting(z.string().optional()),
  POSTAL_ADDRESS: setting(z.string().max(300, "is longer than 300 letters. Write a shorter one").optional()),
  SMTP_CONNECTIONS: setting(whole(1, 500).default(10)),
  SEND_RATE: setting(
    parsed(parseRate, `is not a number of mails a second from ${LOWEST_RATE} to 100000. Write 14`).optional(),
  ),
  DOMAIN_RATE: setting(
    parsed(
      parseDomainRates,
      "is neither a number of mails a second nor a list of them by domain. Write gmail.com=20,outlook.com=5,*=50",
    ).optional(),
  ),
  SEND_RAMP: setting(parsed(parseRamp, "is not a first day and its number of mails. Write 2026-12-01:500").optional()),
  SEND_ONLY_TO: setting(
    z
      .preprocess(
        list,
        z.array(z.string().regex(/^[^@\s]*@[^@\s]+$/, "names no mail address. Write me@example.org,@test.example.org")),
      )
      .optional(),
  ),
  DKIM_DOMAIN: setting(domain.optional()),
  DKIM_KEYS: setting(z.string().optional()),
  BOUNCE_DOMAIN: setting(domain.optional()),
  BOUNCE_SMTP_PORT: setting(whole(1, 65535).optional()),
  RAW_INTAKE_TOKEN: setting(
    z
      .string()
      .regex(/^[!-~]{8,}$/, "is not 8 letters or more without spaces. Write the output of: openssl rand -hex 32")
      .optional(),
  ),
  WEBHOOK_SES: setting(
    parsed(parseTopics, "is not a list of SNS topics. Write arn:aws:sns:eu-west-1:123456789012:bounces").optional(),
  ),
  WEBHOOK_POSTMARK: setting(
    parsed(
      parseLogin,
      "is not a user, a colon and a password of 8 letters or more. Write paperboy:a-long-password",
    ).optional(),
  ),
  WEBHOOK_SENDGRID: setting(
    parsed(
      parseVerificationKey,
      "is not the verification key of a signed event webhook. Write it as SendGrid shows it, MFkwEwYHKoZIzj0CAQ…",
    ).optional(),
  ),
  WEBHOOK_MAILGUN: setting(
    z
      .string()
      .regex(/^[!-~]{8,}$/, "is not a webhook signing key. Write it as Mailgun shows it, 32 letters and digits")
      .optional(),
  ),

  SOURCES: setting(
    z
      .preprocess(list, z.array(z.enum(SOURCES, `knows only ${SOURCES.join(", ")}. Write SOURCES=hugging-face,arxiv`)))
      .default(["hugging-face", "arxiv"]),
  ),
  ARXIV_CATEGORIES: setting(
    z
      .preprocess(
        list,
        z.array(z.string().regex(/^[a-z-]+(\.[A-Za-z-]{2,})?$/, "is not an arXiv category. Write cs.CL")),
      )
      .default(["cs.AI", "cs.CL", "cs.CV", "cs.LG"]),
  ),
  HUGGING_FACE_URL: setting(origin("https://huggingface.co").default("https://huggingface.co")),
  ARXIV_URL: setting(origin("https://export.arxiv.org").default("https://export.arxiv.org")),
  EDITION_CLOSES_AT: setting(
    z
      .string()
      .regex(/^([01]\d|2[0-3]):[0-5]\d$/, "is not a time of day. Write 01:00 (UTC)")
      .default("01:00"),
  ),
  TOPICS_FILE: setting(z.string().optional()),

  SECRET_KEYS: setting(z.string().optional()),
  SUPPRESSION_KEY: setting(
    z.string().min(16, "is shorter than 16 letters. Write the output of: openssl rand -hex 32").optional(),
  ),

  LOG_LEVEL: setting(
    z
      .enum(
        ["trace", "debug", "info", "warn", "error", "silent"],
        "is not a level. Write one of trace, debug, info, warn, error, silent",
      )
      .default("info"),
  ),
  RETENTION_DAYS: setting(whole(15, 3650).default(90)),
});

type Settings = z.infer<typeof schema>;

/** The names of all settings; .env.example and README.md have the same. */
export const SETTINGS: readonly string[] = Object.keys(schema.shape);

/** All settings, with names as the code speaks them. */
export type Config = ReturnType<typeof toConfig>;

/**
 * @param env usually `process.env`; unknown names are left alone
 * @throws {Invalid} naming every wrong setting, its value (secrets aside) and what to write instead
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const result = schema.safeParse(env);
  const problems: Problem[] = result.success
    ? inconsistencies(result.data)
    : result.error.issues.map((issue) => toProblem(issue, env));
  if (problems.length > 0) throw new Invalid(problems.map((p) => p.message).join("\n"), problems);
  return toConfig(result.data!);
}

function toConfig(s: Settings) {
  const port = s.PORT;
  const config = {
    databaseUrl: s.DATABASE_URL ?? null,
    redisUrl: s.REDIS_URL ?? null,
    smtpUrls: s.SMTP_URL ?? null,
    dataDir: s.DATA_DIR,
    /** Null: `http://localhost:<the port we got>`. */
    publicUrl: s.PUBLIC_URL ?? null,
    previousPublicUrls: s.PREVIOUS_PUBLIC_URLS,
    port,
    catcherPort: s.CATCHER_PORT,
    /** As Express takes it: a number of proxies, or their addresses. */
    trustProxy: /^\d+$/.test(s.TRUST_PROXY) ? Number(s.TRUST_PROXY) : s.TRUST_PROXY,
    adminPassword: s.ADMIN_PASSWORD ?? null,
    proofOfWork: s.PROOF_OF_WORK,
    refuseDisposable: s.REFUSE_DISPOSABLE ?? null,
    mailFrom: s.MAIL_FROM,
    confirmFrom: s.CONFIRM_FROM ?? s.MAIL_FROM,
    postalAddress: s.POSTAL_ADDRESS ?? null,
    smtpConnections: s.SMTP_CONNECTIONS,
    sendRate: s.SEND_RATE ?? null,
    domainRates: s.DOMAIN_RATE ?? null,
    sendRamp: s.SEND_RAMP ?? null,
    sendOnlyTo: s.SEND_ONLY_TO ?? null,
    dkim: s.DKIM_DOMAIN && s.DKIM_KEYS ? { domain: s.DKIM_DOMAIN, keys: s.DKIM_KEYS } : null,
    /** Mail to it comes back to us; null: bounces go to the sender's own address. */
    bounceDomain: s.BOUNCE_DOMAIN ?? null,
    bounceSmtpPort: s.BOUNCE_SMTP_PORT ?? null,
    rawIntakeToken: s.RAW_INTAKE_TOKEN ?? null,
    /** What each provider that may report to us is known by. */
    webhooks: {
      ses: s.WEBHOOK_SES ?? null,
      postmark: s.WEBHOOK_POSTMARK ?? null,
      sendgrid: s.WEBHOOK_SENDGRID ?? null,
      mailgun: s.WEBHOOK_MAILGUN ?? null,
    },
    sources: s.SOURCES,
    arxivCategories: s.ARXIV_CATEGORIES,
    huggingFaceUrl: s.HUGGING_FACE_URL,
    arxivUrl: s.ARXIV_URL,
    /** Origins a setting names in place of the public ones: only these may lead to a private address. */
    privateOrigins: [s.HUGGING_FACE_URL, s.ARXIV_URL].filter((origin) => !PUBLIC_SOURCES.includes(origin)),
    editionClosesAt: s.EDITION_CLOSES_AT,
    topicsFile: s.TOPICS_FILE ?? null,
    secretKeys: s.SECRET_KEYS ?? null,
    suppressionKey: s.SUPPRESSION_KEY ?? null,
    logLevel: s.LOG_LEVEL,
    retentionDays: s.RETENTION_DAYS,
  };
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}

/** Where the world can try. */
const SHORTEST_PASSWORD = 12;

/** Settings that are each right and together wrong. */
function inconsistencies(s: Settings): Problem[] {
  const problems: Problem[] = [];
  const isPublic = s.PUBLIC_URL !== undefined && !isLoopback(s.PUBLIC_URL);
  const say = (field: string, message: string) => problems.push({ field, message });
  if (isPublic && !s.SMTP_URL)
    say(
      "SMTP_URL",
      `SMTP_URL is not set, but PUBLIC_URL is ${s.PUBLIC_URL}: readers out there get no mail from the local catcher. Write SMTP_URL=smtps://user:password@smtp.example.org`,
    );
  if (s.SMTP_URL?.some((server) => !isLoopback(server)) && !s.POSTAL_ADDRESS)
    say(
      "POSTAL_ADDRESS",
      'POSTAL_ADDRESS is not set: bulk mail must show one (CAN-SPAM, 15 U.S.C. 7704(a)(5)). Write POSTAL_ADDRESS="Street 1, 12345 Town, Country"',
    );
  if (isPublic && s.ADMIN_PASSWORD && s.ADMIN_PASSWORD.length < SHORTEST_PASSWORD)
    say(
      "ADMIN_PASSWORD",
      `ADMIN_PASSWORD is shorter than ${SHORTEST_PASSWORD} letters, and anybody can try at ${s.PUBLIC_URL}/admin. Write the output of: openssl rand -hex 16`,
    );
  const unsigned = "alone leaves mail unsigned. Write";
  if (s.DKIM_DOMAIN && !s.DKIM_KEYS) say("DKIM_KEYS", `DKIM_DOMAIN ${unsigned} DKIM_KEYS=s1:/etc/paperboy/dkim-s1.pem`);
  if (s.DKIM_KEYS && !s.DKIM_DOMAIN) say("DKIM_DOMAIN", `DKIM_KEYS ${unsigned} DKIM_DOMAIN=example.org`);
  if (s.BOUNCE_SMTP_PORT && !s.BOUNCE_DOMAIN)
    say(
      "BOUNCE_DOMAIN",
      `BOUNCE_DOMAIN is not set, but BOUNCE_SMTP_PORT is ${s.BOUNCE_SMTP_PORT}: nobody could write there. Write BOUNCE_DOMAIN=bounce.example.org`,
    );
  if (isPublic && s.DATABASE_URL && !s.SECRET_KEYS)
    say(
      "SECRET_KEYS",
      "SECRET_KEYS is not set, and keys made up by each machine would not open each other's links. Write SECRET_KEYS=1:$(openssl rand -hex 32)",
    );
  if (isPublic && s.DATABASE_URL && !s.SUPPRESSION_KEY)
    say(
      "SUPPRESSION_KEY",
      "SUPPRESSION_KEY is not set, and must be the same for ever. Write SUPPRESSION_KEY=$(openssl rand -hex 32)",
    );
  return problems;
}

/** Of a URL: does it name this machine? */
function isLoopback(text: string): boolean {
  return isLoopbackHost(new URL(text).hostname);
}

function toProblem(issue: z.core.$ZodIssue, env: Readonly<Record<string, string | undefined>>): Problem {
  const field = String(issue.path[0]);
  const [what, write] = issue.message.split(". Write ");
  const message = `${field} ${what}: "${shown(field, env[field] ?? "")}"`;
  return { field, message: write ? `${message}. Write ${write}` : message };
}

/** Secrets do not belong on a terminal or in a log, however the URL around them is broken. */
function shown(field: string, value: string): string {
  if (/KEY|PASSWORD|TOKEN|WEBHOOK_(?!SES)/.test(field)) return "…";
  if (!/_URLS?$/.test(field)) return value;
  return value.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@").replace(/(pass(?:word)?=)[^&,\s]*/gi, "$1…");
}
