/** The composition: settings in, every room opened once, `close()` out. The only file that knows them all. */
import { resolve } from "node:path";
import type { Config } from "./config.ts";
import { openDataDir } from "./data-dir.ts";
import { openFetch } from "./fetch.ts";
import type { Log } from "./log.ts";
import { openMail } from "./mail/open.ts";
import { openPace } from "./mail/pace.ts";
import type { Notice } from "./mail/render.ts";
import { openMonitor } from "./monitor.ts";
import { openKeys } from "./open-keys.ts";
import { openSources } from "./open-sources.ts";
import { openWords } from "./open-words.ts";
import { openParts } from "./parts.ts";
import { openRedisPermits } from "./queue/permits.ts";
import { openQueue } from "./queue/queue.ts";
import { readRefusedDomains } from "./refused-domains.ts";
import { readPapersFile } from "./sources/paper-files.ts";
import { openRecording } from "./sources/recording.ts";
import { openStore } from "./store/open.ts";
import { recorder } from "./store/recorder.ts";

export type App = Awaited<ReturnType<typeof openApp>>;

export interface AppOptions {
  readonly log: Log;
  /** Where readers reach the web server, without a slash at the end. */
  readonly publicUrl: string;
  /** The clock of this process; the database has its own. */
  readonly now?: () => Date;
  /** A sentence on top of every digest; asked when an edition's first digest is composed. */
  readonly notice?: () => Notice | null;
  /** Reads no source: papers come from files alone. */
  readonly offline?: boolean;
  /** Works on an empty database that is gone afterwards. */
  readonly scratch?: boolean;
  /** What stays as this process, such as `paperboy worker`: while it does, no backup is restored under it. */
  readonly staysAs?: string;
}

/**
 * @throws {Invalid} for settings that name something unusable
 * @throws {Temporary} when a part does not answer
 */
export function openApp(config: Config, options: AppOptions) {
  const { log, publicUrl, staysAs, now = () => new Date(), notice = () => null } = options;
  const { offline = false, scratch: isScratch = false } = options;
  return openParts(async (open) => {
    const dataDir = resolve(config.dataDir);
    if (!isScratch) await openDataDir(dataDir);
    const keys = await openKeys(config, { now });
    const words = await openWords(config);
    const refusedDomains = await readRefusedDomains(config.refuseDisposable);

    const { databaseUrl, repositories, ...store } = await open(
      openStore({ ...{ dataDir, isScratch, staysAs, log }, databaseUrl: config.databaseUrl }),
    );
    const queue = await open(
      openQueue({
        ...(config.redisUrl ? { redisUrl: config.redisUrl } : {}),
        ...{ databaseUrl, log, isTraced: config.tracedAs !== null },
      }),
    );
    const fetch = await open(openFetch({ allow: config.privateOrigins, userAgent: `Paperboy (+${publicUrl})` }));
    const sources = offline ? [] : openSources(config, { fetch, papersWithCode: repositories.uncounted });
    const mail = await open(
      openMail(config, {
        ...{ ...words, fetch, publicUrl, notice, now, log },
        ...{ links: keys.links, returns: keys.returnAddresses, hasAdmin: keys.adminKey !== null },
        incidents: store.incidents,
      }),
    );
    const isPaced = config.sendRate !== null || config.domainRates !== null;
    const permits =
      isPaced && config.redisUrl
        ? await open(openRedisPermits({ url: config.redisUrl, prefix: "paperboy", log }))
        : store.limits.permits;
    const paceLimits = { sendRate: config.sendRate, domainRates: config.domainRates, ramp: config.sendRamp };

    return {
      ...{ ...keys, ...words, ...store, ...mail },
      ...{ dataDir, log, now, queue, sources, readPapersFile, refusedDomains },
      pace: openPace(paceLimits, { permits, days: store.limits.days, log, now }),
      recorder: recorder(store.deliveries, {
        enough: () => Math.min(config.smtpConnections / 2, mail.lanes.busy()),
      }),
      openRecording: (folder: string) => openRecording(folder, log),
      beat: config.heartbeatUrl === null ? null : openMonitor(fetch, config.heartbeatUrl),

      publicUrl: () => publicUrl,
      previousPublicUrls: config.previousPublicUrls,
      trustProxy: config.trustProxy,
      postalAddress: config.postalAddress,
      closesAt: config.editionClosesAt,
      retentionDays: config.retentionDays,
      alertTo: config.alertTo,
      proofOfWork: config.proofOfWork,
      rawIntakeToken: config.rawIntakeToken,
      apiToken: config.apiToken,

      /** Every part this process rests on: `ok`, or what is wrong with it. */
      ready: async () => ({
        database: await state(store.ready()),
        queue: await state(queue.ready()),
        smtp: await state(mail.ready()),
      }),
      needs: ["database", "queue", "smtp"] as readonly string[],
    };
  });
}

async function state(check: Promise<unknown>): Promise<string> {
  try {
    await check;
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
