/** The composition of `paperboy today`: sources, words and a mail server; no database, no queue, no web server. */
import { readFile } from "node:fs/promises";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { addressKey } from "./core/address-key.ts";
import type { Address } from "./core/email-address.ts";
import { openLinks, parseSecretKeys } from "./core/link.ts";
import { openReturnAddresses } from "./core/return-address.ts";
import { openText, type Texts } from "./core/text.ts";
import { catalogueIn } from "./core/topic-names.ts";
import { defaultCatalogue, parseCatalogue } from "./core/topics.ts";
import { Invalid } from "./errors.ts";
import { openFetch } from "./fetch.ts";
import type { Log } from "./log.ts";
import { readCatalogues } from "./mail/catalogues.ts";
import type { Post } from "./mail/post.ts";
import { openSources } from "./open-sources.ts";
import { openSecrets } from "./secrets.ts";
import { openSentToday } from "./sent-today.ts";
import { readPapersFile } from "./sources/paper-files.ts";

export type TodayDesk = Awaited<ReturnType<typeof openTodayDesk>>;

/** A connection for the one mail there is. */
const CONNECTIONS = 1;
const templatesFolder = fileURLToPath(new URL("../templates", import.meta.url));

/** @throws {Invalid} for settings that name something unusable */
export async function openTodayDesk(config: Config, { log, now = () => new Date() }: { log: Log; now?: () => Date }) {
  const dataDir = resolve(config.dataDir);
  const texts = openText(await readCatalogues(join(templatesFolder, "text")));
  const catalogue = config.topicsFile
    ? parseCatalogue(JSON.parse(await readFile(config.topicsFile, "utf8")))
    : defaultCatalogue;
  // Nobody waits for three tries of a source that is away: the digest is made without it, or says why there is none.
  const fetch = openFetch({ allow: config.privateOrigins, userAgent: "Paperboy (today)", backOffMs: 300 });
  const topicName = (id: string, language: string) =>
    catalogueIn(texts(language), catalogue).topics.find((topic) => topic.id === id)?.name ?? id;
  const closing: (() => Promise<void>)[] = [() => fetch.close()];
  return {
    ...{ texts, catalogue, readPapersFile, topicName, now },
    sources: openSources(config, { fetch, papersWithCode: async () => [] }),
    sent: openSentToday(dataDir),
    addressKey: async ({ key }: Pick<Address, "key">) =>
      addressKey(key, config.suppressionKey ?? (await openSecrets(dataDir)).suppressionKey),

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
  const [{ openTemplates }, { openRenderer }, { openPost }, { openSender }, { openSigner }, profiling] =
    await Promise.all([
      import("./mail/templates.ts"),
      import("./mail/render.ts"),
      import("./mail/post.ts"),
      import("./mail/sender.ts"),
      import("./mail/dkim.ts"),
      import("./mail/profiles.ts"),
    ]);
  const templates = await openTemplates({ folder: templatesFolder, texts });
  const profiles = profiling.profilesOf(config.smtpUrls);
  const senders = { MAIL_FROM: config.mailFrom, CONFIRM_FROM: config.confirmFrom };
  const signing = { headers: profiling.signableHeaders(profiles), mostSignatures: profiling.mostSignatures(profiles) };
  const signer = config.dkim ? await openSigner({ ...config.dkim, ...signing, senders, log }) : null;
  const keys = parseSecretKeys(config.secretKeys ?? (await openSecrets(dataDir)).secretKeys);
  const sender = openSender({
    ...{ urls: config.smtpUrls, connections: CONNECTIONS, socketTimeoutMs: 60_000, log },
    ...(config.sendOnlyTo ? { onlyTo: config.sendOnlyTo } : {}),
  });
  // Nothing leads to it: a digest that stands alone has no page of ours in it.
  const publicUrl = "http://localhost";
  const post = openPost({
    renderer: openRenderer({ templates, texts, publicUrl, postalAddress: config.postalAddress, topicName }),
    ...{ sender, letterSender: sender, signer, profiles, publicUrl, notice: () => null },
    returns: openReturnAddresses({ keys, domain: null }),
    links: openLinks(keys),
    ...{ mailFrom: config.mailFrom, confirmFrom: config.confirmFrom },
  });
  return { post, close: () => sender.close() };
}

interface Shared {
  readonly texts: Texts;
  readonly topicName: (id: string, language: string) => string;
  readonly dataDir: string;
  readonly log: Log;
}
