/**
 * The doctor's composition: settings in, findings out. It opens what each look needs and closes it behind it, so that a part
 * that is away is one red line and not the end.
 */
import { type Config, nearNames, readConfig, SETTINGS } from "./config.ts";
import { isLoopbackHost } from "./core/loopback.ts";
import { lookAtBounces, lookAtSpf } from "./doctor/envelope.ts";
import { amber, type Finding, green, type Verdict } from "./doctor/finding.ts";
import { lookAtFolder } from "./doctor/folder.ts";
import { greetingOf } from "./doctor/greeting.ts";
import { lookAtReverse, lookAtSender } from "./doctor/origin.ts";
import { judgeBackups, judgeDatabase, judgeDatabaseClock, judgePostgresQueue, judgeRedis } from "./doctor/parts.ts";
import { type Check, runChecks } from "./doctor/run.ts";
import { judgeServer } from "./doctor/server.ts";
import { judgeAlarms, judgeKeys, judgePostalAddress, judgeSettings } from "./doctor/settings.ts";
import { lookAtDkim, lookAtDmarc } from "./doctor/signatures.ts";
import { judgeOwnClock, judgeRecords, judgeVisits } from "./doctor/sources.ts";
import { lookAtPrevious, lookAtWeb } from "./doctor/web.ts";
import { type Desk, type DeskOptions, openDesk } from "./doctor-desk.ts";
import { Invalid, type Problem } from "./errors.ts";
import { examineRedis } from "./queue/examine-redis.ts";
import type { DatabaseFacts } from "./store/examine-database.ts";

export interface DoctorOptions extends DeskOptions {
  readonly isOffline?: boolean;
  readonly withinMs?: number;
}

/** A look takes seconds; whoever waits for all of them is told within twenty. */
const WITHIN_MS = 18_000;

/** @param env the environment, as readConfig takes it */
export async function examine(
  env: Readonly<Record<string, string | undefined>>,
  options: DoctorOptions = {},
): Promise<Finding[]> {
  const { isOffline = false, withinMs = WITHIN_MS } = options;
  const config = configOf(env);
  if ("problems" in config) {
    const rest = amber("Nothing else was looked at: which parts there are is known once the settings can be read.");
    const findings = judgeSettings(config.problems, SETTINGS.length, nearNames(env)).map((verdict) => ({
      check: "settings",
      ...verdict,
    }));
    return [...findings, { check: "the rest", ...rest }];
  }
  const desk = await openDesk(config, options);
  try {
    const checks = [...houseChecks(desk, nearNames(env)), ...siteChecks(desk), ...mailChecks(desk), ...webChecks(desk)];
    return await runChecks(checks, { isOffline, withinMs });
  } finally {
    await desk.close();
  }
}

/** What needs no network. */
function houseChecks(desk: Desk, near: ReturnType<typeof nearNames>): Check[] {
  const { config, dataDir, publicUrl, problems, keys, servers, database } = desk;
  const isPublic = !isLoopbackHost(new URL(publicUrl).hostname);
  const isEmbedded = config.databaseUrl === null;
  const onDatabase = (judge: (facts: DatabaseFacts) => Verdict | Verdict[]) => async () => {
    const facts = await database();
    return facts === null ? green("There is no embedded database yet: the first start makes it.") : judge(facts);
  };
  const { redisUrl, postalAddress, alertTo, heartbeatUrl } = config;
  return [
    at("settings", () => judgeSettings(problems, SETTINGS.length, near)),
    at("keys", () => judgeKeys(keys, isPublic)),
    at("postal address", () =>
      judgePostalAddress(
        postalAddress,
        servers.some(({ isRemote }) => isRemote),
      ),
    ),
    at("alarms", () => judgeAlarms(alertTo, heartbeatUrl, { isPublic, hasAdmin: config.adminPassword !== null })),
    at("data folder", () => lookAtFolder(dataDir)),
    at(
      "database",
      onDatabase((facts) => judgeDatabase(facts, { isEmbedded })),
    ),
    ...(isEmbedded ? [] : [at("database clock", onDatabase(judgeDatabaseClock))]),
    at(
      "backups",
      onDatabase((facts) => judgeBackups(facts, isPublic)),
    ),
    at(
      "papers",
      onDatabase((facts) => judgeRecords(facts, desk.sources)),
    ),
    at("queue", async () =>
      redisUrl ? judgeRedis(await examineRedis(redisUrl)) : judgePostgresQueue(await database()),
    ),
  ];
}

function siteChecks({ visits }: Desk): Check[] {
  return [
    remote("clock", async () => judgeOwnClock(await visits())),
    remote("sources", async () => judgeVisits(await visits())),
  ];
}

function mailChecks(desk: Desk): Check[] {
  const { config, publicUrl, domains, names, servers, origins, records, warnings } = desk;
  if (servers.length === 0)
    return [
      at("mail server", () =>
        green("SMTP_URL is not set: mails stay in the local catcher, and no DNS record is needed."),
      ),
    ];
  const { bounceDomain: bounces, bounceSmtpPort: smtpPort } = config;
  const from = [...domains];
  const envelopes = bounces === null ? [...domains.values()] : [bounces];
  const signedBy = config.dkim?.domain ?? null;
  const way = { domain: bounces, smtpPort, publicHost: new URL(publicUrl).hostname, greetingOf };
  return [
    ...servers.map(({ isRemote, facts }): Check => {
      return { name: "mail server", isRemote, look: async () => judgeServer(await facts(), new Date()) };
    }),
    remote("sender domain", () => all(from.map(([setting, domain]) => lookAtSender(names, setting, domain)))),
    remote("SPF", async () => {
      const known = await origins();
      return all(envelopes.map((domain) => lookAtSpf(names, domain, known)));
    }),
    ...(warnings.length > 0 ? [at("DKIM keys", () => warnings.map((warning) => amber(`${warning}.`)))] : []),
    remote("DKIM", async () => lookAtDkim(names, records, await origins())),
    remote("DMARC", () =>
      all(
        from.map(([setting, domain]) =>
          lookAtDmarc(names, { setting, from: domain, signedBy, envelope: bounces ?? domain }),
        ),
      ),
    ),
    remote("reverse DNS", async () =>
      (await all((await origins()).map((origin) => lookAtReverse(names, origin)))).flat(),
    ),
    remote("bounces", async () => lookAtBounces(names, way, await origins())),
  ];
}

function webChecks({ config, publicUrl, ask, names }: Desk): Check[] {
  const isHere = isLoopbackHost(new URL(publicUrl).hostname);
  const look = () =>
    lookAtWeb({ publicUrl, isLoopback: isHere, ask, knowsInternet: names.knowsInternet, now: () => new Date() });
  const before = config.previousPublicUrls.map((url) => ({
    name: "previous address",
    isRemote: !isLoopbackHost(new URL(url).hostname),
    look: async () => [await lookAtPrevious(url, { ask })],
  }));
  return [{ name: "public address", isRemote: !isHere, look }, ...before];
}

const at = (name: string, look: () => ReturnType<Check["look"]> | Awaited<ReturnType<Check["look"]>>): Check => {
  return { name, isRemote: false, look: async () => look() };
};
const remote = (name: string, look: Check["look"]): Check => ({ name, isRemote: true, look });
const all = <T>(looks: readonly Promise<T>[]): Promise<T[]> => Promise.all(looks);

function configOf(env: Readonly<Record<string, string | undefined>>): Config | { problems: readonly Problem[] } {
  try {
    return readConfig(env);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    return { problems: error.problems };
  }
}
