/** From the first letter to the last trace: a reader leaves, is forgotten by themselves, comes back; and a backup remembers. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { noticeRestore } from "../../src/actions/notice-restore.ts";
import { backUp } from "../support/backup.ts";
import { aSighting } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aWorld, linkIn, papersIn, type World } from "../support/world.ts";

const READER = "Reader.Of.Papers@example.com";
const ELSEWHERE = "reader.of.papers@new.example.org";
let world: World;
beforeAll(async () => {
  world = await aWorld({ start: at("2026-04-15T09:00Z"), offline: true, env: { RETENTION_DAYS: "15" } });
});
afterAll(() => world.close());

const post = (url: string, fields: Readonly<Record<string, string>> = {}) =>
  fetch(url, { method: "POST", body: new URLSearchParams(fields) });

/** Papers of one day, the first the most voted; the first edition that can have them is made by {@link until}. */
async function listed(day: string, ...numbers: number[]): Promise<void> {
  const papers = numbers.map((number, position) =>
    aSighting({
      ...{ source: "file", arxivId: `2604.${String(number).padStart(5, "0")}`, title: `Paper ${number}`, abstract: "" },
      ...{ listedOn: day, position, signals: { upvotes: 100 - position } },
    }),
  );
  await world.app.papers.add(papers, world.clock.now(), "file");
}

/** Everything that is due at that time. */
async function until(time: string): Promise<void> {
  await world.clock.set(at(time));
  await world.settle();
}

/** Subscribes by the form and confirms by mail. @returns the newest two mails: confirmation and welcome digest */
async function subscribed(time: string) {
  const before = (await world.inbox(READER)).length;
  await post(`${world.url}/subscriptions`, { email: READER, hour: "7", zone: "Europe/Berlin", include: "paper" });
  await until(time);
  const confirmation = await world.mail(READER, before + 1);
  expect((await post(linkIn(confirmation, "confirm"))).status).toBe(200);
  await world.settle();
  return { confirmation, welcome: await world.mail(READER, before + 2) };
}

/** Whether anything of the reader stands in any table, the queue's included. */
async function isRemembered(): Promise<boolean> {
  const tables = await world.sql<{ name: string }>(
    `SELECT format('%I.%I', nspname, relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = relnamespace
      WHERE relkind = 'r' AND nspname NOT IN ('pg_catalog', 'information_schema', 'backup')`,
  );
  for (const { name } of tables) {
    const [found] = await world.sql(
      `SELECT FROM ${name} t WHERE t::text ~* 'reader\\.of\\.papers|Europe/Berlin' LIMIT 1`,
    );
    // Groups of readers are named by their zone, and stay when nobody is left in one.
    if (found && name !== "public.delivery_groups") return true;
  }
  return false;
}

test("subscribes, reads, leaves, is forgotten on the day that was told; comes back, and gets no paper twice", async () => {
  await listed("2026-04-14", 1, 2);
  await until("2026-04-15T09:00Z");
  const { welcome } = await subscribed("2026-04-15T09:01Z");
  expect(papersIn(welcome)).toEqual(["2604.00001", "2604.00002"]);

  await listed("2026-04-15", 3);
  await until("2026-04-16T05:00Z");
  const second = await world.mail(READER, 3);
  expect(papersIn(second)).toEqual(["2604.00003"]);
  const goodbye = await (await post(`${linkIn(second, "unsubscribe")}?by=page`)).text();
  expect(goodbye).toContain("erased by May 1, 2026 at the latest");

  await world.app.highWater.rise();
  const backup = await backUp(world.pool);
  for (const day of ["04-17", "04-18", "04-20", "04-22", "04-24", "04-26", "04-28", "04-30"])
    await until(`2026-${day}T05:00Z`);
  expect(await isRemembered()).toBe(true);
  await until("2026-05-01T05:01Z");
  expect(await isRemembered()).toBe(false);
  expect(await world.sql("SELECT state, email, ended_because FROM subscriptions")).toEqual([
    { state: "ended", email: null, ended_because: "reader" },
  ]);
  expect(await world.inbox(READER)).toHaveLength(3);

  // A link of the old life is nobody's any more, and leaving once more is still answered.
  expect((await fetch(linkIn(second, "preferences"))).status).toBe(404);
  expect((await post(linkIn(second, "unsubscribe"))).status).toBe(200);

  // Yesterday's backup is put back: it knows the address. It is forgotten again before anything else is done.
  await world.app.highWater.rise();
  await backup.putBack();
  expect(await isRemembered()).toBe(true);
  await noticeRestore(world.app);
  expect(await isRemembered()).toBe(false);

  // The same person subscribes again. What they had is listed once more, beside something new.
  await listed("2026-05-01", 3, 4, 1);
  await until("2026-05-02T09:00Z");
  const { welcome: again } = await subscribed("2026-05-02T09:01Z");
  expect(papersIn(again)).toEqual(["2604.00004"]);
  expect(await world.sql("SELECT count(*)::int AS rows, max(email) AS email FROM subscriptions")).toEqual([
    { rows: 1, email: READER },
  ]);
}, 240_000);

