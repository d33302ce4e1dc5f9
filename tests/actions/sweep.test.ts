import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { sweep } from "../../src/actions/sweep.ts";
import { incidents } from "../../src/store/incidents.ts";
import { preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog, aQueue } from "./press.ts";

const journal = { append: async () => {} };
let store: TestStore;
let queue: ReturnType<typeof aQueue>;
let logged: ReturnType<typeof aLog>;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  queue = aQueue();
  logged = aLog();
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql(`TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions,
    requests, editions, edition_papers, clock_watch, incidents CASCADE`);
});

const sweeping = (given: Partial<Parameters<typeof sweep>[0]> = {}) =>
  sweep({ ...store, queue, journal, log: logged.log, retentionDays: 90, ...given }, store.clock.now());
const warned = () => logged.lines.map(({ level, msg }) => `${level} ${msg}`);

/** A delivery in some state, for a reader who is here. */
async function aDelivery(given: Record<string, unknown> = {}): Promise<void> {
  const row = {
    ...{
      local_day: "2026-04-15",
      subscription_id: await store.aReader(),
      edition_date: "2026-04-14",
      cadence: "daily",
    },
    ...{ due_at: at("2026-04-15T07:00Z"), send_by: at("2026-04-16T03:00Z"), state: "planned" },
    ...{ next_try_at: at("2026-04-15T07:00Z"), ...given },
  };
  const names = Object.keys(row);
  await store.sql("SELECT make_delivery_partitions('2026-04-13', '2026-04-20')");
  await store.sql(`INSERT INTO deliveries (${names}) VALUES (${names.map((_, n) => `$${n + 1}`)})`, Object.values(row));
}
const claimed = { state: "claimed", claim: "00000000-0000-0000-0000-000000000001", next_try_at: null };
const ago = (seconds: number) => new Date(Date.now() - seconds * 1000);
const fates = () => store.sql("SELECT state, reason, next_try_at IS NOT NULL AS again FROM deliveries ORDER BY id");

test("where all is well it changes nothing, rings for nothing and says nothing", async () => {
  await aDelivery();
  await sweeping();
  expect([await fates(), queue.rung(), warned()]).toEqual([[{ state: "planned", reason: null, again: true }], [], []]);
});

test("claims whose worker did not report are taken back, and tried again; one that was a second try ends as uncertain", async () => {
  await aDelivery({ ...claimed, claim_until: ago(1) });
  await aDelivery({ ...claimed, claim_until: ago(1), was_uncertain: true });
  await aDelivery({ ...claimed, claim_until: ago(-100) });
  await sweeping();
  expect(await fates()).toEqual([
    { state: "retry", reason: "claim-lapsed", again: true },
    { state: "uncertain", reason: "claim-lapsed", again: false },
    { state: "claimed", reason: null, again: false },
  ]);
  expect(warned()).toEqual(["40 took back claims whose worker did not report"]);
});

test("what is too late to begin ends with its reason, and what may have arrived counts as sent", async () => {
  await aDelivery({ send_by: at("2026-04-15T06:59Z") });
  await aDelivery({ send_by: at("2026-04-15T06:59Z"), state: "retry", was_uncertain: true });
  await sweeping();
  expect(await fates()).toEqual([
    { state: "expired", reason: "late", again: false },
    { state: "uncertain", reason: "late", again: false },
  ]);
});

test("C1: deliveries and requests nobody was rung for are rung for again, each once", async () => {
  await aDelivery();
  await aDelivery();
  const id = await store.requests.add({ email: "a@b.example", addressKey: "k", wanted: preferences(), askedBy: "api" });
  await sweeping();
  expect(queue.rung()).toEqual([]);
  await store.clock.set(at("2026-04-15T07:00:20Z"));
  await sweeping();
  const [range] = await store.sql<{ from: string; to: string }>(
    "SELECT min(id) AS from, max(id) AS to FROM deliveries",
  );
  expect(queue.rung()).toEqual([
    { name: "deliver-batch", payload: { localDay: "2026-04-15", fromId: range!.from, toId: range!.to } },
    { name: "answer-request", payload: { requestId: String(id) } },
  ]);
});

