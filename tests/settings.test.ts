import { describe, expect, test } from "vitest";
import { readConfig } from "../src/config.ts";
import { complaints } from "./support/complaints.ts";

describe("a wrong setting stops the start, with its name, its value and what to write", () => {
  const stories: [setting: string, value: string, sentence: string][] = [
    [
      "DATABASE_URL",
      "mysql://db/paperboy",
      'DATABASE_URL is not such a URL: "mysql://db/paperboy". Write postgresql://user:password@host:5432/paperboy',
    ],
    [
      "SMTP_URL",
      "smtp.example.org:me:hunter2",
      'SMTP_URL is not such a URL: "smtp.example.org:…". Write smtps://user:password@smtp.example.org',
    ],
    ["REDIS_URL", "redis:6379", 'REDIS_URL is not such a URL: "redis:6379". Write redis://host:6379'],
    [
      "SMTP_URL",
      "smtp.example.org",
      'SMTP_URL is not such a URL: "smtp.example.org". Write smtps://user:password@smtp.example.org',
    ],
    ["PUBLIC_URL", "example.org", 'PUBLIC_URL is not such a URL: "example.org". Write https://paperboy.example.org'],
    [
      "PUBLIC_URL",
      "https://example.org/?page=1",
      'PUBLIC_URL is not such a URL: "https://example.org/?page=1". Write https://paperboy.example.org',
    ],
    [
      "PREVIOUS_PUBLIC_URLS",
      "https://a.example,b.example",
      'PREVIOUS_PUBLIC_URLS is not such a URL: "https://a.example,b.example". Write https://old.example.org',
    ],
    ["PORT", "70000", 'PORT is not a whole number from 0 to 65535: "70000"'],
    ["CATCHER_PORT", "http", 'CATCHER_PORT is not a whole number from 0 to 65535: "http"'],
    [
      "TRUST_PROXY",
      "face",
      'TRUST_PROXY is neither a number of proxies nor a list of their addresses: "face". Write 1 or 10.0.0.0/8',
    ],
    [
      "WEBHOOK_SES",
      "arn:aws:sqs:eu-west-1:123456789012:bounces",
      'WEBHOOK_SES is not a list of SNS topics: "arn:aws:sqs:eu-west-1:123456789012:bounces". Write arn:aws:sns:eu-west-1:123456789012:bounces',
    ],
    [
      "WEBHOOK_POSTMARK",
      "paperboy:short",
      'WEBHOOK_POSTMARK is not a user, a colon and a password of 8 letters or more: "…". Write paperboy:a-long-password',
    ],
    [
      "WEBHOOK_SENDGRID",
      "MFkwEwYHKoZIzj0CAQ",
      'WEBHOOK_SENDGRID is not the verification key of a signed event webhook: "…". Write it as SendGrid shows it, MFkwEwYHKoZIzj0CAQ…',
    ],
    [
      "WEBHOOK_MAILGUN",
      "short",
      'WEBHOOK_MAILGUN is not a webhook signing key: "…". Write it as Mailgun shows it, 32 letters and digits',
    ],
    [
      "API_TOKEN",
      "fifteen-letters",
      'API_TOKEN is not 16 letters or more without spaces: "…". Write the output of: openssl rand -hex 32',
    ],
    [
      "RAW_INTAKE_TOKEN",
      "with a space",
      'RAW_INTAKE_TOKEN is not 8 letters or more without spaces: "…". Write the output of: openssl rand -hex 32',
    ],
    ["SMTP_CONNECTIONS", "2.5", 'SMTP_CONNECTIONS is not a whole number from 1 to 500: "2.5"'],
    ["SEND_RATE", "0", 'SEND_RATE is not a number of mails a second from 0.01 to 100000: "0". Write 14'],
    ["SEND_RATE", "14/s", 'SEND_RATE is not a number of mails a second from 0.01 to 100000: "14/s". Write 14'],
    [
      "DOMAIN_RATE",
      "gmail.com:20",
      'DOMAIN_RATE is neither a number of mails a second nor a list of them by domain: "gmail.com:20". Write gmail.com=20,outlook.com=5,*=50',
    ],
    ["SEND_RAMP", "500", 'SEND_RAMP is not a first day and its number of mails: "500". Write 2026-12-01:500'],
    [
      "SEND_ONLY_TO",
      "example.org",
      'SEND_ONLY_TO names no mail address: "example.org". Write me@example.org,@test.example.org',
    ],
    ["DKIM_DOMAIN", "@example.org", 'DKIM_DOMAIN is not a domain: "@example.org". Write example.org'],
    ["DKIM_DOMAIN", "https://example.org/", 'DKIM_DOMAIN is not a domain: "https://example.org/". Write example.org'],
    ["DKIM_DOMAIN", "org", 'DKIM_DOMAIN is not a domain: "org". Write example.org'],
    ["BOUNCE_DOMAIN", "bounce", 'BOUNCE_DOMAIN is not a domain: "bounce". Write example.org'],
    ["BOUNCE_SMTP_PORT", "smtp", 'BOUNCE_SMTP_PORT is not a whole number from 1 to 65535: "smtp"'],
    [
      "SOURCES",
      "arxiv,reddit",
      'SOURCES knows only hugging-face, arxiv, arxiv-feed, arxiv-oai, feed, github: "arxiv,reddit". Write SOURCES=hugging-face,arxiv',
    ],
    [
      "FEED_URLS",
      "example.org/feed",
      'FEED_URLS is not such a URL: "example.org/feed". Write https://example.org/feed.xml',
    ],
    [
      "FEED_URLS",
      "https://user:hunter2@example.org/feed",
      'FEED_URLS is not such a URL: "https://…@example.org/feed". Write https://example.org/feed.xml',
    ],
    [
      "GITHUB_TOKEN",
      "my token",
      'GITHUB_TOKEN is not a token of GitHub\'s: "…". Write it as GitHub shows it, github_pat_…',
    ],
    ["ARXIV_CATEGORIES", "cs.CL;cs.LG", 'ARXIV_CATEGORIES is not an arXiv category: "cs.CL;cs.LG". Write cs.CL'],
    [
      "HUGGING_FACE_URL",
      "ftp://hf.example",
      'HUGGING_FACE_URL is not such a URL: "ftp://hf.example". Write https://huggingface.co',
    ],
    [
      "ARXIV_URL",
      "export.arxiv.org",
      'ARXIV_URL is not such a URL: "export.arxiv.org". Write https://export.arxiv.org',
    ],
    ["EDITION_CLOSES_AT", "24:00", 'EDITION_CLOSES_AT is not a time of day: "24:00". Write 01:00 (UTC)'],
    [
      "SUPPRESSION_KEY",
      "short",
      'SUPPRESSION_KEY is shorter than 16 letters: "…". Write the output of: openssl rand -hex 32',
    ],
    ["ALERT_TO", "ops", 'ALERT_TO names no mail address: "ops". Write ops@example.org'],
    [
      "ALERT_TO",
      "ops@example.org,Ops <ops@example.org>",
      'ALERT_TO names no mail address: "ops@example.org,Ops <ops@example.org>". Write ops@example.org',
    ],
    ["HEARTBEAT_URL", "hc-ping.com/uuid", 'HEARTBEAT_URL is not such a URL: "…". Write https://hc-ping.com/your-uuid'],
    ["LOG_LEVEL", "loud", 'LOG_LEVEL is not a level: "loud". Write one of trace, debug, info, warn, error, silent'],
    ["RETENTION_DAYS", "7", 'RETENTION_DAYS is not a whole number from 15 to 3650: "7"'],
  ];
  test.each(stories)("%s=%s", (field, value, message) => {
    expect(complaints({ [field]: value })).toEqual([{ field, message }]);
  });

  test("an address too long for a mail's foot", () => {
    const [problem] = complaints({ POSTAL_ADDRESS: "x".repeat(301) });
    expect(problem!.message).toMatch(/^POSTAL_ADDRESS is longer than 300 letters: "x{301}"\. Write a shorter one$/);
  });

  test("several at once are all named, a line each", () => {
    expect(() => readConfig({ PORT: "x", LOG_LEVEL: "loud" })).toThrow(
      'PORT is not a whole number from 0 to 65535: "x"\n' +
        'LOG_LEVEL is not a level: "loud". Write one of trace, debug, info, warn, error, silent',
    );
  });
});

