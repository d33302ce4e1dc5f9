/** From what `npm start` brings along to a PostgreSQL and a Redis of one's own: `backup` there, `restore` here. */
import { existsSync, readFileSync } from "node:fs";
import { chmod, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { closeEdition } from "../../src/actions/close-edition.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { type App, openApp } from "../../src/app.ts";
import { readConfig } from "../../src/config.ts";
import { addDays, utcDayOf } from "../../src/core/day.ts";
import { listen } from "../../src/http/listen.ts";
import { createServer } from "../../src/http/server.ts";
import { openLog } from "../../src/log.ts";
import { openSecrets } from "../../src/secrets.ts";
import { rootDefaults } from "../../src/store/embedded/home.ts";
import { openEmbedded } from "../../src/store/embedded.ts";
import { aSighting, preferences } from "../support/builders.ts";
import { aRedis } from "../support/redis.ts";
import { runInShell } from "../support/shell.ts";
import { openSmtp } from "../support/smtp.ts";
import { linkIn } from "../support/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const ADDRESS = "reader@example.org";
let folder: string;
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-grown-"));
  await chmod(folder, 0o755); // root's server runs as somebody else, who has to walk in
});
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
  // What root's embedded database kept outside its data directory.
  const receipt = join(folder, "small", "root-home");
  if (existsSync(receipt)) await rm(readFileSync(receipt, "utf8"), { recursive: true, force: true });
  await rm(folder, { recursive: true, force: true });
});

function opened<T extends { close(): Promise<unknown> }>(part: T): T {
  closers.push(() => part.close());
  return part;
}
async function anApp(env: Readonly<Record<string, string>>): Promise<App> {
  const config = readConfig(env);
  const publicUrl = config.publicUrl ?? "http://localhost:3000";
  return openApp(config, { log: openLog({ level: "silent" }), publicUrl, offline: true, staysAs: "paperboy start" });
}
async function paperboy(command: string, env: Readonly<Record<string, string>>): Promise<string> {
  const places = { PATH: process.env.PATH!, HOME: folder };
  const ran = await runInShell(`node bin/paperboy.js ${command}`, { cwd: root, env: { ...places, ...env } });
  expect(ran).toMatchObject({ ended: "well" });
  return ran.output;
}

test("readers, what they were sent and their links move from the embedded database to PostgreSQL and Redis", async () => {
  const smtp = opened(await openSmtp());
  const mail = { SMTP_URL: smtp.url, SOURCES: "hugging-face", MAIL_FROM: "Paperboy <digest@paperboy.example>" };
  const small = { ...mail, DATA_DIR: join(folder, "small") };
  const app = await anApp(small);
  const now = await app.databaseNow();
  const yesterday = addDays(utcDayOf(now), -1);
  await app.papers.add([aSighting({ source: "file", listedOn: yesterday, position: 0 })], now, "file");
  await closeEdition(app, yesterday, now, { force: true });
  const address = { email: ADDRESS, addressKey: app.addressKey({ key: ADDRESS } as never) };
  const asked = await app.requests.add({ ...address, wanted: preferences(), askedBy: "form" });
  await app.requests.answered(asked, "confirmation");
  await confirm(app, asked, now);
  for (const range of await app.deliveries.overdue(0, 100, 100)) await deliverBatch(app, range);
  const [digest] = await Promise.all(smtp.taken.map(({ raw }) => PostalMime.parse(raw)));
  const token = linkIn(digest!, "unsubscribe").split("/").at(-1)!;
  const secrets = await openSecrets(small.DATA_DIR);

  // While it runs it can be backed up, and nothing be restored into it.
  const file = join(folder, "small.backup");
  expect(await paperboy(`backup ${file}`, small)).toMatch(/readers: 1, deliveries: 1\.\nIt holds .* the keys/s);
  const refused = await runInShell(`node bin/paperboy.js restore ${file} --replace --yes`, {
    ...{ cwd: root, env: { PATH: process.env.PATH!, HOME: folder, ...small } },
  });
  expect(refused).toMatchObject({
    ended: "with 2",
    output: expect.stringMatching(/^paperboy start.* is running on this database/),
  });
  await app.close();

  const asRoot = rootDefaults();
  const server = opened(
    await openEmbedded({
      ...{ dataDir: join(folder, "server"), settings: { fsync: "off" } },
      asRoot: asRoot && { ...asRoot, base: join(folder, "root") },
    }),
  );
  const redis = await aRedis();
  if (redis) opened(redis);
  const large = {
    ...mail,
    ...{ DATABASE_URL: server.url, ...(redis && { REDIS_URL: redis.url }), DATA_DIR: join(folder, "large") },
    ...{ PUBLIC_URL: "https://paperboy.example", PREVIOUS_PUBLIC_URLS: "http://localhost:3000" },
    ...{ SECRET_KEYS: secrets.secretKeys, SUPPRESSION_KEY: secrets.suppressionKey },
  };
  expect(await paperboy(`restore ${file}`, large)).toMatch(
    /^Restored: the database of \S+, with 1 subscription and 1 deliveries\./,
  );
  expect(await paperboy("migrate", large)).toMatch(/up to date/);

  const grown = opened(await anApp(large));
  expect(await grown.ready()).toEqual({ database: "ok", queue: "ok", smtp: "ok" });
  const web = opened(await listen(createServer(grown), 0, "127.0.0.1"));
  const reader = (await grown.subscriptions.findByAddressKey(address.addressKey))!;
  expect(reader).toMatchObject({ email: ADDRESS, state: "active" });
  // The same paper does not come again, and the link of the mail of before leaves.
  await closeEdition(grown, yesterday, now, { force: true });
  for (const range of await grown.deliveries.overdue(0, 100, 100)) await deliverBatch(grown, range);
  expect(smtp.taken).toHaveLength(1);
  const answer = await fetch(`http://127.0.0.1:${web.port}/unsubscribe/${token}`, {
    ...{
      method: "POST",
      body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }),
      headers: { connection: "close" },
    },
  });
  await answer.text();
  expect([answer.status, (await grown.subscriptions.findById(reader.id))!.state]).toEqual([200, "ended"]);
}, 240_000);
