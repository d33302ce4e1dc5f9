import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore(at("2026-04-15T12:00Z"));
});
afterAll(() => store.close());
beforeEach(async () => {
  await store.clock.set(at("2026-04-15T12:00Z"));
  await store.sql(
    "TRUNCATE subscription_clocks, delivery_groups, subscription_changes, subscriptions, requests, suppressions CASCADE",
  );
});

const ADA = { email: "Ada@Example.org", addressKey: "key of ada", wanted: preferences(), askedBy: "form" } as const;
const add = (given = {}) => store.requests.add({ ...ADA, ...given });

test("requests that are kept at once have each their own row, and none is lost for another that cannot be kept", async () => {
  const notBefore = at("2026-04-15T12:02Z");
  const given = [
    {},
    {
      email: "bob@example.org",
      addressKey: "key of bob",
      wanted: null,
      kind: "account",
      foldedKey: "f",
      domainKey: "d",
    },
    { email: "no\0body@example.org" },
    { askedBy: "api", page: "/", textVersion: "3", ipKey: "ip", notBefore },
    { wanted: null, kind: "move", subscriptionId: 9_007_199_254_740_993n },
  ];
  const kept = await Promise.allSettled(given.map(add));
  expect(kept.map(({ status }) => status)).toEqual(["fulfilled", "fulfilled", "rejected", "fulfilled", "fulfilled"]);
  const rows = kept.map(async (one) => {
    if (one.status === "rejected") return null;
    const [row] = await store.sql(
      `SELECT kind, email, address_key, folded_key, domain_key, wanted, asked_by, page, text_version, asked_ip_key,
        subscription_id, not_before, asked_at, state FROM requests WHERE id = $1`,
      [one.value],
    );
    return row;
  });
  const now = store.clock.now();
  const ada = {
    ...{ kind: "subscribe", email: ADA.email, address_key: ADA.addressKey, folded_key: null, domain_key: null },
    ...{ wanted: preferences(), asked_by: "form", page: null, text_version: null, asked_ip_key: null },
    ...{ subscription_id: null, not_before: now, asked_at: now, state: "waiting" },
  };
  expect(await Promise.all(rows)).toEqual([
    ada,
    {
      ...ada,
      ...{ kind: "account", email: "bob@example.org", address_key: "key of bob", wanted: null },
      ...{ folded_key: "f", domain_key: "d" },
    },
    null,
    { ...ada, asked_by: "api", page: "/", text_version: "3", asked_ip_key: "ip", not_before: notBefore },
    { ...ada, kind: "move", wanted: null, subscription_id: "9007199254740993" },
  ]);
});

test("a request is taken with all that its answer depends on", async () => {
  const earlier = await add();
  await store.requests.take(earlier);
  await store.requests.answered(earlier, "confirmation");
  await store.subscriptions.confirm(
    earlier,
    () => null,
    async () => {},
  );
  await store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of ada', 'never')");
  await store.clock.set(at("2026-04-15T13:00Z"));
  const id = await add({ wanted: null, askedBy: "api" });
  const [subscription] = await store.sql<{ id: string }>("SELECT id FROM subscriptions");

  expect(await store.requests.take(id)).toEqual({
    ...{ id, email: "Ada@Example.org", addressKey: "key of ada", wanted: null, askedBy: "api" },
    ...{ kind: "link", page: null },
    ...{ askedAt: at("2026-04-15T13:00Z"), takenAt: at("2026-04-15T13:00Z"), isSuppressed: true },
    subscription: { id: BigInt(subscription!.id), state: "active", language: "en", isErased: false },
    mailedAt: { address: [at("2026-04-15T12:00Z")], folded: [], domain: [] },
  });
});

test("it is taken once: by one of many workers, and not again before its minute is over", async () => {
  const id = await add();
  const taken = await Promise.all([1, 2, 3, 4].map(() => store.requests.take(id)));
  expect(taken.filter(Boolean)).toHaveLength(1);
  await store.clock.set(at("2026-04-15T12:00:59Z"));
  expect(await store.requests.take(id)).toBeNull();
  await store.clock.set(at("2026-04-15T12:01Z"));
  expect(await store.requests.take(id)).toMatchObject({ id });
});

test("an answer is recorded once; neither an answered nor an expired request is taken", async () => {
  const [id, old] = [await add(), await add({ addressKey: "key of another" })];
  await store.requests.take(id);
  expect([await store.requests.answered(id, "confirmation"), await store.requests.answered(id, "nothing")]).toEqual([
    true,
    false,
  ]);
  await store.clock.set(at("2026-04-22T12:00Z"));
  expect([await store.requests.take(id), await store.requests.take(old)]).toEqual([null, null]);
});

test("two requests of one address are taken one after the other, and the second sees that the first is being answered", async () => {
  const ids = [await add(), await add(), await add({ addressKey: "key of another" })];
  const taken = await Promise.all(ids.map((id) => store.requests.take(id)));
  expect(taken.map((one) => one!.mailedAt.address.length).sort()).toEqual([0, 0, 1]);
  expect(taken[2]!.mailedAt.address).toEqual([]);
});