describe("pauses", () => {
  test("that are over end, those that are not go on, and neither do those without an end", async () => {
    const ids = [await store.aReader(), await store.aReader(), await store.aReader()];
    const untils = [at("2026-04-15T07:00Z"), at("2026-04-15T07:01Z"), null];
    for (const [n, id] of ids.entries()) await store.subscriptions.pause(id, untils[n]!, "test");
    await sweeping();
    const states = await Promise.all(ids.map((id) => store.subscriptions.findById(id)));
    expect(states.map((one) => [one!.state, one!.pausedUntil])).toEqual([
      ["active", null],
      ["paused", untils[1]],
      ["paused", null],
    ]);
    const [last] = await store.sql(
      "SELECT what, via FROM subscription_changes WHERE subscription_id = $1 ORDER BY version DESC",
      [ids[0]],
    );
    expect(last).toEqual({ what: "resumed", via: "clock" });
  });

  test("and stays elsewhere likewise: home in time, and not one that was made longer while we look", async () => {
    const [over, goesOn] = [await store.aReader(), await store.aReader()];
    await store.subscriptions.goElsewhere(over, "Asia/Tokyo", at("2026-04-15T07:00Z"), "test");
    await store.subscriptions.goElsewhere(goesOn, "Asia/Tokyo", at("2026-04-15T07:00Z"), "test");
    const longer = at("2026-05-01T00:00Z");
    const subscriptions = {
      ...store.subscriptions,
      staysOver: async (limit: number) => {
        const found = await store.subscriptions.staysOver(limit);
        await store.subscriptions.goElsewhere(goesOn, "Asia/Seoul", longer, "preferences-link");
        return found;
      },
    };
    await sweeping({ subscriptions });
    const readers = await Promise.all([over, goesOn].map((id) => store.subscriptions.findById(id)));
    expect(readers.map((one) => [one!.preferences.zone, one!.elsewhere])).toEqual([
      ["UTC", null],
      ["Asia/Seoul", { homeZone: "UTC", until: longer }],
    ]);
  });

  test("that a reader makes longer while we look stay as the reader wants them", async () => {
    const id = await store.aReader();
    await store.subscriptions.pause(id, at("2026-04-15T06:00Z"), "test");
    const longer = at("2026-05-01T00:00Z");
    const subscriptions = {
      ...store.subscriptions,
      pausesOver: async (limit: number) => {
        const over = await store.subscriptions.pausesOver(limit);
        await store.subscriptions.pause(id, longer, "preferences-link");
        return over;
      },
    };
    await sweeping({ subscriptions });
    expect(await store.subscriptions.findById(id)).toMatchObject({ state: "paused", pausedUntil: longer });
  });
});

test("requests nobody confirmed in seven days expire, and their addresses are forgotten; of the others too, once they are over", async () => {
  const add = (email: string) =>
    store.requests.add({ email, addressKey: `key of ${email}`, wanted: preferences(), askedBy: "form" });
  const [waiting, answered, confirmed] = [await add("a@b.example"), await add("b@b.example"), await add("c@b.example")];
  await store.requests.answered(answered, "confirmation");
  await store.subscriptions.confirm(
    confirmed,
    () => null,
    async () => {},
  );
  for (const time of ["2026-04-18T07:00Z", "2026-04-20T07:00Z", "2026-04-22T06:59Z"]) {
    await store.clock.set(at(time));
    await sweeping();
  }
  expect(await store.sql("SELECT count(email)::int AS kept FROM requests")).toEqual([{ kept: 3 }]);
  await store.clock.set(at("2026-04-22T07:00:01Z"));
  await sweeping();
  expect(await store.sql("SELECT id, state, email, wanted FROM requests ORDER BY id")).toEqual([
    { id: String(waiting), state: "expired", email: null, wanted: {} },
    { id: String(answered), state: "expired", email: null, wanted: {} },
    { id: String(confirmed), state: "confirmed", email: null, wanted: {} },
  ]);
});

test("partitions are made a fortnight ahead, and dropped when nobody needs them any more", async () => {
  const partitions = async () =>
    (
      await store.sql<{ name: string }>(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits WHERE inhparent = 'deliveries'::regclass ORDER BY 1",
      )
    ).map(({ name }) => name.slice(-8));
  await store.clock.set(at("2031-01-15T07:00Z"));
  await sweeping();
  expect(await partitions()).toEqual(["20310106", "20310113", "20310120", "20310127"]);
  await store.clock.set(at("2031-04-13T07:00Z"));
  await sweeping();
  // The week of 6 January ended 90 days before 13 April; the week after it did not.
  expect((await partitions()).slice(0, 3)).toEqual(["20310113", "20310120", "20310127"]);
});

test("marks that a clock left in the future are pulled back, with one alarm", async () => {
  const id = await store.aReader();
  await store.sql("UPDATE subscription_clocks SET last_local_day = '2026-06-01', last_edition = '2026-05-31'");
  await store.sql(
    "INSERT INTO editions (date, state) VALUES ('2026-04-14', 'quiet'), ('2026-04-15', 'broken'), ('2026-05-31', 'quiet')",
  );
  await store.sql(
    `INSERT INTO group_days (group_id, local_day, due_at, outcome)
     SELECT id, day, day + time '07:00', 'missed' FROM delivery_groups, unnest('{2026-04-15,2026-04-16,2026-06-01}'::date[]) AS day`,
  );
  await sweeping();
  await sweeping();
  expect(
    await store.sql(
      "SELECT last_local_day::text AS day, last_edition::text AS edition FROM subscription_clocks WHERE subscription_id = $1",
      [id],
    ),
  ).toEqual([{ day: "2026-04-15", edition: "2026-04-14" }]);
  expect(await store.sql("SELECT date::text, state FROM editions ORDER BY date")).toEqual([
    { date: "2026-04-14", state: "quiet" },
    { date: "2026-04-15", state: "open" },
    { date: "2026-05-31", state: "open" },
  ]);
  expect(await store.sql("SELECT local_day::text AS day FROM group_days")).toEqual([{ day: "2026-04-15" }]);
  expect(warned()).toEqual(["50 marks stood in the future: did the clock leap? They were pulled back to today"]);
  const clocks = () => store.sql("SELECT kind, subject, ended_at FROM incidents WHERE kind = 'clock'");
  expect(await clocks()).toEqual([{ kind: "clock", subject: "database", ended_at: null }]);
  await store.clock.set(at("2026-04-15T08:00Z"));
  await sweeping({ incidents: incidents(store.prisma, logged.log, { askAgainMs: 0 }) });
  expect(await clocks()).toEqual([{ kind: "clock", subject: "database", ended_at: at("2026-04-15T08:00Z") }]);
});
