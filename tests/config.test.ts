import { describe, expect, test } from "vitest";
import { nearNames, readConfig } from "../src/config.ts";
import { Invalid } from "../src/errors.ts";

type Env = Record<string, string>;

/** What the start says about these settings: nothing when it goes well. */
function complaints(env: Env): { field: string; message: string }[] {
  try {
    readConfig(env);
    return [];
  } catch (error) {
    expect(error).toBeInstanceOf(Invalid);
    return [...(error as Invalid).problems];
  }
}

/** A public installation with everything it needs. */
const PUBLIC: Env = {
  PUBLIC_URL: "https://paperboy.example.org",
  DATABASE_URL: "postgresql://paperboy@db.example.org/paperboy",
  SMTP_URL: "smtps://user:password@smtp.example.org",
  POSTAL_ADDRESS: "Street 1, 12345 Town, Country",
  SECRET_KEYS: "1:0123456789abcdef",
  SUPPRESSION_KEY: "0123456789abcdef",
};

describe("a wrong setting stops the start, with its name, its value and what to write", () => {
  const stories: [setting: string, value: string, sentence: string][] = [
    [
      "DATABASE_URL",
      "mysql://db/paperboy",
      'DATABASE_URL is not such a URL: "mysql://db/paperboy". Write postgresql://user:password@host:5432/paperboy',
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
    [
      "HEARTBEAT_URL",
      "hc-ping.com/uuid",
      'HEARTBEAT_URL is not such a URL: "hc-ping.com/uuid". Write https://hc-ping.com/your-uuid',
    ],
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
    ["SUPPRESSION_KEY", secret],
  ];
  test.each(stories)("%s=%s", (field, value) => {
    const [problem, ...more] = complaints({ [field]: value });
    expect(more).toEqual([]);
    expect(problem!.message).toContain("…");
    expect(problem!.message).not.toContain(secret);
  });
});

describe("settings that are each right and together wrong", () => {
  const without = (...names: string[]) =>
    complaints(Object.fromEntries(Object.entries(PUBLIC).filter(([name]) => !names.includes(name))));

  test("a public installation with all it needs starts", () => expect(complaints(PUBLIC)).toEqual([]));

  test.each([["SMTP_URL"], ["POSTAL_ADDRESS"], ["SECRET_KEYS"], ["SUPPRESSION_KEY"]])(
    "a public one without %s does not, and is told what to write",
    (name) => {
      const [problem, ...more] = without(name);
      expect([problem!.field, more]).toEqual([name, []]);
      expect(problem!.message).toMatch(new RegExp(`^${name} is not set.*Write ${name}=`));
    },
  );

  test("half of what DKIM needs would leave mail unsigned, and does not start", () => {
    const half = (env: Env) => complaints(env).map(({ field, message }) => [field, /Write (\S+?)=/.exec(message)![1]]);
    expect(half({ DKIM_DOMAIN: "example.org" })).toEqual([["DKIM_KEYS", "DKIM_KEYS"]]);
    expect(half({ DKIM_KEYS: "s1:/etc/s1.pem" })).toEqual([["DKIM_DOMAIN", "DKIM_DOMAIN"]]);
    const whole = { DKIM_DOMAIN: " Bücher.example ", DKIM_KEYS: "s1:/etc/s1.pem" };
    expect(readConfig(whole).dkim).toEqual({ domain: "xn--bcher-kva.example", keys: "s1:/etc/s1.pem" });
  });

  test("feeds and their source are named together", () => {
    expect(complaints({ FEED_URLS: "https://example.org/feed" })).toEqual([
      {
        field: "SOURCES",
        message: "SOURCES does not name feed, so FEED_URLS is not read. Write SOURCES=hugging-face,arxiv,feed",
      },
    ]);
    expect(complaints({ SOURCES: "hugging-face,feed" })).toEqual([
      {
        field: "FEED_URLS",
        message: "FEED_URLS is not set, but SOURCES names feed. Write FEED_URLS=https://example.org/feed.xml",
      },
    ]);
  });

  test("a port for bounces without the domain they come to does not start, a domain without a port does", () => {
    expect(complaints({ BOUNCE_SMTP_PORT: "2525" }).map(({ message }) => message)).toEqual([
      "BOUNCE_DOMAIN is not set, but BOUNCE_SMTP_PORT is 2525: nobody could write there. Write BOUNCE_DOMAIN=bounce.example.org",
    ]);
    const { bounceDomain, bounceSmtpPort } = readConfig({ BOUNCE_DOMAIN: "Bounce.Example.ORG" });
    expect([bounceDomain, bounceSmtpPort]).toEqual(["bounce.example.org", null]);
  });

  test("on the embedded database the keys are made up, for there is but one machine", () => {
    expect(without("DATABASE_URL", "SECRET_KEYS", "SUPPRESSION_KEY")).toEqual([]);
  });

  test.each([
    "http://localhost:3000",
    "http://127.0.0.1",
    "http://127.8.9.1",
    "http://[::1]:80",
    "http://paper.localhost",
  ])("%s is this machine, and needs nothing", (url) =>
    expect(complaints({ PUBLIC_URL: url, DATABASE_URL: PUBLIC.DATABASE_URL! })).toEqual([]),
  );

  test.each(["http://127.0.0.1.example.org", "http://localhost.example.org", "https://0.0.0.0"])(
    "%s is not this machine",
    (url) => expect(complaints({ PUBLIC_URL: url }).map(({ field }) => field)).toEqual(["SMTP_URL"]),
  );

  test("to a local mail server nothing needs a postal address; one of two that is not local does", () => {
    expect(complaints({ SMTP_URL: "smtp://localhost:25" })).toEqual([]);
    expect(complaints({ SMTP_URL: "smtp://localhost:25,smtp://mx.example.org" }).map(({ field }) => field)).toEqual([
      "POSTAL_ADDRESS",
    ]);
  });
});

test("a short ADMIN_PASSWORD is fine at home, and stops the start where the world can try", () => {
  expect(readConfig({ ADMIN_PASSWORD: "hunter2" }).adminPassword).toBe("hunter2");
  const world = {
    ...{ PUBLIC_URL: "https://paperboy.example", SMTP_URL: "smtp://smtp.example.org", POSTAL_ADDRESS: "Street 1" },
    ADMIN_PASSWORD: "hunter2",
  };
  expect(() => readConfig(world)).toThrow(/^ADMIN_PASSWORD is shorter than 12 letters(?!.*hunter2)/);
  expect(readConfig({ ...world, ADMIN_PASSWORD: "hunter2hunter2" }).adminPassword).toBe("hunter2hunter2");
});

test("a PROOF_OF_WORK that is none is named with what to write", () => {
  expect(() => readConfig({ PROOF_OF_WORK: "on" })).toThrow(
    'PROOF_OF_WORK is not one of off, pressure, always: "on". Write PROOF_OF_WORK=pressure',
  );
});

test("alarms go to each address once; a monitor may stand in the operator's own network", () => {
  const { alertTo, heartbeatUrl, privateOrigins } = readConfig({
    ...{ ALERT_TO: "ops@example.org, root@localhost,ops@example.org" },
    HEARTBEAT_URL: "http://10.0.0.7:3001/api/push/abc?status=up",
  });
  expect({ alertTo, heartbeatUrl, privateOrigins }).toEqual({
    alertTo: ["ops@example.org", "root@localhost"],
    heartbeatUrl: "http://10.0.0.7:3001/api/push/abc?status=up",
    privateOrigins: ["http://10.0.0.7:3001"],
  });
});

describe("traces", () => {
  const OTEL_EXPORTER_OTLP_ENDPOINT = "http://localhost:4318";
  test("they are made where a collector is named, unless they are switched off", () => {
    const OTEL_EXPORTER_OTLP_TRACES_ENDPOINT = "http://localhost:4318/v1/traces";
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT }).tracedAs).toBe("paperboy");
    expect(readConfig({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT, OTEL_SERVICE_NAME: "digest" }).tracedAs).toBe("digest");
    expect(readConfig({ OTEL_EXPORTER_OTLP_ENDPOINT, OTEL_SDK_DISABLED: "true" }).tracedAs).toBe(null);
    expect(readConfig({ OTEL_SERVICE_NAME: "digest" }).tracedAs).toBe(null);
  });

  test.each([
    [
      "OTEL_EXPORTER_OTLP_ENDPOINT",
      "grpc://user:hunter2@host:4317",
      'is not such a URL: "grpc://…@host:4317". Write http',
    ],
    ["OTEL_TRACES_SAMPLER", "jaeger_remote", "is not one of always_on, always_off, traceidratio,"],
    ["OTEL_TRACES_SAMPLER_ARG", "10%", 'is not a share of all: "10%". Write 0.1'],
    ["OTEL_SDK_DISABLED", "yes", 'is neither true nor false: "yes"'],
    ["METRICS_PORT", "70000", 'is not a whole number from 1 to 65535: "70000"'],
    ["API_TOKEN", "too short", 'is not 16 letters or more without spaces: "…". Write the output of: openssl'],
  ])("%s=%s is named with what to write", (name, value, says) => {
    expect(() => readConfig({ [name]: value })).toThrow(`${name} ${says}`);
  });
});

