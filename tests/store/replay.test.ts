import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { JournalEntry } from "../../src/store/journal.ts";
import { preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T07:00Z"));
  await store.sql(
    "TRUNCATE deliveries, group_days, subscription_clocks, delivery_groups, subscription_changes, subscriptions, requests, suppressions CASCADE",
  );
});

const ended = (id: bigint, time: string): JournalEntry => ({
  ...{ what: "ended", subscriptionId: String(id), because: "reader", at: `2026-04-${time}:00.000Z` },
});
const undone = (id: bigint, time: string): JournalEntry => ({
  ...{ what: "undone", subscriptionId: String(id), at: `2026-04-${time}:00.000Z` },
});
const suppressed = (addressKey: string, time: string, because = "never"): JournalEntry => ({
  ...{ what: "suppressed", addressKey, because, at: `2026-04-${time}:00.000Z` },
});
const lifted = (addressKey: string, time: string): JournalEntry => ({
  ...{ what: "lifted", addressKey, at: `2026-04-${time}:00.000Z` },
});
const erased = (addressKey: string, time: string): JournalEntry => ({
  ...{ what: "erased", addressKey, at: `2026-04-${time}:00.000Z` },
});
async function replayed(...parts: JournalEntry[][]) {
  async function* journal() {
    for (const entries of parts) yield { entries, unreadable: 0 };
  }
  return store.restoration.replay(journal());
}
const stateOf = async (id: bigint) => (await store.subscriptions.findById(id))?.state;
const changes = () =>
  store.sql(
    "SELECT version, what, via, at FROM subscription_changes WHERE via <> 'confirmation-link' ORDER BY version",
  );

test("who left after the backup is ended as they ended it, in no group any more, with a line of what happened when", async () => {
  const id = await store.aReader();
  await store.clock.set(at("2026-04-16T10:00Z"));
  expect(await replayed([ended(id, "16T08:00")])).toEqual({
    left: 1,
    cameBack: 0,
    suppressed: 0,
    lifted: 0,
    erased: 0,
    unreadable: 0,
  });
  expect(await store.sql("SELECT state, ended_because, ended_at, version FROM subscriptions")).toEqual([
    { state: "ended", ended_because: "reader", ended_at: at("2026-04-16T08:00Z"), version: 2 },
  ]);
  expect(await changes()).toEqual([{ version: 2, what: "ended", via: "journal", at: at("2026-04-16T08:00Z") }]);
  expect(await store.sql("SELECT group_id FROM subscription_clocks")).toEqual([{ group_id: null }]);
});

test("replayed again it changes nothing; who is not in this database has nothing to end", async () => {
  const id = await store.aReader();
  const journal = [
    ended(id, "16T08:00"),
    ended(999_999n, "16T08:00"),
    undone(999_998n, "16T09:00"),
    suppressed("k", "16T08:00"),
  ];
  await replayed(journal);
  expect(await replayed(journal)).toEqual({ left: 0, cameBack: 0, suppressed: 0, lifted: 0, erased: 0, unreadable: 0 });
  expect(await changes()).toHaveLength(1);
});

test("who left before the backup and came back by confirming anew stays: the database has the newer word", async () => {
  await store.clock.set(at("2026-04-10T07:00Z"));
  const id = await store.aReader();
  await store.clock.set(at("2026-04-11T07:00Z"));
  await store.subscriptions.end(id, "reader", "test");
  await store.clock.set(at("2026-04-12T07:00Z"));
  const { email, preferences: wanted } = (await store.subscriptions.findById(id))!;
  const request = await store.requests.add({ email: email!, addressKey: `key of ${email}`, wanted, askedBy: "form" });
  await store.subscriptions.confirm(
    request,
    () => null,
    async () => {},
  );
  expect([await replayed([ended(id, "11T07:00")]), await stateOf(id)]).toMatchObject([{ left: 0 }, "active"]);
});

test("a leaving that was taken back is taken back again, whichever of the two the backup knows", async () => {
  await store.clock.set(at("2026-04-15T06:00Z"));
  const [neither, leaving] = [await store.aReader(), await store.aReader(preferences({ hour: 9 }))];
  await store.clock.set(at("2026-04-15T08:00Z"));
  await store.subscriptions.end(leaving, "reader", "test");
  const journal = [neither, leaving].flatMap((id) => [ended(id, "15T08:00"), undone(id, "15T08:05")]);
  expect(await replayed(journal)).toEqual({ left: 0, cameBack: 1, suppressed: 0, lifted: 0, erased: 0, unreadable: 0 });
  expect([await stateOf(neither), await stateOf(leaving)]).toEqual(["active", "active"]);
  expect(await store.sql("SELECT group_id IS NOT NULL AS grouped FROM subscription_clocks")).toEqual([
    ...[{ grouped: true }, { grouped: true }],
  ]);
  expect(await replayed(journal)).toMatchObject({ left: 0, cameBack: 0 });
});

test("left, back, left again: it is the last word that counts, in one part of the journal or in three", async () => {
  for (const split of [false, true]) {
    const id = await store.aReader();
    const words = [ended(id, "15T08:00"), undone(id, "15T08:05"), ended(id, "15T09:00")];
    await replayed(...(split ? words.map((word) => [word]) : [words]));
    await replayed(...(split ? words.map((word) => [word]) : [words]));
    expect(await stateOf(id)).toBe("ended");
  }
});

test("an undo of one machine's journal does not bring back who left later by another's", async () => {
  const id = await store.aReader();
  await replayed([ended(id, "15T09:00")]);
  expect(await replayed([ended(id, "15T08:00"), undone(id, "15T08:05")])).toMatchObject({ cameBack: 0 });
  expect(await stateOf(id)).toBe("ended");
});

