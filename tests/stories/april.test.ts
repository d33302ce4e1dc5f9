/**
 * The thirty real days of April 2026, through the Hugging Face source and out by SMTP, for readers in thirteen zones and
 * of every cadence. Who gets what when is worked out a second time here, with nothing of the product's own.
 */
import { afterAll, beforeAll, describe, expect } from "vitest";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { addDays } from "../../src/core/day.ts";
import { type PreferencesGiven, preferences } from "../support/builders.ts";
import { type Hub, type HubItem, hubDays, openHub } from "../support/hub.ts";
import { needs } from "../support/needs.ts";
import { sharedData } from "../support/shared-data.ts";
import { at, instantIn } from "../support/time.ts";
import { aWorld, papersIn, type World } from "../support/world.ts";

const ZONES = [
  ...["Pacific/Kiritimati", "Pacific/Auckland", "Australia/Lord_Howe", "Asia/Tokyo", "Asia/Kathmandu", "Asia/Kolkata"],
  ...[
    "Europe/Berlin",
    "Africa/Casablanca",
    "UTC",
    "America/St_Johns",
    "America/New_York",
    "America/Los_Angeles",
    "Pacific/Honolulu",
  ],
];
type Cadence = "daily" | "weekdays" | "weekly";
interface Reader {
  readonly email: string;
  readonly zone: string;
  readonly cadence: Cadence;
  readonly weekday: number | null;
  readonly hour: number;
}

/** One a zone and cadence, hours spread over the day. */
const READERS: readonly Reader[] = ZONES.flatMap((zone, z) =>
  (["daily", "weekdays", 1, 2, 3, 4, 5, 6, 7] as const).map((rhythm, r) => ({
    email: `${zone.toLowerCase().replace(/[^a-z]/g, "-")}.${rhythm}@example.org`,
    zone,
    cadence: typeof rhythm === "number" ? "weekly" : rhythm,
    weekday: typeof rhythm === "number" ? rhythm : null,
    hour: (z * 5 + r * 7) % 24,
  })),
);
const AT_SEVEN: Reader = { email: "seven@example.org", zone: "UTC", cadence: "daily", weekday: null, hour: 7 };
const EVERYTHING: Reader = { email: "everything@example.org", zone: "UTC", cadence: "daily", weekday: null, hour: 8 };

const HOUR = 3_600_000;
/** Editions that readers are owed: listed on weekdays, closed at 01:00 UTC on the day after. */
const WORKING_DAYS = daysOf("2026-04-01", "2026-04-30").filter((day) => new Date(day).getUTCDay() % 6 !== 0);
const closed = (day: string) => Date.parse(`${addDays(day, 1)}T01:00Z`);

/** A paper the source lists two days late, and one whose votes only come days after. */
const LATE_DAY = "2026-04-14";
const RISING_DAY = "2026-04-21";

describe("the thirty days of April", () => {
  let world: World;
  let hub: Hub;
  let late: HubItem;
  let rising: HubItem;

  beforeAll(async () => {
    if (!sharedData) return;
    const days = hubDays(`${sharedData}/hugging-face/daily`);
    late = days.get(LATE_DAY)![3]!;
    rising = days.get(RISING_DAY)!.at(-1)!;
    const known = { now: () => at("2026-04-01T00:00Z") };
    hub = await openHub({ days: misfortunes(days, known), now: () => known.now() });
    world = await aWorld({
      start: at("2026-04-01T00:00Z"),
      env: { HUGGING_FACE_URL: hub.url, SMTP_CONNECTIONS: "20" },
    });
    known.now = world.clock.now;
    await subscribe(world, [...READERS, AT_SEVEN], 5);
    await subscribe(world, [EVERYTHING], 50);
    await play(world);
  }, 400_000);
  afterAll(async () => {
    await world?.close();
    await hub?.close();
  });
  const story = needs(sharedData, "the real days are not beside this checkout (../shared/data)");

  story(
    "a daily reader at 07:00 UTC gets one digest for each of the 22 editions, and none on a quiet day",
    async () => {
      expect(await deliveredTo(world, AT_SEVEN)).toEqual(
        WORKING_DAYS.map((edition) => ({ localDay: addDays(edition, 1), edition })),
      );
      const states = await world.sql(
        "SELECT date::text AS date, state FROM editions WHERE date >= '2026-04-01' ORDER BY date",
      );
      expect(states).toEqual(
        daysOf("2026-04-01", "2026-04-30").map((date) => ({
          date,
          state: WORKING_DAYS.includes(date) ? "closed" : "quiet",
        })),
      );
    },
  );

  story("every reader of every zone and cadence gets exactly the digests they were promised", async () => {
    for (const reader of READERS)
      expect([reader.email, await deliveredTo(world, reader)]).toEqual([reader.email, owed(reader)]);
  });

  story("D1: an early pull shows a part of a day; its edition has all of it", async () => {
    const full = hubDays(`${sharedData}/hugging-face/daily`);
    const rows = await world.sql<{ day: string; papers: number }>(
      `SELECT listed_on::text AS day, count(*)::int AS papers FROM edition_papers WHERE edition_date = listed_on GROUP BY 1 ORDER BY 1`,
    );
    const expected = WORKING_DAYS.map((day) => ({ day, papers: full.get(day)!.length - (day === LATE_DAY ? 1 : 0) }));
    expect(rows).toEqual(expected);
    const [early] = await world.sql<{ papers: number }>(
      "SELECT papers FROM pulls WHERE day = '2026-04-15' ORDER BY started_at LIMIT 1",
    );
    expect(early!.papers).toBeLessThan(expected.find(({ day }) => day === "2026-04-15")!.papers / 2);
  });

  story("nobody gets the same paper twice", async () => {
    for (const reader of [...READERS, AT_SEVEN, EVERYTHING]) {
      const papers = (await world.inbox(reader.email)).flatMap(papersIn);
      expect([reader.email, papers.length]).toEqual([reader.email, new Set(papers).size]);
    }
  });

  story("D4: a paper that is listed late, and one that rises late, are still caught, once", async () => {
    const all = (await world.inbox(EVERYTHING.email)).map(papersIn);
    expect(all.filter((papers) => papers.includes(late.paper.id))).toHaveLength(1);
    const five = (await world.inbox(AT_SEVEN.email)).map((mail) => ({ subject: mail.date, papers: papersIn(mail) }));
    const caught = five.filter(({ papers }) => papers.includes(rising.paper.id));
    expect(caught).toHaveLength(1);
    expect(caught[0]!.subject!.slice(0, 10) > addDays(RISING_DAY, 1)).toBe(true);
  });

  story("D5, D7: who takes everything gets every paper of the month, each once", async () => {
    const listed = new Set(
      [...hubDays(`${sharedData}/hugging-face/daily`).values()].flat().map((item) => item.paper.id),
    );
    const sent = new Set((await world.inbox(EVERYTHING.email)).flatMap(papersIn));
    const missed = [...listed].filter((id) => !sent.has(id));
    expect(missed).toEqual([]);
  });

  /** Owed by docs/promises.md §6.8: at each of the reader's hours the newest closed edition they had not had, if it is fresh enough. */
  function owed({ zone, cadence, weekday, hour }: Reader) {
    const window = { daily: 30, weekdays: 80, weekly: 7 * 24 }[cadence] * HOUR;
    const got: { localDay: string; edition: string }[] = [];
    for (const localDay of daysOf("2026-04-01", "2026-05-02")) {
      const day = new Date(localDay).getUTCDay() || 7;
      if ((cadence === "weekdays" && day > 5) || (cadence === "weekly" && day !== weekday)) continue;
      const hourAt = instantIn(zone, localDay, hour);
      if (hourAt > END) continue;
      const newest = WORKING_DAYS.filter((edition) => closed(edition) <= hourAt).at(-1);
      if (!newest || hourAt - closed(newest) > window || got.some(({ edition }) => edition === newest)) continue;
      got.push({ localDay, edition: newest });
    }
    return got;
  }
});