describe("no secret is shown, however the setting around it is broken", () => {
  const secret = "hunter2";
  const stories: [string, string][] = [
    ["SMTP_URL", `user:${secret}@smtp.example.org`],
    ["SMTP_URL", `smtps://user:${secret}/x@smtp.example.org`],
    ["SMTP_URL", `smtp://a:${secret}@one.example,smpt://b:${secret}@two.example`],
    ["DATABASE_URL", `mysql://root:${secret}@db/paperboy`],
    ["DATABASE_URL", `mysql://db/paperboy?user=a&password=${secret}`],
    ["REDIS_URL", `http://:${secret}@redis`],
    ["PUBLIC_URL", `https://me:${secret}@example.org`],
    ["HEARTBEAT_URL", `hc-ping.com/${secret}`],
    ["SUPPRESSION_KEY", secret],
  ];
  test.each(stories)("%s=%s", (field, value) => {
    const [problem, ...more] = complaints({ [field]: value });
    expect(more).toEqual([]);
    expect(problem!.message).toContain("…");
    expect(problem!.message).not.toContain(secret);
  });
});

test("a PROOF_OF_WORK that is none is named with what to write", () => {
  expect(() => readConfig({ PROOF_OF_WORK: "on" })).toThrow(
    'PROOF_OF_WORK is not one of off, pressure, always: "on". Write PROOF_OF_WORK=pressure',
  );
});
