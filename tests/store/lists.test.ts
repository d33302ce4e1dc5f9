import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { DeliveryKey } from "../../src/store/delivery-list.ts";
import type { ListPage, Paging } from "../../src/store/list-pages.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-16T09:00Z"));
});
afterAll(() => store.close());

/** All pages from the first to the last, and then back to the first; each as the keys of its rows. */
async function walk<Row, Key>(
  list: (of: Paging<Key>) => Promise<ListPage<Row, Key>>,
  show: (row: Row) => unknown,
  limit = 2,
) {
  const there: unknown[][] = [];
  let page = await list({ place: null, limit });
  for (there.push(page.rows.map(show)); page.next; there.push(page.rows.map(show)))
    page = await list({ place: page.next, limit });
  const back: unknown[][] = [];
  for (back.push(page.rows.map(show)); page.previous; back.push(page.rows.map(show)))
    page = await list({ place: page.previous, limit });
  return { there, back };
}

describe("readers", () => {
  const ids: bigint[] = [];
  beforeAll(async () => {
    for (let n = 0; n < 5; n += 1) ids.push(await store.aReader());
    await store.subscriptions.pause(ids[1]!, null, "test");
    await store.subscriptions.end(ids[3]!, "reader", "test");
  });

  test("stand newest first, in pages that lead on and back", async () => {
    const { there, back } = await walk<{ id: bigint }, bigint>(
      (of) => store.readerList.list({ state: null, ...of }),
      ({ id }) => ids.indexOf(id),
    );
    expect([there, back]).toEqual([
      [[4, 3], [2, 1], [0]],
      [[0], [2, 1], [4, 3]],
    ]);
  });

  test("of one state are those alone", async () => {
    const { there } = await walk<{ id: bigint }, bigint>(
      (of) => store.readerList.list({ state: "active", ...of }),
      ({ id }) => ids.indexOf(id),
    );
    expect(there).toEqual([[4, 2], [0]]);
  });

  test("are found by number and by the key of their address, after they were erased too", async () => {
    const found = await store.readerList.findById(ids[0]!);
    await store.erasure.erase(found!.addressKey, "test");
    const erased = await store.readerList.findByKey(found!.addressKey);
    expect([found?.state, found?.email, erased?.id, erased?.state, erased?.email]).toEqual([
      ...["active", "reader1@example.org", ids[0], "ended", null],
    ]);
    expect([await store.readerList.findById(999n), await store.readerList.findByKey("none")]).toEqual([null, null]);
  });
});

describe("deliveries", () => {
  beforeAll(async () => {
    await store.sql("SELECT make_delivery_partitions('2026-04-01', '2026-04-30')");
    await store.sql(
      `INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-14', 'closed', '2026-04-15T01:00Z'), ('2026-04-15', 'closed', '2026-04-16T01:00Z')`,
    );
    const rows = [
      [1, "2026-04-15", "2026-04-14", "accepted"],
      [2, "2026-04-15", "2026-04-14", "refused"],
      [3, "2026-04-16", "2026-04-15", "planned"],
      [4, "2026-04-16", "2026-04-14", "claimed"],
      [5, "2026-04-16", "2026-04-15", "retry"],
      [6, "2026-04-17", "2026-04-15", "empty"],
    ];
    for (const [id, localDay, edition, state] of rows)
      await store.sql(
        `INSERT INTO deliveries (local_day, id, subscription_id, edition_date, cadence, due_at, send_by, state, next_try_at, claim,
           claim_until, paper_ids, reason, ended_at)
         VALUES ($1, $2::bigint, $2::bigint % 2 + 100, $3, 'daily', now(), now(), $4::text,
           CASE WHEN $4 IN ('planned', 'retry') THEN now() END, CASE WHEN $4 = 'claimed' THEN gen_random_uuid() END,
           CASE WHEN $4 = 'claimed' THEN now() END, CASE WHEN $4 IN ('accepted', 'refused') THEN '{1,2,3}'::int[] END,
           CASE WHEN $4 NOT IN ('planned', 'claimed', 'accepted') THEN 'because' END,
           CASE WHEN $4 NOT IN ('planned', 'claimed', 'retry') THEN now() END)`,
        [localDay, id, edition, state],
      );
    await store.sql(
      `INSERT INTO subscriptions (id, address_key, state, filter, cadence, hour, zone, max_papers, language, format, ended_at)
       VALUES (100, 'key 100', 'ended', '{}', 'daily', 7, 'UTC', 10, 'en', 'html', now()), (101, 'key 101', 'ended', '{}', 'daily', 7, 'UTC', 10, 'en', 'html', now())`,
    );
    await store.sql(
      `INSERT INTO subscription_clocks (subscription_id, last_local_day, last_delivery) VALUES (100, '2026-04-16', 4), (101, '2026-04-16', 5)`,
    );
  });

  const all = { state: null, localDay: null, editionDate: null, subscriptionId: null };
  const ids = async (wanted: Partial<Parameters<TestStore["deliveryList"]["list"]>[0]>) =>
    walk<{ id: bigint }, DeliveryKey>(
      (of) => store.deliveryList.list({ ...all, ...wanted, ...of }),
      ({ id }) => Number(id),
    );

  test("stand newest first, in pages that lead on and back", async () => {
    expect(await ids({})).toEqual({
      there: [
        [6, 5],
        [4, 3],
        [2, 1],
      ],
      back: [
        [2, 1],
        [4, 3],
        [6, 5],
      ],
    });
  });

  test.each([
    ["a state in the index of rare ones", { state: "refused" }, [[2]]],
    ["planned", { state: "planned" }, [[3]]],
    ["to be tried again", { state: "retry" }, [[5]]],
    ["claimed", { state: "claimed" }, [[4]]],
    ["accepted", { state: "accepted" }, [[1]]],
    ["empty", { state: "empty" }, [[6]]],
    ["a local day", { localDay: "2026-04-16" }, [[5, 4], [3]]],
    ["an edition, oldest first", { editionDate: "2026-04-14" }, [[1, 2], [4]]],
    ["an edition and a state", { editionDate: "2026-04-14", state: "claimed" }, [[4]]],
    ["an edition that is not closed", { editionDate: "2026-04-20" }, [[]]],
    ["a reader: what was sent, what ended without papers, what is under way", { subscriptionId: 100n }, [[6, 4], [2]]],
    ["a reader and a state", { subscriptionId: 101n, state: "retry" }, [[5]]],
    ["a reader and a day", { subscriptionId: 101n, localDay: "2026-04-15" }, [[1]]],
  ] as const)("%s", async (_, wanted, there) => {
    expect((await ids(wanted)).there).toEqual(there);
  });

  test("one is found by its key, with what became of it", async () => {
    expect(await store.deliveryList.find({ localDay: "2026-04-15", id: 2n })).toMatchObject({
      ...{ id: 2n, subscriptionId: 100n, state: "refused", reason: "because", papers: 3, isWelcome: false },
    });
    expect(await store.deliveryList.find({ localDay: "2026-04-15", id: 6n })).toBeNull();
  });
});

