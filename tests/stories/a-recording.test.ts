/**
 * Three days are lived through with a source that fills up, fails and repeats, beside another that adds categories, and
 * recorded; then the recording is replayed in another database. Both must come to the same rows.
 */
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { collectPapers } from "../../src/actions/collect-papers.ts";
import { planDeliveries } from "../../src/actions/plan-deliveries.ts";
import { type Replay, replay } from "../../src/actions/replay.ts";
import { addDays } from "../../src/core/day.ts";
import type { ReaderKind } from "../../src/core/reader-kinds.ts";
import { readRecording } from "../../src/sources/read-recording.ts";
import { openRecording, type Recording } from "../../src/sources/recording.ts";
import type { Source } from "../../src/sources/source.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aLog, aPress, type Press } from "../actions/press.ts";
import { aFilter, aSighting, preferences } from "../support/builders.ts";
import { type Hub, type HubItem, openHub } from "../support/hub.ts";
import { at } from "../support/time.ts";
import { aWorld, type World } from "../support/world.ts";

const START = at("2026-04-10T00:30Z");
/** The last round that is recorded; everybody's hour comes once more after its edition. */
const LAST_ROUND = at("2026-04-15T00:30Z");
const END = at("2026-04-16T01:00Z");
const HALF_AN_HOUR = 30 * 60_000;

/** Eight papers on each working day; Saturday and Sunday show Friday's again. */
const DAYS = new Map(
  ["2026-04-08", "2026-04-09", "2026-04-10", "2026-04-13", "2026-04-14"].map((day) => [day, papersOf(day)]),
);

function papersOf(day: string): HubItem[] {
  return Array.from({ length: 8 }, (_, n) => ({
    paper: {
      id: `2604.${day.slice(8)}${String(n).padStart(3, "0")}`,
      title: n % 2 === 0 ? `Agents that plan, ${day} ${n}` : `$\\alpha$-diffusion of images, ${day} ${n}`,
      summary: n % 2 === 0 ? "We train agents that use tools and plan." : "A diffusion model generates images.",
      ...{ upvotes: 40 * (n + 1), githubStars: 10 * n, ...(n % 3 === 0 && { githubRepo: "https://github.com/a/b" }) },
      authors: [{ name: n === 5 ? "Ada Lovelace" : "Alan Turing" }],
      ...{ publishedAt: `${day}T12:00:00.000Z`, submittedOnDailyAt: `${day}T00:00:00.000Z` },
    },
    title: `${n}`,
    numComments: n,
  }));
}

const KINDS: readonly ReaderKind[] = [
  { name: "broad", preferences: preferences({ maxPapers: 5 }) },
  {
    name: "agents",
    preferences: preferences({ filter: aFilter({ topics: ["agents"] }), hour: 9, zone: "Asia/Kolkata" }),
  },
  { name: "author", preferences: preferences({ filter: aFilter({ authors: ["Ada Lovelace"] }), cadence: "weekdays" }) },
  { name: "category", preferences: preferences({ filter: aFilter({ categories: ["cs.MA"] }), hour: 20 }) },
  { name: "weekly", preferences: preferences({ cadence: "weekly", weekday: 1, hour: 6, zone: "Europe/Berlin" }) },
  { name: "nothing", preferences: preferences({ filter: aFilter({ include: ["zebrafish"] }) }) },
];

/** Knows the category of every other paper, and one paper that nobody else lists. */
const arxiv: Source = {
  ...{ name: "arxiv", trending: false },
  fetch: async ({ day }) => ({
    sightings: [
      aSighting({
        ...{ source: "arxiv", arxivId: `2604.${day.slice(8)}900`, title: `Followed on ${day}`, categories: ["cs.LG"] },
        ...{ authors: ["Ada Lovelace"], publishedAt: at(`${day}T10:00Z`) },
      }),
    ],
    refusals: [{ where: "entry 2", reason: "no title" }],
  }),
  enrich: async ({ arxivIds }) => ({
    sightings: arxivIds
      .filter((id) => Number(id.at(-1)) % 2 === 0)
      .map((arxivId) => aSighting({ source: "arxiv", arxivId, title: `Agents ${arxivId}`, categories: ["cs.MA"] })),
    refusals: [],
  }),
};

let folder: string;
let hub: Hub;
let world: World;
let press: Press;
let replayed: Replay;

beforeAll(async () => {
  folder = join(await mkdtemp(join(tmpdir(), "paperboy-recording-")), "pulls");
  const clock = { now: () => START };
  hub = await openHub({
    days: DAYS,
    now: () => clock.now(),
    misbehave(day, now) {
      // Friday's papers on the weekend, as has been seen; on Tuesday at midnight it is down.
      if (day === "2026-04-11" || day === "2026-04-12") return DAYS.get("2026-04-10")!;
      const isDown = now >= at("2026-04-14T00:00Z") && now < at("2026-04-14T02:00Z");
      return isDown ? { status: 200, body: "<html>We will be back</html>" } : undefined;
    },
  });
  world = await aWorld({ start: START, env: { HUGGING_FACE_URL: hub.url } });
  clock.now = world.clock.now;
  await live(world, await openRecording(folder, aLog().log));

  press = await aPress({ start: START });
  const needs = { ...press.needs, shelf: openShelf(press.store.editions), setClock: press.store.clock.set };
  replayed = await replay(needs, await readRecording(folder), KINDS);
}, 240_000);
afterAll(async () => {
  await press?.end();
  await world?.close();
  await hub?.close();
  await rm(join(folder, ".."), { recursive: true, force: true });
});

