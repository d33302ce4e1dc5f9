import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { aFilter, aSighting, preferences } from "../support/builders.ts";
import { aRedis, hasRedis, type TestRedis } from "../support/redis.ts";
import { at } from "../support/time.ts";
import { aWorld, linkIn, papersIn, type World } from "../support/world.ts";

const FORM = { "content-type": "application/x-www-form-urlencoded" };
const post = (url: string, body = "") => fetch(url, { method: "POST", headers: FORM, body });

/** Papers of one day, the first the most voted. */
function listing(day: string, titles: readonly string[], from: number) {
  return titles.map((title, position) =>
    aSighting({
      ...{
        source: "file",
        arxivId: `2604.${String(from + position).padStart(5, "0")}`,
        title,
        abstract: "",
        listedOn: day,
        position,
      },
      signals: { upvotes: 100 - position },
    }),
  );
}

describe.each(["PostgreSQL", "Redis"])("a reader's life, with the queue on %s", (body) => {
  let world: World;
  let redis: TestRedis | null = null;
  const reader = "reader@example.com";
  const isMissing = body === "Redis" && !hasRedis;

  beforeAll(async () => {
    if (isMissing) return;
    if (body === "Redis") redis = await aRedis();
    world = await aWorld({ start: at("2026-04-15T09:00Z"), offline: true, env: redis ? { REDIS_URL: redis.url } : {} });
    await world.app.papers.add(
      listing("2026-04-14", ["Agents that plan", "Speech for all", "Agents that act"], 1),
      world.clock.now(),
    );
    await world.work();
  });
  afterAll(async () => {
    await world?.close();
    await redis?.close();
  });

  test("request, confirm, welcome, change, next digest without repeats, pause, resume, one click, nothing more, undo", async (context) => {
    if (isMissing) return context.skip("there is no redis-server on this machine");
    const { app, clock, url } = world;
    const night = async (day: string) => {
      await clock.set(at(`${day}T01:05Z`));
      await app.queue.add("close-edition", {});
      await until(async () => (await app.editions.bounds()).newestDecided === addDays(day, -1));
    };
    const seven = async (day: string) => {
      await clock.set(at(`${day}T07:01Z`));
      await app.queue.add("plan-deliveries", {});
    };
    const morning = async (day: string) => {
      await night(day);
      await seven(day);
    };
    /** True once the tick has gone by for this day, whatever it decided. */
    const isPlanned = async (day: string) =>
      (await world.sql("SELECT FROM group_days WHERE local_day = $1 AND outcome <> 'waiting'", [day])).length > 0;

    await until(async () => (await app.editions.newest()) !== null);

    // Request.
    const asked = await post(
      `${url}/subscriptions`,
      `email=${encodeURIComponent(reader)}&cadence=daily&hour=7&zone=UTC&maxPapers=2&format=html&language=en`,
    );
    expect(asked.ok).toBe(true);
    const confirmation = await world.mail(reader, 1);

    // Looking changes nothing; pressing confirms, once.
    const confirmUrl = linkIn(confirmation, "confirm");
    expect((await fetch(confirmUrl)).status).toBe(200);
    expect(await world.sql("SELECT count(*)::int AS n FROM subscriptions")).toEqual([{ n: 0 }]);
    expect((await post(confirmUrl)).status).toBe(200);

    // Welcome digest: the best two.
    const welcome = await world.mail(reader, 2);
    expect(papersIn(welcome)).toEqual(["2604.00001", "2604.00002"]);
    expect((await post(confirmUrl)).status).toBe(200);

    // Other watches, over the API.
    const token = linkIn(welcome, "preferences").split("/").at(-1)!;
    const changed = await fetch(`${url}/api/v1/subscriptions/${token}`, {
      method: "PATCH",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ filter: { watches: [{ name: "Agents", include: ["agents"] }] }, maxPapers: 10 }),
    });
    expect([changed.status, ((await changed.json()) as { maxPapers: number }).maxPapers]).toEqual([200, 10]);

    // The next day: what is new and was left over, nothing twice.
    await app.papers.add(listing("2026-04-15", ["Agents in the wild", "Vision without words"], 11), clock.now());
    await morning("2026-04-16");
    const second = await world.mail(reader, 3);
    expect(papersIn(second)).toEqual(["2604.00011", "2604.00003"]);

    // Paused: an edition goes by.
    expect((await patch({ paused: true })).status).toBe(200);
    await app.papers.add(listing("2026-04-16", ["Agents on pause"], 21), clock.now());
    await morning("2026-04-17");
    await until(async () => (await app.editions.find("2026-04-16"))?.state === "closed");
    await world.run("plan-deliveries", {});

    // Resumed: the next edition comes, with what the pause left out.
    expect((await patch({ paused: false })).status).toBe(200);
    await app.papers.add(listing("2026-04-17", ["Agents resumed"], 31), clock.now());
    await morning("2026-04-18");
    const third = await world.mail(reader, 4);
    expect(papersIn(third)).toEqual(["2604.00031", "2604.00021"]);

    // One click at ten to seven, twice, as a mail provider does it: nothing more comes.
    await app.papers.add(listing("2026-04-18", ["Agents unseen"], 41), clock.now());
    await night("2026-04-19");
    await clock.set(at("2026-04-19T06:50Z"));
    const unsubscribe = linkIn(third, "unsubscribe");
    const header = third.headers.find(({ key }) => key === "list-unsubscribe")!.value;
    expect(header).toContain(`<${unsubscribe}>`);
    for (let press = 0; press < 2; press += 1)
      expect((await post(unsubscribe, "List-Unsubscribe=One-Click")).status).toBe(200);
    const stays = await world.app.subscriptions.findById(await otherReader());
    await seven("2026-04-19");
    await until(() => isPlanned("2026-04-19"));
    await world.mail("other@example.com", 1);
    expect([stays?.state, (await world.inbox(reader)).length]).toEqual(["active", 4]);

    // Undo, from the page that leaving shows.
    await clock.set(at("2026-04-19T07:10Z"));
    const page = await (await post(unsubscribe)).text();
    const [undo] = /\/undo\/[\w.~-]+/.exec(page)!;
    expect((await post(`${url}${undo}`)).status).toBe(200);
    expect((await app.subscriptions.findByAddressKey(await keyOf(reader)))?.state).toBe("active");

    // As before: today's digest is made up for.
    await app.queue.add("plan-deliveries", {});
    const fourth = await world.mail(reader, 5);
    expect(papersIn(fourth)).toEqual(["2604.00041"]);

    const everything = (await world.inbox(reader)).slice(1).flatMap(papersIn);
    expect(new Set(everything).size).toBe(everything.length);

    /** Somebody who gets this edition: what the one who left would have got. */
    async function otherReader(): Promise<bigint> {
      const wanted = preferences({ filter: aFilter({ include: ["unseen"] }) });
      const id = await app.requests.add({ email: "other@example.com", addressKey: "other", wanted, askedBy: "form" });
      await app.requests.answered(id, "confirmation");
      const confirmed = await app.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      );
      if (confirmed.outcome !== "confirmed") throw new Error(confirmed.outcome);
      return confirmed.id;
    }

    async function keyOf(email: string): Promise<string> {
      const [row] = await world.sql<{ key: string }>("SELECT address_key AS key FROM subscriptions WHERE email = $1", [
        email,
      ]);
      return row!.key;
    }

    function patch(change: object) {
      return fetch(`${url}/api/v1/subscriptions/${token}`, {
        method: "PATCH",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(change),
      });
    }
  }, 240_000);
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not become true in 15 s");
}