describe("reports", () => {
  beforeAll(async () => {
    for (const via of ["ses", "raw", "ses", "smtp", "ses"] as const)
      await store.reports.keep({
        ...{ via, raw: Buffer.from("x".repeat(300_000)), cut: 7, eventKey: null, envelopeTo: null, envelopeFrom: null },
      });
    await store.sql("UPDATE reports SET state = 'applied', applied_at = now(), subscription_id = 100 WHERE id = 3");
    await store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, report_id, verdict, because)
       VALUES (100, now(), now(), 'hard', true, 'no such user', 'ses', 5, 'suspend', 'hard')`,
    );
  });
  const ids = async (wanted: object) =>
    (
      await walk<{ id: bigint }, bigint>(
        (of) => store.reportList.list({ via: null, state: null, subscriptionId: null, ...wanted, ...of }),
        ({ id }) => Number(id),
      )
    ).there;

  test("are found by way in, state and reader", async () => {
    expect([await ids({}), await ids({ via: "ses" }), await ids({ state: "waiting" })]).toEqual([
      [[5, 4], [3, 2], [1]],
      [[5, 3], [1]],
      [
        [5, 4],
        [2, 1],
      ],
    ]);
    expect([await ids({ state: "applied", via: "ses" }), await ids({ subscriptionId: 100n })]).toEqual([
      [[3]],
      [[5, 3]],
    ]);
  });

  test("one is read with its first 256 kB and what it was judged to say", async () => {
    const report = await store.reportList.get(5n);
    expect([report?.raw?.length, report?.bytes, report?.cut, report?.verdicts]).toEqual([
      ...[262_144, 300_000, 7n],
      [
        {
          subscriptionId: 100n,
          ...{ class: "hard", status: null, text: "no such user", verdict: "suspend", because: "hard" },
        },
      ],
    ]);
    expect(await store.reportList.get(99n)).toBeNull();
  });
});

test("suppressions stand newest first, those of the same moment too", async () => {
  for (const key of ["a", "b", "c"]) await store.suppressions.suppress(key, "operator", null);
  await store.clock.set(at("2026-04-16T10:00Z"));
  await store.suppressions.suppress("0", "bounces", null);
  await store.suppressions.lift("b", "a mistake");
  const keys = async (withLifted: boolean) =>
    walk<{ addressKey: string }, string>(
      (of) => store.suppressions.list({ withLifted, ...of }),
      ({ addressKey }) => addressKey,
    );
  expect([await keys(true), await keys(false)]).toEqual([
    {
      there: [
        ["0", "c"],
        ["b", "a"],
      ],
      back: [
        ["b", "a"],
        ["0", "c"],
      ],
    },
    { there: [["0", "c"], ["a"]], back: [["a"], ["0", "c"]] },
  ]);
});

describe("audit lines", () => {
  beforeEach(() => store.sql("TRUNCATE audit_lines RESTART IDENTITY"));

  test("keep who did what to whom, and what came of it", async () => {
    const id = await store.audit.note({ by: "admin", what: "erase", about: "reader 17", details: { via: "page" } });
    await store.audit.outcome(id, { requests: 2 });
    const { rows } = await store.audit.list({ by: null, about: null, place: null, limit: 10 });
    expect(rows).toEqual([
      {
        ...{ id: 1n, at: at("2026-04-16T10:00Z"), by: "admin", what: "erase", about: "reader 17" },
        details: { via: "page", requests: 2 },
      },
    ]);
  });

  test("are found by whom, and by what they are about", async () => {
    for (const [by, about] of [
      ["cli", "reader 1"],
      ["admin", "reader 2"],
      ["cli", "reader 2"],
    ] as const)
      await store.audit.note({ by, what: "suppress", about, details: {} });
    const ids = async (wanted: object) =>
      (
        await walk<{ id: bigint }, bigint>(
          (of) => store.audit.list({ by: null, about: null, ...wanted, ...of }),
          ({ id }) => Number(id),
        )
      ).there;
    expect([
      await ids({}),
      await ids({ by: "cli" }),
      await ids({ about: "reader 2" }),
      await ids({ by: "cli", about: "reader 2" }),
    ]).toEqual([[[3, 2], [1]], [[3, 1]], [[3, 2]], [[3]]]);
  });
});
