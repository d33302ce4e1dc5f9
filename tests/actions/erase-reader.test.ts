import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { confirm } from "../../src/actions/confirm.ts";
import { eraseReader } from "../../src/actions/erase-reader.ts";
import { keepNoLonger } from "../../src/actions/keep-no-longer.ts";
import { requestSubscription } from "../../src/actions/request-subscription.ts";
import { addressKey } from "../../src/core/address-key.ts";
import { parseAddress } from "../../src/core/email-address.ts";
import type { JournalEntry } from "../../src/store/journal.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
beforeAll(async () => {
  press = await aPress();
});
afterAll(() => press.end());
beforeEach(() => press.clear());

const EMAIL = "Ada.Lovelace@example.org";
const key = (email: string) => addressKey(parseAddress(email).key, "a key for suppressions");
const needs = () => ({
  ...press.needs,
  addressKey: (address: { key: string }) => addressKey(address.key, "a key for suppressions"),
});
const chosen = preferences({ filter: aFilter({ include: ["analytical engines"] }), zone: "Europe/London", hour: 6 });

async function asked(email = EMAIL, wanted = chosen): Promise<bigint> {
  const proof = { page: "/", textVersion: "en-0123456789ab", ip: "192.0.2.7" };
  await requestSubscription(needs(), { address: parseAddress(email), wanted, askedBy: "form", proof });
  const [row] = await press.store.sql<{ id: bigint }>("SELECT max(id) AS id FROM requests");
  return BigInt(row!.id);
}
async function aReader(email = EMAIL): Promise<bigint> {
  const confirmed = await confirm(press.needs, await asked(email), press.store.clock.now());
  if (confirmed.outcome !== "confirmed") throw new Error(confirmed.outcome);
  return confirmed.id;
}
const erase = (email = EMAIL) => eraseReader(press.needs, key(email), "account-link", press.store.clock.now());
/** Everything in the database but what belongs to papers, as one text. */
async function everything(): Promise<string> {
  const tables = [
    "requests",
    "subscriptions",
    "subscription_changes",
    "deliveries",
    "suppressions",
    "reports",
    "verdicts",
  ];
  const rows = await Promise.all(
    tables.map((table) => press.store.sql(`SELECT row_to_json(t)::text AS row FROM ${table} t`)),
  );
  return JSON.stringify(rows);
}