test("without any setting there is a whole configuration", () => {
  expect(readConfig({})).toEqual({
    ...{ databaseUrl: null, redisUrl: null, smtpUrls: null, dataDir: ".paperboy" },
    ...{ bounceDomain: null, bounceSmtpPort: null },
    ...{ apiToken: null, metricsPort: null, tracedAs: null },
    ...{ adminPassword: null, proofOfWork: "pressure", refuseDisposable: null },
    ...{ publicUrl: null, previousPublicUrls: [], port: 3000, catcherPort: 1080, trustProxy: 0 },
    mailFrom: "Paperboy <paperboy@localhost.localdomain>",
    confirmFrom: "Paperboy <paperboy@localhost.localdomain>",
    ...{
      postalAddress: null,
      smtpConnections: 10,
      sendOnlyTo: null,
      sendRate: null,
      domainRates: null,
      sendRamp: null,
      dkim: null,
    },
    ...{ sources: ["hugging-face", "arxiv"], arxivCategories: ["cs.AI", "cs.CL", "cs.CV", "cs.LG"] },
    ...{ huggingFaceUrl: "https://huggingface.co", arxivUrl: "https://export.arxiv.org", privateOrigins: [] },
    ...{ feedUrls: [], gitHubUrl: "https://api.github.com", gitHubToken: null },
    ...{ editionClosesAt: "01:00", topicsFile: null, secretKeys: null, suppressionKey: null },
    ...{ rawIntakeToken: null, webhooks: { ses: null, postmark: null, sendgrid: null, mailgun: null } },
    ...{ alertTo: [], heartbeatUrl: null },
    ...{ logLevel: "info", retentionDays: 90 },
  });
});

