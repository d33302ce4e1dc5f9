/** What the looks of the doctor share: parts of the settings, and things that are asked once, when the first look needs them. */
import { promises as dns } from "node:dns";
import { access } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { Config } from "./config.ts";
import { parseSecretKeys } from "./core/link.ts";
import { isLoopbackHost } from "./core/loopback.ts";
import { ask, type Question } from "./doctor/ask.ts";
import { openDns, type Resolver } from "./doctor/dns.ts";
import { originOf } from "./doctor/origin.ts";
import { PROVIDERS } from "./doctor/provider.ts";
import type { Published } from "./doctor/signatures.ts";
import { type Site, visit } from "./doctor/sources.ts";
import { Invalid, type Problem } from "./errors.ts";
import { openFetch } from "./fetch.ts";
import { openSigner } from "./mail/dkim.ts";
import { examineServer } from "./mail/examine-server.ts";
import { parseMailbox } from "./mail/headers.ts";
import { profilesOf } from "./mail/profiles.ts";
import { openSources } from "./open-sources.ts";
import { readRefusedDomains } from "./refused-domains.ts";
import { feedName } from "./sources/feed.ts";
import { type DatabaseFacts, examineDatabase } from "./store/examine-database.ts";
import { readTopicsFile } from "./topics-file.ts";

export interface DeskOptions {
  /** Whom to ask instead of this machine's name servers. */
  readonly resolver?: Resolver | undefined;
  /** Authorities to trust, for PUBLIC_URL alone. */
  readonly ca?: string | undefined;
}

const DNS = { timeout: 1_500, tries: 2 } as const;

export type Desk = Awaited<ReturnType<typeof openDesk>>;

export async function openDesk(config: Config, { resolver = new dns.Resolver(DNS), ca }: DeskOptions) {
  const dataDir = resolve(config.dataDir);
  const publicUrl = config.publicUrl ?? `http://localhost:${config.port}`;
  const problems: Problem[] = [];
  const senders = { MAIL_FROM: config.mailFrom, CONFIRM_FROM: config.confirmFrom };
  const domains = new Map<string, string>();
  for (const [setting, from] of Object.entries(senders)) {
    const mailbox = await orProblem(problems, setting, () => parseMailbox(from));
    const domain = mailbox?.address.slice(mailbox.address.lastIndexOf("@") + 1).toLowerCase();
    if (domain !== undefined && ![...domains.values()].includes(domain)) domains.set(setting, domain);
  }
  const keys = await orProblem(problems, "SECRET_KEYS", () => config.secretKeys && parseSecretKeys(config.secretKeys));
  await orProblem(problems, "TOPICS_FILE", () => readTopicsFile(config.topicsFile));
  await orProblem(problems, "REFUSE_DISPOSABLE", () => readRefusedDomains(config.refuseDisposable));
  const warnings: string[] = [];
  const log = { warn: (_: object, message: string) => void warnings.push(message) };
  const { dkim } = config;
  const signer = dkim && (await orProblem(problems, "DKIM_KEYS", () => openSigner({ ...dkim, senders, log })));

  const names = openDns(resolver);
  const servers = (config.smtpUrls ?? []).map((url) => {
    const [profile] = profilesOf([url]);
    const facts = once(async () => {
      const found = await examineServer(url);
      const isDenied = "fault" in found && found.fault === "unknown-name" && !(await names.knowsInternet());
      return isDenied ? { ...found, fault: "no-network" as const } : found;
    });
    const origin = once(async () => originOf(names, await facts(), profile ? PROVIDERS[profile.name] : null));
    return { isRemote: !isLoopbackHost(new URL(url).hostname), facts, origin };
  });
  const fetch = openFetch({ allow: config.privateOrigins, userAgent: `Paperboy (+${publicUrl})`, backOffMs: 200 });
  const visits = once(async () => {
    const isOnline = await names.knowsInternet();
    const within = sitesOf(config).filter(({ url }) => isOnline || config.privateOrigins.includes(new URL(url).origin));
    return Promise.all(within.map((site) => visit(fetch, site, () => new Date())));
  });
  const sources = await orProblem(problems, "SOURCES", () =>
    openSources(config, { fetch, papersWithCode: async () => [] }),
  );
  return {
    ...{ config, dataDir, publicUrl, problems, domains, warnings, names, servers, visits },
    keys: keys || null,
    sources: sources ?? [],
    records: signer?.records ?? ([] as readonly Published[]),
    origins: once(() => Promise.all(servers.map(({ origin }) => origin()))),
    database: once(() => databaseOf(config, dataDir)),
    ask: (url: string, question?: Question) => ask(url, { ...question, ...(ca === undefined ? {} : { ca }) }),
    close: () => fetch.close(),
  };
}

/** Starts the embedded database where there is one; null where the first start has yet to make it. */
async function databaseOf({ databaseUrl }: Config, dataDir: string): Promise<DatabaseFacts | null> {
  if (databaseUrl !== null) return examineDatabase(databaseUrl);
  const marks = await Promise.allSettled(["data", "root-home"].map((name) => access(join(dataDir, name))));
  if (marks.every(({ status }) => status === "rejected")) return null;
  const { openEmbedded } = await import("./store/embedded.ts");
  try {
    const embedded = await openEmbedded({ dataDir });
    try {
      return await examineDatabase(embedded.url);
    } finally {
      await embedded.close();
    }
  } catch (error) {
    return { isReached: false, code: "", words: (error as Error).message };
  }
}

function sitesOf({ sources, huggingFaceUrl, arxivUrl, feedUrls, gitHubUrl }: Config): Site[] {
  const sites: Site[] = [];
  if (sources.includes("hugging-face"))
    sites.push({ name: "Hugging Face", url: `${huggingFaceUrl}/api/daily_papers?limit=1` });
  if (sources.some((name) => name.startsWith("arxiv")))
    sites.push({ name: "arXiv", url: `${arxivUrl}/api/query?search_query=cat:cs.AI&max_results=1` });
  if (sources.includes("feed")) sites.push(...feedUrls.map((url) => ({ name: feedName(url), url })));
  // The one question that costs nothing: docs.github.com/rest/rate-limit.
  if (sources.includes("github")) sites.push({ name: "GitHub", url: `${gitHubUrl}/rate_limit` });
  return sites;
}

/** What a start would fail with, as one problem among others. */
async function orProblem<T>(problems: Problem[], field: string, read: () => T | Promise<T>): Promise<T | null> {
  try {
    return await read();
  } catch (error) {
    const found = error instanceof Invalid ? error.problems.map(({ message }) => message) : [];
    const messages = found.length > 0 ? found : [(error as Error).message];
    problems.push(
      ...messages.map((message) => ({ field, message: message.startsWith(field) ? message : `${field}: ${message}` })),
    );
    return null;
  }
}

function once<T>(ask: () => Promise<T>): () => Promise<T> {
  let asked: Promise<T> | undefined;
  return () => {
    asked ??= ask();
    return asked;
  };
}
