/** Every setting there is: what it may be, and what it is when nobody sets it. */
import { z } from "zod";
import { LOWEST_RATE, parseDomainRates, parseRamp, parseRate } from "./core/pace.ts";
import { parseLogin, parseTopics, parseVerificationKey } from "./core/webhooks.ts";
import { domain, isProxies, isWithoutLogin, list, origin, parsed, setting, url, whole } from "./setting-kinds.ts";

/** `SOURCES` knows these. */
const SOURCES = ["hugging-face", "arxiv", "arxiv-feed", "arxiv-oai", "feed", "github"] as const;
export type SourceName = (typeof SOURCES)[number];

/** `PROOF_OF_WORK` knows these. */
const PROOFS = ["off", "pressure", "always"] as const;

/** `OTEL_TRACES_SAMPLER` knows these, as OpenTelemetry names them. */
const SAMPLERS = [
  ...(["always_on", "always_off", "traceidratio"] as const),
  ...(["parentbased_always_on", "parentbased_always_off", "parentbased_traceidratio"] as const),
];

export const settings = z.object({
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
  API_TOKEN: setting(
    z
      .string()
      .regex(/^[!-~]{16,}$/, "is not 16 letters or more without spaces. Write the output of: openssl rand -hex 32")
      .optional(),
  ),
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
  FEED_URLS: setting(
    z.preprocess(list, z.array(url(/^https?:$/, "https://example.org/feed.xml", isWithoutLogin))).default([]),
  ),
  GITHUB_URL: setting(origin("https://api.github.com").default("https://api.github.com")),
  GITHUB_TOKEN: setting(
    z
      .string()
      .regex(/^[!-~]{8,}$/, "is not a token of GitHub's. Write it as GitHub shows it, github_pat_…")
      .optional(),
  ),
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

  ALERT_TO: setting(
    z
      .preprocess(
        list,
        z.array(
          z.string().regex(/^[\w.!#$%&'*+/=?^`{|}~-]+@[A-Za-z0-9.-]+$/, "names no mail address. Write ops@example.org"),
        ),
      )
      .default([]),
  ),
  HEARTBEAT_URL: setting(url(/^https?:$/, "https://hc-ping.com/your-uuid", isWithoutLogin).optional()),
  LOG_LEVEL: setting(
    z
      .enum(
        ["trace", "debug", "info", "warn", "error", "silent"],
        "is not a level. Write one of trace, debug, info, warn, error, silent",
      )
      .default("info"),
  ),
  METRICS_PORT: setting(whole(1, 65535).optional()),
  OTEL_EXPORTER_OTLP_ENDPOINT: setting(url(/^https?:$/, "http://localhost:4318").optional()),
  OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: setting(url(/^https?:$/, "http://localhost:4318/v1/traces").optional()),
  OTEL_EXPORTER_OTLP_HEADERS: setting(z.string().optional()),
  OTEL_SERVICE_NAME: setting(z.string().default("paperboy")),
  OTEL_TRACES_SAMPLER: setting(
    z
      .enum(SAMPLERS, `is not one of ${SAMPLERS.join(", ")}. Write OTEL_TRACES_SAMPLER=parentbased_traceidratio`)
      .optional(),
  ),
  OTEL_TRACES_SAMPLER_ARG: setting(
    z
      .string()
      .regex(/^(0|1|0?\.\d+|1\.0+)$/, "is not a share of all. Write 0.1")
      .optional(),
  ),
  OTEL_SDK_DISABLED: setting(z.enum(["true", "false"], "is neither true nor false").default("false")),
  RETENTION_DAYS: setting(whole(15, 3650).default(90)),
});

export type Settings = z.infer<typeof settings>;
