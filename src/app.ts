/** The composition: settings in, every room opened once, `close()` out. The only file that knows them all. */
import { readFile } from "node:fs/promises";
import { hostname } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { addressKey, networkKey } from "./core/address-key.ts";
import { openAdminKey } from "./core/admin-key.ts";
import { openChallenges } from "./core/challenge.ts";
import type { Address } from "./core/email-address.ts";
import { openLinks, parseSecretKeys } from "./core/link.ts";
import { openReturnAddresses } from "./core/return-address.ts";
import { openText } from "./core/text.ts";
import { catalogueIn } from "./core/topic-names.ts";
import { defaultCatalogue, parseCatalogue } from "./core/topics.ts";
import { visitorKeys } from "./core/visitor-key.ts";
import { Permanent } from "./errors.ts";
import { openFetch } from "./fetch.ts";
import type { Log } from "./log.ts";
import { readCatalogues } from "./mail/catalogues.ts";
import { openSigner } from "./mail/dkim.ts";
import { openExchangers } from "./mail/exchangers.ts";
import type { Intake, IntakeOptions } from "./mail/intake.ts";
import { openLanes } from "./mail/lanes.ts";
import { openPace } from "./mail/pace.ts";
import { openPost } from "./mail/post.ts";
import { mostSignatures, profilesOf, signableHeaders } from "./mail/profiles.ts";
import { openProviders } from "./mail/providers/open.ts";
import { openDeliveryIds, readReport } from "./mail/read-report.ts";
import { type Notice, openRenderer } from "./mail/render.ts";
import { openSender } from "./mail/sender.ts";
import { watchServers } from "./mail/server-watch.ts";
import { openTemplates } from "./mail/templates.ts";
import { openMonitor } from "./monitor.ts";
import { openSources } from "./open-sources.ts";
import { openRedisPermits } from "./queue/permits.ts";
import { openQueue } from "./queue/queue.ts";
import { readRefusedDomains } from "./refused-domains.ts";
import { openSecrets } from "./secrets.ts";
import { readPapersFile } from "./sources/paper-files.ts";
import { openRecording } from "./sources/recording.ts";
import { alarms } from "./store/alarms.ts";
import { audit } from "./store/audit.ts";
import { candidates } from "./store/candidates.ts";
import { clockWatch } from "./store/clock-watch.ts";
import { openDatabase } from "./store/database.ts";
import { dayCounts } from "./store/day-counts.ts";
import { deliveries } from "./store/deliveries.ts";
import { deliveryList } from "./store/delivery-list.ts";
import { door } from "./store/door.ts";
import { editions } from "./store/editions.ts";
import { erasure } from "./store/erasure.ts";
import { openGate } from "./store/gate.ts";
import { heartbeats } from "./store/heartbeats.ts";
import { openHighWater } from "./store/high-water.ts";
import { history } from "./store/history.ts";
import { freeBytes, house, writeFault } from "./store/house.ts";
import { incidents } from "./store/incidents.ts";
import { openJournal } from "./store/journal.ts";
import { leavingReasons } from "./store/leaving-reasons.ts";
import { limits } from "./store/limits.ts";
import { compareHistory } from "./store/migrate/history.ts";
import { paperRecords } from "./store/paper-records.ts";
import { papers } from "./store/papers.ts";
import { planning } from "./store/planning.ts";
import { openPresence } from "./store/presence.ts";
import { pulls } from "./store/pulls.ts";
import { quietReaders } from "./store/quiet-readers.ts";
import { readerExports } from "./store/reader-exports.ts";
import { readerImports } from "./store/reader-imports.ts";
import { readerList } from "./store/reader-list.ts";
import { readerRecords } from "./store/reader-records.ts";
import { recorder } from "./store/recorder.ts";
import { reportList } from "./store/report-list.ts";
import { reports } from "./store/reports.ts";
import { repositories } from "./store/repositories.ts";
import { requests } from "./store/requests.ts";
import { restoration } from "./store/restoration.ts";
import { scratchClock } from "./store/scratch-clock.ts";
import { openScratchDatabase } from "./store/scratch-database.ts";
import { openShelf } from "./store/shelf.ts";
import { stops } from "./store/stops.ts";
import { subscriptions } from "./store/subscriptions.ts";
import { suppressions } from "./store/suppressions.ts";
import { suspensions } from "./store/suspensions.ts";
import { tallies } from "./store/tallies.ts";
import { ticks } from "./store/ticks.ts";
import { verdicts } from "./store/verdicts.ts";
import { vitals } from "./store/vitals.ts";
import { waves } from "./store/waves.ts";

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