test("moves to another address: asked there, told here, and no paper comes twice", async () => {
  const [{ id }] = (await world.sql<{ id: string }>("SELECT id FROM subscriptions")) as [{ id: string }];
  const account = world.app.links.sign("account", { subscriptionId: BigInt(id) }, world.clock.now());
  const mails = (await world.inbox(READER)).length;
  expect((await post(`${world.url}/account/${account}`, { email: ELSEWHERE })).status).toBe(200);
  await until("2026-05-02T09:30Z");
  const asked = await world.mail(ELSEWHERE, 1);
  expect([asked.subject, asked.text?.includes(READER)]).toEqual([
    "Please confirm: should your digest come here?",
    false,
  ]);
  expect((await post(linkIn(asked, "confirm"))).status).toBe(200);
  await until("2026-05-02T09:31Z");
  const told = await world.mail(READER, mails + 1);
  expect([told.subject, told.text?.includes(ELSEWHERE)]).toEqual([
    "Your Paperboy digest goes to another address now",
    false,
  ]);

  await listed("2026-05-02", 5, 4, 3);
  await until("2026-05-03T05:00Z");
  expect(papersIn(await world.mail(ELSEWHERE, 2))).toEqual(["2604.00005"]);
  expect((await world.inbox(READER)).length).toBe(mails + 1);
});

test("a mail that went to the old address still leaves, and undoes that, but opens nothing of the new one's", async () => {
  const old = (await world.inbox(READER)).findLast(({ text }) => text?.includes("/unsubscribe/"))!;
  for (const opens of ["preferences", "account"]) {
    const [link] = new RegExp(`https?://\\S+/${opens}/[\\w.~-]+`).exec(old.text!) ?? [];
    if (link) expect([opens, (await fetch(link)).status]).toEqual([opens, 404]);
  }
  const states = () => world.sql("SELECT state FROM subscriptions WHERE email = $1", [ELSEWHERE]);
  const left = await (await post(linkIn(old, "unsubscribe"))).text();
  expect([left.includes("You are unsubscribed"), left.includes("@"), await states()]).toEqual([
    ...[true, false, [{ state: "ended" }]],
  ]);
  const [, undo] = /action="(\/undo\/[^"]+)"/.exec(left)!;
  const back = await (await post(`${world.url}${undo}`)).text();
  expect([back.includes("@"), await states()]).toEqual([false, [{ state: "active" }]]);
});

test("asks for the account link, takes a copy, and is erased at once", async () => {
  const before = (await world.inbox(ELSEWHERE)).length;
  await post(`${world.url}/lost-link`, { email: ELSEWHERE, opens: "account" });
  await until("2026-05-03T10:01Z");
  const account = linkIn(await world.mail(ELSEWHERE, before + 1), "account");
  expect(await (await fetch(account)).text()).toContain(ELSEWHERE);
  const copy = (await (await fetch(account.replace("/account/", "/api/v1/account/").concat("/export"))).json()) as {
    address: string;
    changes: { what: string; preferences: unknown }[];
    deliveries: { papers: { id: string }[] }[];
  };
  // Choices of this life alone; what was sent in the lives before still counts, so it is held and shown.
  expect([copy.address, copy.changes.map(({ what, preferences }) => `${what} ${preferences === null}`)]).toEqual([
    ELSEWHERE,
    ["confirmed false", "ended false", "undone false"],
  ]);
  expect(copy.deliveries.flatMap(({ papers }) => papers.map(({ id }) => id)).sort()).toEqual([
    ...["2604.00001", "2604.00002", "2604.00003", "2604.00004", "2604.00005"],
  ]);
  expect((await post(`${account}?do=erase`)).status).toBe(200);
  expect(await isRemembered()).toBe(false);
  expect((await fetch(account)).status).toBe(404);
});
