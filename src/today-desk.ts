/** The composition of `paperboy today`: sources, words and a mail server; no database, no queue, no web server. */
import { join, resolve } from "node:path";
import type { Config } from "./config.ts";
import { addressKey } from "./core/address-key.ts";
import type { Address } from "./core/email-address.ts";
import { openLinks, parseSecretKeys } from "./core/link.ts";
import { openReturnAddresses } from "./core/return-address.ts";
import type { Texts } from "./core/text.ts";
import { openDataDir } from "./data-dir.ts";
import { Invalid } from "./errors.ts";
import { openFetch } from "./fetch.ts";
import type { Log } from "./log.ts";
import type { Post } from "./mail/post.ts";
import { openSources } from "./open-sources.ts";
import { openWords } from "./open-words.ts";
import { openSecrets } from "./secrets.ts";
import { openSentToday } from "./sent-today.ts";
import { readPapersFile } from "./sources/paper-files.ts";
import { withLock } from "./store/embedded/lock.ts";

export type TodayDesk = Awaited<ReturnType<typeof openTodayDesk>>;

/** A connection for the one mail there is. */
const CONNECTIONS = 1;
/** Longer than sources and a mail server take that are slow in everything. */
const WAIT_MS = 5 * 60_000;

/** @throws {Invalid} for settings that name something unusable */
export async function openTodayDesk(config: Config, { log, now = () => new Date() }: { log: Log; now?: () => Date }) {
  const dataDir = resolve(config.dataDir);
  const { texts, catalogue, topicName } = await openWords(config);
  // Nobody waits for three tries of a source that is away: the digest is made without it, or says why there is none.
  const fetch = openFetch({ allow: config.privateOrigins, userAgent: "Paperboy (today)", backOffMs: 300 });
  const closing: (() => Promise<void>)[] = [() => fetch.close()];
  return {
    ...{ texts, catalogue, readPapersFile, topicName, now },
    sources: openSources(config, { fetch, papersWithCode: async () => [] }),
    sent: openSentToday(dataDir),
    addressKey: async ({ key }: Pick<Address, "key">) =>
      addressKey(key, config.suppressionKey ?? (await openSecrets(dataDir)).suppressionKey),

    /**
     * Runs `work` while nobody else sends from this DATA_DIR: two at once would pick the same papers, and the one that
     * writes down last what was sent would leave out the other's.
     *
     * @throws {Invalid} when nothing can be written there: before a mail goes out, for after it is too late
     */
    async alone(work: () => Promise<void>, onWait: (pid: number) => void): Promise<void> {
      await openDataDir(dataDir);
      await withLock(join(dataDir, "today.lock"), work, { waitMs: WAIT_MS, onWait });
    },

    /** Opened by whoever sends: MJML takes longer to load than all the rest. @throws {Invalid} without SMTP_URL */
    async openPost(): Promise<Post> {
      if (config.smtpUrls === null)
        throw new Invalid(
          "SMTP_URL is not set, so there is no server to send the digest by. Write SMTP_URL=smtps://user:password@smtp.example.org, or leave --to out to read it here.",
        );
      const { post, close } = await openMail(
        { ...config, smtpUrls: config.smtpUrls },
        { texts, topicName, dataDir, log },
      );
      closing.push(close);
      return post;
    },

    async close() {
      for (const close of closing.splice(0).reverse()) await close();
    },
  };
}

async function openMail(
  config: Config & { readonly smtpUrls: readonly string[] },
  { texts, topicName, dataDir, log }: Shared,
): Promise<{ post: Post; close: () => Promise<void> }> {
  const [{ openCounter }, { openSender }] = await Promise.all([
    import("./mail/counter.ts"),
    import("./mail/sender.ts"),
  ]);
  const keys = parseSecretKeys(config.secretKeys ?? (await openSecrets(dataDir)).secretKeys);
  const sender = openSender({
    ...{ urls: config.smtpUrls, connections: CONNECTIONS, socketTimeoutMs: 60_000, log },
    ...(config.sendOnlyTo ? { onlyTo: config.sendOnlyTo } : {}),
  });
  const { post } = await openCounter(config, {
    ...{ texts, topicName, sender, letterSender: sender, log },
    returns: openReturnAddresses({ keys, domain: null }),
    links: openLinks(keys),
    // Nothing leads to it: a digest that stands alone has no page of ours in it.
    publicUrl: "http://localhost",
    notice: () => null,
  });
  return { post, close: () => sender.close() };
}

interface Shared {
  readonly texts: Texts;
  readonly topicName: (id: string, language: string) => string;
  readonly dataDir: string;
  readonly log: Log;
}