const templatesFolder = fileURLToPath(new URL("../templates", import.meta.url));
/** Letters are few, and somebody waits for each. */
const LETTER_CONNECTIONS = 2;

/**
 * @throws {Invalid} for settings that name something unusable
 * @throws {Temporary} when a part does not answer
 */
export async function openApp(
  config: Config,
  {
    log,
    publicUrl,
    now = () => new Date(),
    notice = () => null,
    offline = false,
    scratch = false,
    staysAs,
  }: AppOptions,
) {
  const opened: (() => Promise<void>)[] = [];
  const open = async <T>(opening: T | Promise<T>, close: (part: T) => Promise<void>): Promise<T> => {
    const part = await opening;
    opened.push(() => close(part));
    return part;
  };
  const close = async () => {
    for (const closePart of opened.splice(0).reverse()) await closePart();
  };

  try {
    const dataDir = resolve(config.dataDir);
    const secrets = config.secretKeys && config.suppressionKey ? null : await openSecrets(dataDir);
    const suppressionKey = config.suppressionKey ?? secrets!.suppressionKey;
    const keys = parseSecretKeys(config.secretKeys ?? secrets!.secretKeys);
    const links = openLinks(keys);
    const adminKey = config.adminPassword === null ? null : openAdminKey(config.adminPassword, keys[0]!.secret);
    const refusedDomains = await readRefusedDomains(config.refuseDisposable);
    const returnAddresses = openReturnAddresses({ keys, domain: config.bounceDomain });
    const catalogue = config.topicsFile
      ? parseCatalogue(JSON.parse(await readFile(config.topicsFile, "utf8")))
      : defaultCatalogue;
    const senders = { MAIL_FROM: config.mailFrom, CONFIRM_FROM: config.confirmFrom };
    const profiles = profilesOf(config.smtpUrls ?? []);
    const signing = { headers: signableHeaders(profiles), mostSignatures: mostSignatures(profiles) };
    const signer = config.dkim ? await openSigner({ ...config.dkim, ...signing, senders, log }) : null;
    const texts = openText(await readCatalogues(join(templatesFolder, "text")));
    const templates = await openTemplates({ folder: templatesFolder, texts });

    // What only the parts of its own need is loaded with them: a worker beside a real database and mail server is smaller by 30 MB.
    const embedded = config.databaseUrl
      ? null
      : await open(
          import("./store/embedded.ts").then(({ openEmbedded }) => openEmbedded({ dataDir, log, isScratch: scratch })),
          (part) => part.close(),
        );
    const server = config.databaseUrl ?? embedded!.url;
    const databaseUrl = scratch ? (await open(openScratchDatabase(server), (part) => part.close())).url : server;
    if (staysAs) await open(openPresence({ url: databaseUrl, name: staysAs, log }), (part) => part.close());
    if (embedded || scratch) await import("./store/migrate.ts").then(({ migrate }) => migrate({ databaseUrl, log }));
    const { prisma, pool } = await open(openDatabase({ url: databaseUrl, log }), (part) => part.close());
    if (!embedded) await compareSchema(pool, log);
    const queue = await open(
      openQueue({
        ...(config.redisUrl ? { redisUrl: config.redisUrl } : {}),
        ...{ databaseUrl, log, isTraced: config.tracedAs !== null },
      }),
      (part) => part.close(),
    );
    // A scratch database is nothing to compare with: it is gone afterwards.
    const highWater = await open(openHighWater(prisma, scratch ? null : join(dataDir, "high-water")), (part) =>
      part.close(),
    );
    const journalPath = join(dataDir, "journal.jsonl");
    const journal = await open(openJournal(journalPath, highWater.databaseId), (part) => part.close());

    const catcher = config.smtpUrls
      ? null
      : await open(
          import("./mail/catcher.ts").then(({ openCatcher }) =>
            openCatcher({ smtpPort: 0, httpPort: config.catcherPort }),
          ),
          (part) => part.close(),
        );
    const trouble = incidents(prisma, log);
    const watch = watchServers(trouble);
    const senderTo = (connections: number, carries: "digest" | "letter") =>
      open(
        openSender({
          urls: config.smtpUrls ?? [catcher!.smtpUrl],
          ...{ connections, carries },
          socketTimeoutMs: 60_000,
          log,
          watch,
          // Who is to be told that something is wrong is told so on a staging system as well.
          ...(config.sendOnlyTo ? { onlyTo: [...config.sendOnlyTo, ...config.alertTo] } : {}),
        }),
        (part) => part.close(),
      );
    const sender = await senderTo(config.smtpConnections, "digest");
    const letterSender = await senderTo(LETTER_CONNECTIONS, "letter");
    const topicName = (id: string, language: string) =>
      catalogueIn(texts(language), catalogue).topics.find((topic) => topic.id === id)?.name ?? id;
    const renderer = openRenderer({ templates, texts, publicUrl, postalAddress: config.postalAddress, topicName });
    const post = openPost({
      ...{ renderer, sender, letterSender, signer, returns: returnAddresses, profiles, links, publicUrl, notice },
      mailFrom: config.mailFrom,
      confirmFrom: config.confirmFrom,
      hasAdmin: adminKey !== null,
    });

    const fetch = await open(
      openFetch({ allow: config.privateOrigins, userAgent: `Paperboy (+${publicUrl})` }),
      (part) => part.close(),
    );
    const providers = openProviders(config.webhooks, { fetch, log });
    const sources = offline ? [] : openSources(config, { fetch, papersWithCode: repositories(prisma).uncounted });

    const rooms = {
      papers: papers(prisma),
      paperRecords: paperRecords(prisma),
      pulls: pulls(prisma, pool),
      candidates: candidates(prisma),
      editions: editions(prisma),
      requests: requests(prisma, pool),
      subscriptions: subscriptions(prisma),
      suspensions: suspensions(prisma),
      suppressions: suppressions(prisma),
      reports: reports(prisma),
      verdicts: verdicts(prisma),
      erasure: erasure(prisma),
      readerRecords: readerRecords(prisma),
      leavingReasons: leavingReasons(prisma),
      readerImports: readerImports(pool),
      readerExports: readerExports(pool),
      restoration: restoration(prisma),
      clockWatch: clockWatch(prisma),
      planning: planning(prisma),
      deliveries: deliveries(prisma, pool),
      tallies: tallies(prisma),
      vitals: vitals(pool),
      history: history(pool),
      quietReaders: quietReaders(pool),
      stops: stops(prisma),
      waves: waves(prisma),
      limits: limits(pool),
      door: door(pool),
      incidents: trouble,
      alarms: alarms(prisma),
      heartbeats: heartbeats(prisma),
      house: house(prisma),
      ticks: ticks(prisma),
      audit: audit(prisma),
      dayCounts: dayCounts(prisma),
      readerList: readerList(prisma),
      deliveryList: deliveryList(prisma),
      reportList: reportList(prisma),
    };
    const gate = await open(openGate({ ...rooms, log }), (part) => part.close());
    const isPaced = config.sendRate !== null || config.domainRates !== null;
    const permits =
      isPaced && config.redisUrl
        ? await open(openRedisPermits({ url: config.redisUrl, prefix: "paperboy", log }), (part) => part.close())
        : rooms.limits.permits;
    const lanes = openLanes(config.smtpConnections);
    const paceLimits = { sendRate: config.sendRate, domainRates: config.domainRates, ramp: config.sendRamp };
    return {
      ...rooms,
      gate,
      pace: openPace(paceLimits, { permits, days: rooms.limits.days, log, now }),
      recorder: recorder(rooms.deliveries, { enough: () => Math.min(config.smtpConnections / 2, lanes.busy()) }),
      shelf: openShelf(rooms.editions),
      ...{
        sources,
        readPapersFile,
        queue,
        dataDir,
        journal,
        highWater,
        post,
        signer,
        catcher,
        links,
        returnAddresses,
        providers,
        texts,
        catalogue,
        log,
        now,
      },
      lanes,
      /** Takes the mail of the bounce domain; null: no setting names a port. */
      openIntake:
        config.bounceSmtpPort === null || config.bounceDomain === null
          ? null
          : openIntakeAt(config.bounceSmtpPort, config.bounceDomain, log),
      machine: {
        ...{ host: hostname(), journalPath, freeBytes, writeFault },
        folders: [...new Set([dataDir, ...(embedded ? [embedded.dir] : [])])],
      },
      mailServers: async () => {
        const { examineServer } = await import("./mail/examine-server.ts");
        return Promise.all((config.smtpUrls ?? []).map((url) => examineServer(url)));
      },
      alertTo: config.alertTo,
      beat: config.heartbeatUrl === null ? null : openMonitor(fetch, config.heartbeatUrl),
      closesAt: config.editionClosesAt,
      retentionDays: config.retentionDays,
      postalAddress: config.postalAddress,
      trustProxy: config.trustProxy,
      ...{ adminKey, refusedDomains, challenges: openChallenges(keys), proofOfWork: config.proofOfWork },
      exchangers: openExchangers({ now }),
      visitorKeys: (ip: string) => visitorKeys(ip, now(), suppressionKey),
      ...{ rawIntakeToken: config.rawIntakeToken, apiToken: config.apiToken },
      publicUrl: () => publicUrl,
      previousPublicUrls: config.previousPublicUrls,
      addressKey: (address: Pick<Address, "key">) => addressKey(address.key, suppressionKey),
      networkKey: (ip: string) => networkKey(ip, suppressionKey),
      readReport,
      deliveryNamed: openDeliveryIds(config.mailFrom),
      databaseNow: async () => {
        const [row] = await prisma.$queryRaw<{ now: Date }[]>`SELECT paperboy_now() AS now`;
        return row!.now;
      },
      openRecording: (folder: string) => openRecording(folder, log),
      /** Null for a database that is there to stay: its clock is nobody's to set. */
      databaseClock: scratch ? scratchClock(pool) : null,
      /** Every part this process rests on: `ok`, or what is wrong with it. */
      ready: async () => ({
        database: await state(prisma.$queryRaw`SELECT 1`),
        queue: await state(queue.ready()),
        smtp: await state(
          sender.verify().then((answer) => {
            if (answer.kind !== "ready") throw new Error(`SMTP: ${answer.cause}`);
          }),
        ),
      }),
      needs: ["database", "queue", "smtp"] as readonly string[],
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/**
 * Migrations only add, so that a process of this release goes on beside one of the next.
 *
 * @throws {Permanent} when the database lacks some of ours
 */
async function compareSchema(pool: Parameters<typeof compareHistory>[0], log: Log): Promise<void> {
  const { missing, unknown } = await compareHistory(pool);
  if (missing.length > 0)
    throw new Permanent(
      `The database lacks ${missing.length === 1 ? "a migration" : `${missing.length} migrations`} of this release, from ${missing[0]} on. Run: npm run paperboy -- migrate`,
    );
  if (unknown.length > 0)
    log.warn(
      { migrations: unknown },
      "the database is newer than this program. It goes on, as processes do that are exchanged one by one; to go back to this release for good, restore the backup from before the upgrade",
    );
}

/** Loaded by the process that opens it. */
function openIntakeAt(port: number, domain: string, log: Log) {
  return async (door: Pick<IntakeOptions, "isOurs" | "receive">): Promise<Intake> => {
    const { openIntake } = await import("./mail/intake.ts");
    return openIntake({ ...door, port, domain, log });
  };
}

async function state(check: Promise<unknown>): Promise<string> {
  try {
    await check;
    return "ok";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}
