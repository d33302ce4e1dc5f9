import { describe, expect, test } from "vitest";
import { nearNames, readConfig } from "../src/config.ts";
import { complaints, type Env } from "./support/complaints.ts";

/** A public installation with everything it needs. */
const PUBLIC: Env = {
  PUBLIC_URL: "https://paperboy.example.org",
  DATABASE_URL: "postgresql://paperboy@db.example.org/paperboy",
  SMTP_URL: "smtps://user:password@smtp.example.org",
  POSTAL_ADDRESS: "Street 1, 12345 Town, Country",
  SECRET_KEYS: "1:0123456789abcdef",
  SUPPRESSION_KEY: "0123456789abcdef",
};

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

test("modes of TLS that the driver takes for verify-full are called that, so that it need not warn of them", () => {
  const urlOf = (end: string) =>
    readConfig({ DATABASE_URL: `postgresql://a@db.example/p${end}` }).databaseUrl?.slice(27);
  expect(["", "?sslmode=require", "?a=b&sslmode=prefer&c=d", "?sslmode=no-verify"].map(urlOf)).toEqual([
    "",
    "?sslmode=verify-full",
    "?a=b&sslmode=verify-full&c=d",
    "?sslmode=no-verify",
  ]);
  expect(urlOf("?uselibpqcompat=true&sslmode=require")).toBe("?uselibpqcompat=true&sslmode=require");
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