test("mails to other spellings of an address count beside its own, and those of a day to its domain", async () => {
  const mailed = async (time: string, keys: { addressKey: string; foldedKey: string; domainKey: string }) => {
    await store.clock.set(at(time));
    const id = await add(keys);
    await store.requests.take(id);
    await store.requests.answered(id, "confirmation");
  };
  const domainKey = "key of example.org";
  await mailed("2026-04-01T12:00Z", { addressKey: "key of a.da", foldedKey: "folded", domainKey });
  await mailed("2026-04-15T10:00Z", { addressKey: "key of bob", foldedKey: "key of bob", domainKey });
  await mailed("2026-04-15T11:00Z", { addressKey: "key of c", foldedKey: "key of c", domainKey: "key of example.com" });
  await store.clock.set(at("2026-04-15T12:00Z"));
  const id = await add({ foldedKey: "folded", domainKey });
  expect((await store.requests.take(id))!.mailedAt).toEqual({
    address: [],
    folded: [at("2026-04-01T12:00Z")],
    domain: [at("2026-04-15T10:00Z")],
  });
});

test("a request with a place in the queue is not taken before it, nor overdue", async () => {
  const id = await add({ notBefore: at("2026-04-15T12:05Z") });
  await store.clock.set(at("2026-04-15T12:04:59Z"));
  expect([await store.requests.take(id), await store.requests.overdue(10)]).toEqual([null, []]);
  await store.clock.set(at("2026-04-15T12:05:20Z"));
  expect(await store.requests.overdue(10)).toEqual([{ id }]);
  expect(await store.requests.take(id)).toMatchObject({ id });
});

test("mails of thirty days count, newest first; a delayed request is none, nor one answered with nothing", async () => {
  const at30 = async (time: string, answer: "confirmation" | "nothing") => {
    await store.clock.set(at(time));
    const id = await add();
    await store.requests.take(id);
    await store.requests.answered(id, answer);
  };
  await at30("2026-04-01T12:00Z", "confirmation");
  await at30("2026-04-20T12:00Z", "confirmation");
  await at30("2026-04-21T12:00Z", "nothing");
  await at30("2026-04-22T12:00Z", "confirmation");
  const delayed = await add();
  await store.requests.take(delayed);
  await store.requests.delay(delayed, at("2026-04-22T12:10Z"));
  await store.clock.set(at("2026-05-01T12:00Z"));
  expect((await store.requests.take(await add()))!.mailedAt.address).toEqual([
    at("2026-04-22T12:00Z"),
    at("2026-04-20T12:00Z"),
  ]);
});

test("a delayed request waits for its time, and is then overdue like any other", async () => {
  const id = await add();
  await store.requests.take(id);
  await store.requests.delay(id, at("2026-04-15T12:10Z"));
  for (const time of ["2026-04-15T12:01Z", "2026-04-15T12:09:59Z"]) {
    await store.clock.set(at(time));
    expect([await store.requests.take(id), await store.requests.overdue(10)]).toEqual([null, []]);
  }
  await store.clock.set(at("2026-04-15T12:10:20Z"));
  expect(await store.requests.overdue(10)).toEqual([{ id }]);
  expect(await store.requests.take(id)).toMatchObject({ id });
});

test("who declines is suppressed under their key; a suppression that was lifted is put back, another reason stays", async () => {
  const ids = [await add(), await add({ addressKey: "key of bob" }), await add({ addressKey: "key of cleo" })];
  for (const id of ids) await store.requests.answered(id, "confirmation");
  await store.sql(`INSERT INTO suppressions (address_key, because, lifted_at, lifted_note)
    VALUES ('key of bob', 'bounce', now(), 'asked'), ('key of cleo', 'complaint', NULL, NULL)`);
  expect(await Promise.all(ids.map((id) => store.requests.decline(id)))).toEqual([
    "key of ada",
    "key of bob",
    "key of cleo",
  ]);
  expect(await store.sql("SELECT address_key, because, lifted_at FROM suppressions ORDER BY 1")).toEqual([
    { address_key: "key of ada", because: "never", lifted_at: null },
    { address_key: "key of bob", because: "never", lifted_at: null },
    { address_key: "key of cleo", because: "complaint", lifted_at: null },
  ]);
});

test("only a wish to subscribe that was not confirmed can be declined", async () => {
  const [confirmed, link] = [await add(), await add({ addressKey: "key of bob", wanted: null })];
  await store.subscriptions.confirm(
    confirmed,
    () => null,
    async () => {},
  );
  await store.requests.answered(link, "link");
  expect(await Promise.all([confirmed, link, 999_999n].map((id) => store.requests.decline(id)))).toEqual([
    null,
    null,
    null,
  ]);
  expect(await store.sql("SELECT address_key FROM suppressions")).toEqual([]);
});
