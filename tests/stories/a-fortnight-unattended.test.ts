/** From an empty database: workers, queue and clock are left alone for fourteen days, a day taking some seconds. */
import { afterAll, beforeAll, describe, expect } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { preferences } from "../support/builders.ts";
import { type Hub, hubDays, openHub } from "../support/hub.ts";
import { needs } from "../support/needs.ts";
import { sharedData } from "../support/shared-data.ts";
import { at } from "../support/time.ts";
import { aWorld, papersIn, type World } from "../support/world.ts";

const DAY_MS = 86_400_000;
/** Real milliseconds a day takes here. */
const DAY_TAKES_MS = 5_500;
const FACTOR = DAY_MS / DAY_TAKES_MS;
const START = at("2026-04-04T12:00Z");
/** A day after the last digest fell due, for a slow machine; until Tuesday morning no further one is, which leaves time to look. */
const END = at("2026-04-19T20:00Z");
/** Editions owed: the first start makes the one of the last day that was over and had papers. */
const WORKING_DAYS = ["03", "06", "07", "08", "09", "10", "13", "14", "15", "16", "17"].map((day) => `2026-04-${day}`);
/** At which local day each reader gets Friday's edition, which only closes when everything starts on Saturday noon. */
const READERS = {
  "early@example.org": { hour: 7, first: "2026-04-05" },
  "late@example.org": { hour: 20, first: "2026-04-04" },
};

describe("a fortnight unattended, from an empty database", () => {
  let world: World;
  let hub: Hub;

  beforeAll(async () => {
    if (!sharedData) return;
    const known = { now: () => START };
    hub = await openHub({ days: hubDays(`${sharedData}/hugging-face/daily`), now: () => known.now() });
    world = await aWorld({ start: START, factor: FACTOR, env: { HUGGING_FACE_URL: hub.url } });
    known.now = world.clock.now;
    for (const [email, { hour }] of Object.entries(READERS)) {
      const wanted = preferences({ hour, maxPapers: 5, format: "text" });
      const id = await world.app.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
      await world.app.requests.answered(id, "confirmation");
      await world.app.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      );
    }
    const ticks = { collectMs: 2, closeMs: 1, planMs: 0.5, sweepMs: 2, assertMs: 6 };
    const hours = Object.entries(ticks).map(([name, every]) => [
      name,
      Math.max(50, Math.round((every * 3_600_000) / FACTOR)),
    ]);
    await world.work(Object.fromEntries(hours));
    while (world.clock.now() < END) await new Promise((resolve) => setTimeout(resolve, 100));
  }, 180_000);
  afterAll(async () => {
    await world?.close();
    await hub?.close();
  });

  const story = needs(sharedData, "the real days are not beside this checkout (../shared/data)");
  story("each working day became an edition, each edition one digest a reader, and no paper came twice", async () => {
    const closed = await world.sql<{ date: string }>(
      "SELECT date::text AS date FROM editions WHERE state = 'closed' ORDER BY date",
    );
    expect(closed.map(({ date }) => date)).toEqual(WORKING_DAYS);
    for (const [email, { first }] of Object.entries(READERS)) {
      const got = await world.sql<{ edition: string; day: string; state: string }>(
        `SELECT d.edition_date::text AS edition, d.local_day::text AS day, d.state FROM deliveries d
         JOIN subscriptions s ON s.id = d.subscription_id WHERE s.email = $1 ORDER BY d.local_day`,
        [email],
      );
      expect([email, got]).toEqual([
        email,
        WORKING_DAYS.map((edition, n) => ({ edition, day: n === 0 ? first : addDays(edition, 1), state: "accepted" })),
      ]);
      const papers = (await world.inbox(email)).flatMap(papersIn);
      expect([papers.length, new Set(papers).size]).toEqual([55, 55]);
    }
  });
});