/** As the workers do it: papers at half past some hours, editions behind each round and at 01:00, plans at every half hour. */
async function live({ app, clock, run, sql }: World, recording: Recording): Promise<void> {
  for (const { name, preferences: wanted } of KINDS) {
    const id = await app.requests.add({ email: `${name}@example.org`, addressKey: name, wanted, askedBy: "form" });
    await app.requests.answered(id, "confirmation");
    await app.subscriptions.confirm(
      id,
      () => null,
      async () => {},
    );
  }
  for (let now = START.getTime(); now < END.getTime(); now += HALF_AN_HOUR) {
    await clock.set(new Date(now));
    const time = new Date(now).toISOString().slice(11, 16);
    if (["00:30", "02:30", "13:30"].includes(time) && now <= LAST_ROUND.getTime()) {
      await collectPapers({ ...app, sources: [...app.sources, arxiv], recording });
      await run("close-edition", {});
    }
    if (time === "01:00") await run("close-edition", {});
    await planDeliveries(app, new Date(now));
    for (const { localDay, fromId, toId } of await app.deliveries.overdue(0, 1_000, 1_000))
      await run("deliver-batch", { localDay, fromId: String(fromId), toId: String(toId) });
  }
  expect(await sql("SELECT count(*)::int AS sent FROM deliveries WHERE state = 'accepted'")).not.toEqual([{ sent: 0 }]);
}

const both = (text: string) => Promise.all([world.sql(text), press.store.sql(text)]);

describe("a recording, replayed, comes to what happened live:", () => {
  test("the same pulls, failed and repeating ones among them", async () => {
    const [lived, played] = await both(
      "SELECT source, day::text, started_at, ended_at, outcome, papers, refused, problem FROM pulls ORDER BY id",
    );
    expect(played).toEqual(lived);
    const outcomes = new Set((lived as { outcome: string }[]).map(({ outcome }) => outcome));
    expect(outcomes).toEqual(new Set(["good", "repeating", "failed"]));
  });

  test("the same papers, with what each source said of them", async () => {
    const [lived, played] =
      await both(`SELECT public_id, title, abstract, authors, categories, published_at, code_url, told_by,
      signals_at(id, 'infinity') AS signals FROM papers ORDER BY public_id`);
    expect(played).toEqual(lived);
    expect((lived as { categories: string[] }[]).filter(({ categories }) => categories.includes("cs.MA"))).not.toEqual(
      [],
    );
  });

  test("the same editions, closed at the same time: the one that waited for the source, too", async () => {
    const [lived, played] = await both("SELECT date::text, state, because, closed_at FROM editions ORDER BY date");
    expect(played).toEqual(lived);
    expect(lived).toContainEqual({
      ...{ date: "2026-04-13", state: "closed", because: "complete", closed_at: at("2026-04-14T02:30Z") },
    });
    const [ranked, rankedAgain] =
      await both(`SELECT edition_date::text AS date, rank, public_id, lane, listed_on::text, upvotes,
      comments, stars, stars_gained, score, topics, is_new, facts FROM edition_papers e JOIN papers p ON p.id = paper_id ORDER BY 1, 2`);
    expect(rankedAgain).toEqual(ranked);
  });

  test("the same digests, and the same reasons for none", async () => {
    const [lived, played] =
      await both(`SELECT subscription_id, local_day::text AS day, edition_date::text AS edition, due_at, state, reason,
      ARRAY(SELECT p.public_id FROM unnest(d.paper_ids) WITH ORDINALITY k(id, n) JOIN papers p ON p.id = k.id ORDER BY n) AS papers
      FROM deliveries d ORDER BY subscription_id, local_day`);
    expect(played).toEqual(lived);
    const rows = lived as { subscription_id: string; day: string; edition: string; state: string; papers: string[] }[];
    expect(
      replayed.kinds.map(({ digests }) =>
        digests.map(({ localDay, editionDate, papers }) => [localDay, editionDate, papers.map(({ id }) => id)]),
      ),
    ).toEqual(
      KINDS.map((_, n) =>
        rows
          .filter(({ subscription_id, state }) => Number(subscription_id) === n + 1 && state === "accepted")
          .map(({ day, edition, papers }) => [day, edition, papers]),
      ),
    );
  });
});

test("the replay tells when it began and ended, and on which days each hour came", () => {
  expect([replayed.from, replayed.until]).toEqual([START, END]);
  const days = (since: string, count: number) => Array.from({ length: count }, (_, n) => addDays(since, n));
  expect(Object.fromEntries(replayed.kinds.map(({ kind, due }) => [kind.name, due]))).toEqual({
    broad: days("2026-04-10", 6),
    agents: days("2026-04-10", 6),
    author: ["2026-04-10", "2026-04-13", "2026-04-14", "2026-04-15"],
    category: days("2026-04-10", 6),
    weekly: ["2026-04-13"],
    nothing: days("2026-04-10", 6),
  });
  expect(replayed.kinds.at(-1)!.empty.map(({ localDay, reason }) => [localDay, reason])).toEqual(
    ["2026-04-10", "2026-04-11", "2026-04-14", "2026-04-15"].map((day) => [day, "nothing-matched"]),
  );
});

test("nothing but whole answers is in the folder, and no mail came of the replay", async () => {
  const names = await readdir(folder);
  expect(names.filter((name) => !/^\d{8}T\d{9}Z-\d{6}-(hugging-face|arxiv)-[\w-]+\.json$/.test(name))).toEqual([]);
  expect(press.smtp.taken).toEqual([]);
});
