/** process.env → one frozen, validated Config. The only reader of process.env. */
import type { z } from "zod";
import { isLoopbackHost } from "./core/loopback.ts";
import { isMistyped } from "./core/mistyped-name.ts";
import { Invalid, type Problem } from "./errors.ts";
import { type Settings, settings } from "./settings.ts";

const PUBLIC_SOURCES: readonly string[] = [
  "https://huggingface.co",
  "https://export.arxiv.org",
  "https://api.github.com",
];

/** The names of all settings; .env.example and README.md have the same. */
export const SETTINGS: readonly string[] = Object.keys(settings.shape);

/** Names that are nearly a setting's: what was meant there is not read, and nothing else would tell. */
export function nearNames(env: Readonly<Record<string, string | undefined>>): { name: string; meant: string }[] {
  return Object.keys(env).flatMap((name) => {
    const meant = SETTINGS.includes(name)
      ? undefined
      : SETTINGS.find((setting) => isMistyped(name.toUpperCase(), setting));
    return meant === undefined ? [] : [{ name, meant }];
  });
}

/** All settings, with names as the code speaks them. */
export type Config = ReturnType<typeof toConfig>;

/**
 * @param env usually `process.env`; unknown names are left alone
 * @throws {Invalid} naming every wrong setting, its value (secrets aside) and what to write instead
 */
export function readConfig(env: Readonly<Record<string, string | undefined>>): Config {
  const result = settings.safeParse(env);
  const problems: Problem[] = result.success
    ? inconsistencies(result.data)
    : result.error.issues.map((issue) => toProblem(issue, env));
  if (problems.length > 0) throw new Invalid(problems.map((p) => p.message).join("\n"), problems);
  return toConfig(result.data!);
}

function toConfig(s: Settings) {
  const port = s.PORT;
  const config = {
    databaseUrl: s.DATABASE_URL === undefined ? null : withPlainSslMode(s.DATABASE_URL),
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
    apiToken: s.API_TOKEN ?? null,
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
    feedUrls: [...new Set(s.FEED_URLS)],
    gitHubUrl: s.GITHUB_URL,
    gitHubToken: s.GITHUB_TOKEN ?? null,
    /** Origins a setting names in place of the public ones: only these may lead to a private address. */
    privateOrigins: [
      s.HUGGING_FACE_URL,
      s.ARXIV_URL,
      s.GITHUB_URL,
      ...[...s.FEED_URLS, ...(s.HEARTBEAT_URL ? [s.HEARTBEAT_URL] : [])].map((url) => new URL(url).origin),
    ].filter((origin) => !PUBLIC_SOURCES.includes(origin)),
    editionClosesAt: s.EDITION_CLOSES_AT,
    topicsFile: s.TOPICS_FILE ?? null,
    secretKeys: s.SECRET_KEYS ?? null,
    suppressionKey: s.SUPPRESSION_KEY ?? null,
    /** The operator's addresses, each once. */
    alertTo: [...new Set(s.ALERT_TO)],
    heartbeatUrl: s.HEARTBEAT_URL ?? null,
    logLevel: s.LOG_LEVEL,
    /** Where a worker tells its metrics; null: nowhere. */
    metricsPort: s.METRICS_PORT ?? null,
    /** What we are called where traces go; null: no setting says where, or one says not to. */
    tracedAs:
      (s.OTEL_EXPORTER_OTLP_ENDPOINT ?? s.OTEL_EXPORTER_OTLP_TRACES_ENDPOINT) && s.OTEL_SDK_DISABLED === "false"
        ? s.OTEL_SERVICE_NAME
        : null,
    retentionDays: s.RETENTION_DAYS,
  };
  for (const value of Object.values(config)) Object.freeze(value);
  return Object.freeze(config);
}

/** To the driver these modes are verify-full by other names, and it says so at length in every process. */
function withPlainSslMode(databaseUrl: string): string {
  if (databaseUrl.includes("uselibpqcompat")) return databaseUrl;
  return databaseUrl.replace(/([?&]sslmode=)(?:prefer|require|verify-ca)(?=&|$)/, "$1verify-full");
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
  if (s.SOURCES.includes("feed") && s.FEED_URLS.length === 0)
    say("FEED_URLS", "FEED_URLS is not set, but SOURCES names feed. Write FEED_URLS=https://example.org/feed.xml");
  if (s.FEED_URLS.length > 0 && !s.SOURCES.includes("feed"))
    say(
      "SOURCES",
      `SOURCES does not name feed, so FEED_URLS is not read. Write SOURCES=${[...s.SOURCES, "feed"].join(",")}`,
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
  // Whoever knows the path of a heartbeat's address can send one.
  if (/KEY|PASSWORD|TOKEN|HEADERS|HEARTBEAT|WEBHOOK_(?!SES)/.test(field)) return "…";
  if (!/_URLS?$|_ENDPOINT$/.test(field)) return value;
  return value
    .replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/is, "$1…@")
    .replace(/(pass(?:word)?=)[^&,\s]*/gi, "$1…")
    .replace(/^([^:/@]+):(?!\d+$|\/\/).*$/s, "$1:…"); // no scheme, no @, and more than a port behind the colon
}