test("who was suppressed, or erased, is not brought back by an undo", async () => {
  const [condemned, erased] = [await store.aReader(), await store.aReader()];
  await store.sql(
    "INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1",
    [condemned],
  );
  await store.sql("UPDATE subscriptions SET state = 'ended', ended_at = '2026-04-15T06:00Z'");
  await store.sql("UPDATE subscriptions SET email = NULL WHERE id = $1", [erased]);
  expect(await replayed([undone(condemned, "15T08:00"), undone(erased, "15T08:00")])).toMatchObject({ cameBack: 0 });
});

test("suppressions are put back; one that the operator lifted afterwards stays lifted, and another reason stays as it is", async () => {
  await store.sql(`INSERT INTO suppressions (address_key, because, at, lifted_at, lifted_note) VALUES
    ('lifted before', 'bounces', '2026-04-01', '2026-04-10', 'asked'), ('lifted after', 'never', '2026-04-01', '2026-04-20', 'asked'),
    ('complained', 'complaint', '2026-04-01', NULL, NULL)`);
  const keys = ["lifted before", "lifted after", "complained", "new", "new"];
  expect(await replayed(keys.map((key) => suppressed(key, "15T08:00")))).toMatchObject({ suppressed: 2 });
  expect(await store.sql("SELECT address_key AS key, because, lifted_at FROM suppressions ORDER BY 1")).toEqual([
    { key: "complained", because: "complaint", lifted_at: null },
    { key: "lifted after", because: "never", lifted_at: at("2026-04-20T00:00Z") },
    { key: "lifted before", because: "never", lifted_at: null },
    { key: "new", because: "never", lifted_at: null },
  ]);
});

describe("suppressed and lifted again", () => {
  const standing = async () =>
    (
      await store.sql<{ because: string; lifted: boolean }>(
        "SELECT because, lifted_at IS NOT NULL AS lifted FROM suppressions WHERE address_key = 'k'",
      )
    )[0];
  /** In one part of the journal, and in parts of one line each. */
  async function both(words: JournalEntry[], before?: string): Promise<unknown[]> {
    const found: unknown[] = [];
    for (const parts of [[words], words.map((word) => [word])]) {
      await store.sql("TRUNCATE suppressions");
      if (before) await store.sql(before);
      await replayed(...parts);
      await replayed(...parts);
      found.push(await standing());
    }
    return found;
  }
  const twice = (because: string, isLifted: boolean) =>
    Array.from({ length: 2 }, () => ({ because, lifted: isLifted }));

  test("it is the last word that counts", async () => {
    const said = suppressed("k", "15T08:00", "bounces");
    expect(await both([said, lifted("k", "15T09:00")])).toEqual(twice("bounces", true));
    expect(await both([said, lifted("k", "15T09:00"), suppressed("k", "15T10:00", "complaint")])).toEqual(
      twice("complaint", false),
    );
  });

  test("also where the backup knows the first of them, or all", async () => {
    const before = "INSERT INTO suppressions (address_key, because, at) VALUES ('k', 'bounces', '2026-04-15T08:00Z')";
    const words = [lifted("k", "15T09:00"), suppressed("k", "15T10:00", "operator")];
    expect(await both(words.slice(0, 1), before)).toEqual(twice("bounces", true));
    expect(await both(words, before)).toEqual(twice("operator", false));
    await replayed([words[0]!]);
    expect(await standing()).toEqual({ because: "operator", lifted: false });
  });

  test("journals of two machines come to the same, whichever is replayed first", async () => {
    const [one, two] = [
      [suppressed("k", "15T08:00", "bounces"), lifted("k", "15T09:00")],
      [suppressed("k", "15T10:00")],
    ];
    for (const order of [
      [one, two],
      [two, one],
    ]) {
      await store.sql("TRUNCATE suppressions");
      for (const journal of order) await replayed(journal);
      expect(await standing()).toEqual({ because: "never", lifted: false });
    }
  });

  test("bounces do not take the place of a reason that only the operator lifts, but the other way round they give way", async () => {
    const [grave, slight] = [suppressed("k", "15T08:00", "complaint"), suppressed("k", "15T09:00", "bounces")];
    expect(await both([grave, slight])).toEqual(twice("complaint", false));
    const later = suppressed("k", "15T10:00", "complaint");
    expect(await both([slight, later])).toEqual(twice("complaint", false));
  });

  test("of an address that was never suppressed there is nothing to lift", async () => {
    expect(await replayed([lifted("k", "15T09:00")])).toMatchObject({ lifted: 0 });
    expect(await standing()).toBeUndefined();
  });
});

test("who was erased after the backup is erased again, with the requests of before; who confirmed since stays, once and twice", async () => {
  const [gone, back] = [await store.aReader(), await store.aReader()];
  const keys = await store.sql<{ key: string }>("SELECT address_key AS key FROM subscriptions ORDER BY id");
  await store.requests.add({
    email: "wish@example.org",
    addressKey: "key of a wish",
    wanted: preferences(),
    askedBy: "form",
  });
  await store.clock.set(at("2026-04-16T09:00Z"));
  await store.sql("UPDATE subscription_changes SET at = '2026-04-16T09:00Z' WHERE subscription_id = $1", [back]);
  const journal = [...keys.map(({ key }) => key), "key of a wish"].map((key) => erased(key, "16T08:00"));
  expect(await replayed(journal)).toMatchObject({ erased: 4 });
  expect(await replayed(journal)).toMatchObject({ erased: 0 });
  expect([(await store.subscriptions.findById(gone))!.email, await stateOf(back)]).toEqual([null, "active"]);
  expect(await store.sql("SELECT email FROM requests WHERE email IS NOT NULL")).toEqual([]);
});