test("an empty setting is one that is not set, spaces around entries do not count, nor a slash at the end", () => {
  const { port, smtpUrls, publicUrl, sources, trustProxy, confirmFrom } = readConfig({
    ...{ PORT: "", SOURCES: "  ", MAIL_FROM: "A <a@b.example>", TRUST_PROXY: "10.0.0.0/8, ::1" },
    ...{ SMTP_URL: " smtp://localhost:1 , smtp://localhost:2 ,", PUBLIC_URL: "http://localhost:3000//" },
  });
  expect({ port, smtpUrls, publicUrl, sources, trustProxy, confirmFrom }).toEqual({
    port: 3000,
    smtpUrls: ["smtp://localhost:1", "smtp://localhost:2"],
    publicUrl: "http://localhost:3000",
    sources: ["hugging-face", "arxiv"],
    trustProxy: "10.0.0.0/8, ::1",
    confirmFrom: "A <a@b.example>",
  });
});

test("quotes and carriage returns that some readers of .env files leave around a value do not count", () => {
  const { mailFrom, postalAddress, logLevel, secretKeys } = readConfig({
    ...{ MAIL_FROM: '"Paperboy <a@b.example>"', POSTAL_ADDRESS: "'Street 1, Town'\r", LOG_LEVEL: "info\r" },
    SECRET_KEYS: '"1:0123456789abcdef"',
  });
  expect({ mailFrom, postalAddress, logLevel, secretKeys }).toEqual({
    ...{ mailFrom: "Paperboy <a@b.example>", postalAddress: "Street 1, Town", logLevel: "info" },
    secretKeys: "1:0123456789abcdef",
  });
  expect(readConfig({ MAIL_FROM: '"Doe, Jane" <a@b.example>' }).mailFrom).toBe('"Doe, Jane" <a@b.example>');
  expect(readConfig({ POSTAL_ADDRESS: '"The Mill", "Town"' }).postalAddress).toBe('"The Mill", "Town"');
});

test("a name that is nearly a setting's is told, others are left alone", () => {
  expect(nearNames({ DATABSE_URL: "x", smtp_url: "x", PATH: "/bin", HOME: "/", PORT: "1", SORT: "1" })).toEqual([
    { name: "DATABSE_URL", meant: "DATABASE_URL" },
  ]);
});

test("only sources that a setting names in place of the public ones may be on private addresses", () => {
  expect(readConfig({ ARXIV_URL: "http://127.0.0.1:8080/" }).privateOrigins).toEqual(["http://127.0.0.1:8080"]);
  const feeds = { SOURCES: "feed", FEED_URLS: "http://10.0.0.5/a.xml, https://example.org/b?key=1" };
  expect(readConfig(feeds).privateOrigins).toEqual(["http://10.0.0.5", "https://example.org"]);
});

test("nobody changes a setting while the process runs", () => {
  const config = readConfig({ SMTP_URL: "smtp://localhost" });
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  expect(() => (config.smtpUrls as string[]).push("smtp://elsewhere.example")).toThrow(TypeError);
});