const END = Date.parse("2026-05-01T23:45Z");

/** Late listing and late votes, as the source would show them at the time. */
function misfortunes(
  days: Map<string, HubItem[]>,
  clock: { now: () => Date },
): ReadonlyMap<string, readonly HubItem[]> {
  const seen = new Map<string, readonly HubItem[]>(days);
  return {
    ...seen,
    get: (day: string) => {
      const items = days.get(day);
      if (day === LATE_DAY && clock.now() < at(`${addDays(LATE_DAY, 2)}T12:00Z`))
        return items?.filter((_, n) => n !== 3);
      const hasRisen = clock.now() >= at(`${addDays(RISING_DAY, 3)}T12:00Z`);
      if (day === RISING_DAY)
        return items?.map((item, n) =>
          n < items.length - 1
            ? item
            : {
                ...{ ...item, numComments: hasRisen ? 30 : 1 },
                paper: { ...item.paper, upvotes: hasRisen ? 4_000 : 0 },
              },
        );
      return items;
    },
  } as ReadonlyMap<string, readonly HubItem[]>;
}

/** Requests and confirms at the store, as thousands of clicks would. */
async function subscribe(world: World, readers: readonly Reader[], maxPapers: number): Promise<void> {
  for (const { email, zone, cadence, weekday, hour } of readers) {
    const rhythm = (cadence === "weekly" ? { cadence, weekday } : { cadence }) as PreferencesGiven;
    const wanted = preferences({ ...rhythm, zone, hour, maxPapers, format: "text" });
    const id = await world.app.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
    await world.app.requests.answered(id, "confirmation");
    await world.app.subscriptions.confirm(
      id,
      () => null,
      async () => {},
    );
  }
}

/** A tick every quarter of an hour; the source is read at 03:30 and after the day has ended. */
async function play(world: World): Promise<void> {
  for (let now = Date.parse("2026-04-01T00:00Z"); now <= END; now += HOUR / 4) {
    const time = new Date(now).toISOString().slice(11, 16);
    await world.clock.set(new Date(now));
    if (["00:30", "03:30"].includes(time)) await world.run("collect-papers", {});
    if (time === "01:00") await world.run("close-edition", {});
    if ((await planDeliveries(world.app, new Date(now))) === 0) continue;
    for (const { localDay, fromId, toId } of await world.app.deliveries.overdue(0, 100_000, 1_000))
      await world.run("deliver-batch", { localDay, fromId: String(fromId), toId: String(toId) });
  }
}

function deliveredTo(world: World, { email }: Reader) {
  return world.sql(
    `SELECT d.local_day::text AS "localDay", d.edition_date::text AS edition FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id
     WHERE s.email = $1 AND d.state = 'accepted' ORDER BY d.local_day`,
    [email],
  );
}

function daysOf(since: string, until: string): string[] {
  const days: string[] = [];
  for (let day = since; day <= until; day = addDays(day, 1)) days.push(day);
  return days;
}
