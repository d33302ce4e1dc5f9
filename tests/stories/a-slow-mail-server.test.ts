/** The mail server hangs with a digest on every connection, in the process that also serves the web. */
import { afterEach, expect, test } from "vitest";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aWorld, linkIn, type World } from "../support/world.ts";

const CONNECTIONS = 3;
const READERS = 12;

let smtp: SmtpServer;
let world: World;
let letGo: () => void;
afterEach(async () => {
  letGo();
  await world.close();
  await smtp.close();
});

test("P4: while every connection hangs the web answers, readers subscribe, confirm and leave, and nothing of it is lost", async () => {
  let hangs = false;
  const held = new Promise<undefined>((resolve) => {
    letGo = () => resolve(undefined);
  });
  smtp = await openSmtp(async (step) => (hangs && step === "dot" ? held : undefined));
  world = await aWorld({
    ...{ start: at("2026-04-15T06:00Z"), offline: true, smtp, env: { SMTP_CONNECTIONS: String(CONNECTIONS) } },
  });
  const { app, clock, url, sql } = world;
  const subscribe = (email: string) =>
    fetch(`${url}/api/v1/subscriptions`, {
      ...{ method: "POST", headers: { "Content-Type": "application/json" } },
      body: JSON.stringify({ email, hour: 7 }),
    });
  // A reader who has a mail with links in hand, and more whose digests will hang.
  await subscribe("ada@example.org");
  await clock.set(at("2026-04-15T06:01Z")); // nobody works off the queue yet: the sweep finds what rang
  await world.settle();
  const confirmation = await world.mail("ada@example.org", 1);
  await fetch(linkIn(confirmation, "confirm"), { method: "POST" });
  await sql(
    `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format)
     SELECT 'key of ' || n, 'many' || n || '@example.org', 'active', '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'text'
     FROM generate_series(1, $1::int) n`,
    [READERS],
  );
  await sql(
    `INSERT INTO subscription_clocks (subscription_id, group_id, joined_at)
     SELECT s.id, g.id, now() - interval '10 years' FROM subscriptions s, delivery_groups g WHERE s.email LIKE 'many%'`,
  );
  await app.papers.add(
    [{ source: "file", arxivId: "2604.00001", title: "Agents", listedOn: "2026-04-14", position: 0, ...nothingElse }],
    clock.now(),
    "file",
  );
  await clock.set(at("2026-04-15T07:00Z"));
  hangs = true;
  await world.work();
  await app.queue.ring("close-edition", {});
  await until(() => smtp.seen.filter(isDigest).length === CONNECTIONS);
  const before = smtp.taken.length;

  expect((await fetch(url)).status).toBe(200);
  expect((await fetch(`${url}/health`)).status).toBe(200);
  expect((await fetch(`${url}/editions/2026-04-14`)).status).toBe(200);
  expect((await subscribe("bob@example.org")).status).toBe(202);
  const [ada] = await sql<{ id: string }>("SELECT id FROM subscriptions WHERE email = 'ada@example.org'");
  const link = app.links.sign("unsubscribe", { subscriptionId: BigInt(ada!.id), deliveryId: 0n }, clock.now());
  expect((await fetch(`${url}/unsubscribe/${link}`, { method: "POST" })).status).toBe(200);
  // All of it was answered while not one digest was.
  expect([smtp.taken.length - before, smtp.seen.filter(isDigest).length]).toEqual([0, CONNECTIONS]);
  expect(await sql("SELECT state FROM subscriptions WHERE id = $1", [ada!.id])).toEqual([{ state: "ended" }]);

  hangs = false;
  letGo();
  await until(() => smtp.taken.filter(isDigest).length >= READERS);
  const readers = smtp.taken.filter(isDigest).map(({ to }) => to[0]!);
  expect(new Set(readers).size).toBe(readers.length);
  await world.mail("bob@example.org", 1);
});

const nothingElse = { authors: [], categories: [], keywords: [], signals: { upvotes: 1 } };
const isDigest = ({ raw }: { raw: string }) => /^List-Unsubscribe:/im.test(raw);
async function until(isSo: () => boolean): Promise<void> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    if (isSo()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come to that in 15 s");
}