test("what mail servers answered goes too: they name somebody as they like", async () => {
  const id = await aReader();
  await press.store.sql("SELECT make_delivery_partitions('2026-04-14', '2026-04-14')");
  await press.store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, paper_ids, answer, ended_at)
      VALUES ('2026-04-14', $1, '2026-04-13', 'daily', now(), now(), 'refused', 'refused-by-server', '{1}', '550 no ada.lovelace here', now())`,
    [id],
  );
  await erase();
  expect(await everything()).not.toMatch(/lovelace/i);
  expect(await press.store.sql("SELECT state, reason, answer FROM deliveries WHERE reason IS NOT NULL")).toEqual([
    { state: "refused", reason: "refused-by-server", answer: null },
  ]);
});

test("address, choices and network address are gone from every table; keys, times and the proof of consent stay", async () => {
  const id = await aReader();
  await press.store.subscriptions.change(id, { ...chosen, zone: "Europe/Paris" }, "preferences-link");
  await asked();
  expect(await everything()).toMatch(/lovelace.*Europe\/Paris.*analytical/is);
  await press.store.clock.set(at("2026-04-20T12:00Z"));

  expect(await erase()).toEqual({ subscriptions: 1, requests: 2 });
  expect(await everything()).not.toMatch(/lovelace|analytical|Europe/i);
  expect(
    await press.store.sql("SELECT email, state, ended_at, ended_because, zone, filter FROM subscriptions"),
  ).toEqual([
    {
      ...{ email: null, state: "ended", ended_at: at("2026-04-20T12:00Z"), ended_because: "erased" },
      ...{ zone: "UTC", filter: { grammar: 1, watches: [] } },
    },
  ]);
  expect(await press.store.sql("SELECT what, via, preferences FROM subscription_changes ORDER BY version")).toEqual([
    { what: "confirmed", via: "confirmation-link", preferences: {} },
    { what: "changed", via: "preferences-link", preferences: {} },
    { what: "erased", via: "account-link", preferences: {} },
  ]);
  expect(
    await press.store.sql("SELECT state, email, wanted, page, text_version, asked_ip_key FROM requests ORDER BY id"),
  ).toEqual([
    {
      ...{ state: "confirmed", email: null, wanted: {}, page: "/", text_version: "en-0123456789ab" },
      asked_ip_key: "key of 192.0.2.7",
    },
    {
      ...{ state: "expired", email: null, wanted: {}, page: "/", text_version: "en-0123456789ab" },
      asked_ip_key: null,
    },
  ]);
  expect(press.journaled.at(-1)).toEqual({ what: "erased", addressKey: key(EMAIL), at: "2026-04-20T12:00:00.000Z" });
});

test("erased twice, or by a spelling of the same address, there is nothing left to do, and no second line in the journal", async () => {
  await aReader();
  await erase();
  const before = await everything();
  const lines = press.journaled.length;
  expect(await erase("ADA.LOVELACE@EXAMPLE.ORG")).toEqual({ subscriptions: 0, requests: 0 });
  expect(await erase("nobody@example.org")).toEqual({ subscriptions: 0, requests: 0 });
  expect([await everything(), press.journaled.length]).toEqual([before, lines]);
});

test("by two at once: one of them erases, and neither fails", async () => {
  await aReader();
  const erased = await Promise.all([erase(), erase(), erase()]);
  expect(erased.map(({ subscriptions }) => subscriptions).sort()).toEqual([0, 0, 1]);
  expect(await press.store.sql("SELECT count(*)::int AS n FROM subscription_changes WHERE what = 'erased'")).toEqual([
    { n: 1 },
  ]);
});

test("nothing is erased that the journal does not have", async () => {
  await aReader();
  const journal = { append: () => Promise.reject(new Error("the disk is full")) };
  await expect(
    eraseReader({ ...press.needs, journal }, key(EMAIL), "operator", at("2026-04-20T12:00Z")),
  ).rejects.toThrow();
  expect(await everything()).toContain(EMAIL);
});

test("a digest that waits is withdrawn; one that may have arrived counts as sent; the next morning brings nothing", async () => {
  for (const name of ["one", "two", "three"]) {
    const id = await aReader(`${name}@example.org`);
    await press.store.subscriptions.change(id, preferences(), "test");
  }
  await press.list("2026-04-14", [{ title: "Tuesday's paper" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  await press.store.sql(`UPDATE deliveries SET was_uncertain = true, state = 'retry', paper_ids = '{1}' WHERE subscription_id =
    (SELECT id FROM subscriptions WHERE email = 'two@example.org')`);
  await erase("one@example.org");
  await erase("two@example.org");
  expect(await press.deliver()).toBe(1);
  expect((await press.fates()).map(({ state, reason }) => ({ state, reason }))).toEqual([
    { state: "withdrawn", reason: "erased" },
    { state: "uncertain", reason: "erased" },
    { state: "accepted", reason: null },
  ]);
  await press.list("2026-04-15", [{ title: "Wednesday's paper" }]);
  expect(await press.tick("2026-04-16T07:00Z")).toBe(1);
});

test("one that is being sent is not stopped, and not tried again", async () => {
  const id = await aReader();
  await press.store.subscriptions.change(id, preferences(), "test");
  await press.list("2026-04-14", [{ title: "Tuesday's paper" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
  await press.store.deliveries.claim({ localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n }, 1, 60_000);
  await erase();
  await press.lapse();
  await press.sweep();
  expect(await press.deliver()).toBe(0);
  expect(await press.fates()).toMatchObject([{ state: "withdrawn", reason: "ended" }]);
});

test("what came back is unlinked from the address: no bytes, no words of the far end; how it was judged stays", async () => {
  const id = await aReader();
  const [report] = await press.store.sql<{ id: bigint }>(
    `INSERT INTO reports (via, raw, state, applied_at, subscription_id, envelope_from) VALUES ('mail', 'Final-Recipient: Ada.Lovelace@example.org',
      'applied', paperboy_now(), $1, 'mailer-daemon@example.org') RETURNING id`,
    [id],
  );
  await press.store.sql(
    `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, report_id, verdict, because)
      VALUES ($1, paperboy_now(), paperboy_now(), 'soft', false, '4.2.2', 'Ada.Lovelace is over quota', 'mail', $2, 'keep', 'soft')`,
    [id, report!.id],
  );
  await erase();
  expect(await press.store.sql("SELECT raw, envelope_from, subscription_id FROM reports")).toEqual([
    { raw: null, envelope_from: null, subscription_id: String(id) },
  ]);
  expect(await press.store.sql("SELECT class, status, text FROM verdicts")).toEqual([
    { class: "soft", status: "4.2.2", text: "" },
  ]);
});

test("a report that tells of several readers is forgotten with any of them", async () => {
  const [one, two] = [await aReader(), await aReader("bob@example.org")];
  await press.store.sql(
    `WITH r AS (INSERT INTO reports (via, raw, state, applied_at, envelope_from) VALUES ('sendgrid', 'Ada.Lovelace and bob',
        'applied', paperboy_now(), 'x@example.org') RETURNING id)
      INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, report_id, verdict, because)
      SELECT s, paperboy_now(), paperboy_now(), 'soft', false, 'full', 'sendgrid', r.id, 'count', 'soft' FROM r, unnest($1::bigint[]) s`,
    [[one, two]],
  );
  await erase();
  expect(await press.store.sql("SELECT raw, envelope_from FROM reports")).toEqual([{ raw: null, envelope_from: null }]);
  expect(await press.store.sql("SELECT text FROM verdicts ORDER BY subscription_id")).toEqual([
    ...[{ text: "" }, { text: "full" }],
  ]);
});

test("the notice that a subscription moved away, which waits to be sent, outlives the erasure of either address; once sent it does not", async () => {
  const id = await aReader();
  const notice = await press.store.requests.add({
    ...{ kind: "moved", email: "old@example.org", addressKey: key("old@example.org"), wanted: chosen, askedBy: "form" },
    subscriptionId: id,
  });
  const kept = () => press.store.sql("SELECT email, state FROM requests WHERE id = $1", [notice]);
  expect(await erase()).toEqual({ subscriptions: 1, requests: 1 });
  expect(await erase("old@example.org")).toEqual({ subscriptions: 0, requests: 0 });
  expect(await kept()).toEqual([{ email: "old@example.org", state: "waiting" }]);
  await press.store.requests.answered(notice, "moved");
  expect(await erase("old@example.org")).toEqual({ subscriptions: 0, requests: 1 });
  expect(await kept()).toEqual([{ email: null, state: "expired" }]);
});

test("that a reader is to be told of a quiet month goes with them: no mail, and no mark that there was one", async () => {
  const id = await aReader();
  await press.store.sql("UPDATE subscriptions SET told_quiet_at = paperboy_now() WHERE id = $1", [id]);
  await press.store.sql(
    `INSERT INTO requests (kind, email, address_key, asked_by, expires_at)
       VALUES ('quiet', $1, $2, 'clock', paperboy_now() + interval '7 days')`,
    [EMAIL, key(EMAIL)],
  );
  await erase();
  expect(await press.store.sql("SELECT email, state FROM requests WHERE kind = 'quiet'")).toEqual([
    { email: null, state: "expired" },
  ]);
  expect(await press.store.sql("SELECT told_quiet_at FROM subscriptions")).toEqual([{ told_quiet_at: null }]);
});

test("a suppression outlives the reader, by the key alone: nobody writes to the address again", async () => {
  await aReader();
  await press.store.sql("INSERT INTO suppressions (address_key, because) VALUES ($1, 'complaint')", [key(EMAIL)]);
  await erase();
  expect(await press.store.sql("SELECT address_key, because FROM suppressions")).toEqual([
    { address_key: key(EMAIL), because: "complaint" },
  ]);
  expect(await confirm(press.needs, await asked(), at("2026-04-20T12:00Z"))).toEqual({ outcome: "unknown" });
});

test("a request that waits for its confirmation is forgotten too, and its link opens nothing any more", async () => {
  const request = await asked();
  expect(await erase()).toEqual({ subscriptions: 0, requests: 1 });
  expect(await confirm(press.needs, request, press.store.clock.now())).toEqual({ outcome: "unknown" });
});

describe("retention", () => {
  beforeEach(() => press.store.sql("TRUNCATE clock_watch"));
  const sweepDays = async (...days: string[]) => {
    for (const day of days) {
      await press.store.clock.set(at(`${day}T12:00Z`));
      await keepNoLonger(press.needs);
    }
  };
  const emails = async () =>
    (await press.store.sql<{ email: string }>("SELECT email FROM subscriptions ORDER BY id")).map(({ email }) => email);

  test("who left is erased after RETENTION_DAYS, and not before; who stays or came back is not", async () => {
    await press.store.clock.set(at("2026-01-01T12:00Z"));
    const left = await aReader("left@example.org");
    const back = await aReader("back@example.org");
    await aReader();
    await press.store.subscriptions.end(left, "reader", "one-click");
    await press.store.subscriptions.end(back, "reader", "one-click");
    await press.store.subscriptions.undo(back, "undo-link");
    await sweepDays("2026-03-30", "2026-03-31", "2026-04-01");
    expect(await emails()).toEqual(["left@example.org", "back@example.org", EMAIL]);
    await sweepDays("2026-04-02");
    expect(await emails()).toEqual([null, "back@example.org", EMAIL]);
    expect(
      await press.store.sql(`SELECT ended_because, via FROM subscriptions JOIN subscription_changes ON subscription_id = id
        WHERE what = 'erased'`),
    ).toEqual([{ ended_because: "reader", via: "retention" }]);
  });

  /** Left on 1 January, and found to be due in April, just before something else happens. */
  const leftInJanuary = async () => {
    await press.store.clock.set(at("2026-01-01T12:00Z"));
    const id = await aReader();
    await press.store.clock.set(at("2026-01-02T12:00Z"));
    await press.store.subscriptions.end(id, "reader", "one-click");
    await press.store.clock.set(at("2026-04-10T12:00Z"));
    return id;
  };
  async function* journalOf(line: JournalEntry) {
    yield { entries: [line], unreadable: 0 };
  }
  const sweepWhile = async (happens: () => Promise<unknown>) => {
    const found = await press.store.erasure.leftLongAgo(90, 10);
    expect(found).toEqual([{ addressKey: key(EMAIL), at: at("2026-01-02T12:00Z") }]);
    await happens();
    return press.store.erasure.eraseLeft(found[0]!);
  };

  test("who comes back while the sweep is on its way is not erased, nor by the journal later", async () => {
    for (const comeBack of [(id: bigint) => press.store.subscriptions.undo(id, "undo-link"), () => aReader()]) {
      await press.clear();
      const id = await leftInJanuary();
      expect(await sweepWhile(() => comeBack(id))).toEqual({ subscriptions: 0, requests: 0 });
      const line = { what: "erased", addressKey: key(EMAIL), at: "2026-01-02T12:00:00.000Z" } as const;
      await press.store.restoration.replay(journalOf(line));
      expect(await press.store.subscriptions.findById(id)).toMatchObject({ email: EMAIL, state: "active" });
    }
  });

  test("who has asked again is erased but for what they asked, and confirms it; the journal says when they had left", async () => {
    const id = await leftInJanuary();
    const again = await asked();
    await sweepDays("2026-04-11", "2026-04-12");
    expect(press.journaled.at(-1)).toEqual({
      ...{ what: "erased", addressKey: key(EMAIL), at: "2026-01-02T12:00:00.000Z" },
    });
    expect((await press.store.subscriptions.findById(id))!.email).toBeNull();
    expect((await confirm(press.needs, again, press.store.clock.now())).outcome).toBe("confirmed");
    expect(await press.store.subscriptions.findById(id)).toMatchObject({ email: EMAIL, state: "active" });
    expect(await press.store.sql("SELECT at FROM subscription_changes WHERE what = 'erased'")).toEqual([
      { at: at("2026-04-12T12:00Z") },
    ]);
  });

  test("a clock that stands months ahead for some hours erases nobody", async () => {
    await press.store.clock.set(at("2026-01-01T12:00Z"));
    await press.store.subscriptions.end(await aReader(), "reader", "one-click");
    await sweepDays("2026-01-02", "2026-01-03");
    for (const time of ["2026-12-31T12:00Z", "2026-12-31T18:00Z", "2027-01-01T11:00Z"]) {
      await press.store.clock.set(at(time));
      await keepNoLonger(press.needs);
    }
    await sweepDays("2026-01-04", "2026-01-05");
    expect(await emails()).toEqual([EMAIL]);
  });

  test("a request nobody confirms loses its address after 7 days, and is gone a month later", async () => {
    await press.store.clock.set(at("2026-01-01T12:00Z"));
    await asked();
    const rows = () => press.store.sql("SELECT email, asked_ip_key FROM requests");
    await sweepDays("2026-01-06", "2026-01-07");
    expect(await rows()).toEqual([{ email: EMAIL, asked_ip_key: "key of 192.0.2.7" }]);
    await sweepDays("2026-01-09");
    expect(await rows()).toEqual([{ email: null, asked_ip_key: null }]);
    await sweepDays("2026-02-05", "2026-02-06", "2026-02-07");
    expect(await rows()).toHaveLength(1);
    await sweepDays("2026-02-08");
    expect(await rows()).toEqual([]);
  });

  test("bounces are dropped as they came in after 30 days; one that waits to be read is not", async () => {
    await press.store.sql(`INSERT INTO reports (via, raw, state, applied_at, received_at) VALUES
      ('smtp', 'old', 'applied', '2026-03-01', '2026-03-01'), ('smtp', 'new', 'applied', '2026-03-05', '2026-03-05'),
      ('smtp', 'unread', 'waiting', NULL, '2026-03-01')`);
    await sweepDays("2026-04-01", "2026-04-02");
    expect(await press.store.sql("SELECT convert_from(raw, 'UTF8') AS raw FROM reports ORDER BY id")).toEqual([
      ...[{ raw: null }, { raw: "new" }, { raw: "unread" }],
    ]);
  });

  test("what proves a consent goes four years after the erasure; the row with its key and a later life's proof stay", async () => {
    const id = await aReader();
    await erase();
    await press.store.clock.set(at("2026-06-01T12:00Z"));
    await aReader();
    await sweepDays("2030-04-12", "2030-04-13", "2030-04-14");
    expect(await press.store.sql("SELECT count(*)::int AS n FROM subscription_changes")).toEqual([{ n: 3 }]);
    await sweepDays("2030-04-15");
    expect(await press.store.sql("SELECT what, version FROM subscription_changes")).toEqual([
      { what: "confirmed", version: 3 },
    ]);
    expect(await press.store.sql("SELECT state, confirmed_at FROM requests")).toEqual([
      { state: "confirmed", confirmed_at: at("2026-06-01T12:00Z") },
    ]);
    expect((await press.store.subscriptions.findById(id))!.state).toBe("active");
  });
});
