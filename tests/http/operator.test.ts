import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { preferences } from "../support/builders.ts";
import { aWeb, type Web } from "./web.ts";

const TOKEN = "a-token-for-the-operator";
let web: Web;
beforeAll(async () => {
  web = await aWeb({ apiToken: TOKEN, trustProxy: 1 });
  await web.anEdition("2026-04-14", [{ title: "Agents" }]);
  await web.anEdition("2026-04-15", [{ title: "Agents that act" }]);
});
beforeEach(() => web.store.sql("TRUNCATE door_counts"));
afterAll(() => web.close());

const ask = async (method: string, path: string, body?: unknown, { token = TOKEN, ip = "192.0.2.7" } = {}) => {
  const answer = await web.send(`/api/v1/operator${path}`, {
    method,
    headers: {
      "x-forwarded-for": ip,
      ...(token !== "" && { authorization: `Bearer ${token}` }),
      ...(body !== undefined && { "content-type": "application/json" }),
    },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
};
const lines = async () =>
  (
    await web.store.sql<{ what: string; by: string; about: string | null; details: unknown }>(
      "SELECT what, by, about, details FROM audit_lines ORDER BY id",
    )
  ).map(({ what, by, about, details }) => [by, what, about, details]);

test("without API_TOKEN there is no operator's part", async () => {
  const bare = await aWeb();
  for (const path of ["/overview", "/readers", "/stops"]) {
    const answer = await bare.send(`/api/v1/operator${path}`, { headers: { authorization: "Bearer null" } });
    expect([path, answer.status]).toEqual([path, 404]);
  }
  await bare.close();
});

test("nobody comes in without the token, whatever the address, and other sites' pages not at all", async () => {
  for (const path of ["/overview", "/readers/1", "/nothing"]) {
    const { status, headers } = await ask("GET", path, undefined, { token: "" });
    expect([path, status, headers.get("www-authenticate")]).toEqual([path, 401, 'Bearer realm="operator"']);
  }
  const { headers } = await ask("GET", "/overview");
  expect([headers.get("access-control-allow-origin"), headers.get("cache-control")]).toEqual([null, "no-store"]);
});

test("X5: who guessed five times is shut out, with the right token too; nobody else is, and no token is in the log", async () => {
  const guesses = [];
  for (let n = 0; n < 6; n++)
    guesses.push((await ask("GET", "/overview", undefined, { token: `guess-${n}`, ip: "192.0.2.66" })).status);
  expect(guesses).toEqual([401, 401, 401, 401, 401, 429]);
  const again = await ask("GET", "/overview", undefined, { ip: "192.0.2.66" });
  expect([again.status, again.headers.has("retry-after")]).toEqual([429, true]);
  expect((await ask("GET", "/overview", undefined, { ip: "192.0.2.67" })).status).toBe(200);
  expect(web.logged.filter((line) => line.includes(TOKEN) || line.includes("guess-"))).toEqual([]);
  expect(web.logged.filter((line) => line.includes("wrong token"))).toHaveLength(5);
});

test.each([
  ["sate=waiting", "sate", 'There is no parameter "sate". Write one of: via, state, reader, limit, after.'],
  ["state=waiting&state=applied", "state", "state stands in the address more than once. Leave one."],
  ["limit=1&limit=2", "limit", "limit stands in the address more than once. Leave one."],
])("a parameter that is misspelt or stands there twice is refused, not left out: %s", async (query, field, message) => {
  const { status, body } = await ask("GET", `/reports?${query}`);
  expect([status, (body as { errors: unknown }).errors]).toEqual([400, [{ field, message }]]);
  expect((await ask("GET", "/reports?via=&state=waiting&state=&limit=")).status).toBe(200);
});

test("readers come page by page with their addresses masked; one is found by address, and shown whole", async () => {
  const ids: bigint[] = [];
  for (let n = 0; n < 3; n++) ids.push(await web.store.aReader(preferences({ hour: 6 + n })));
  const first = await ask("GET", "/readers?limit=2");
  const masked = first.body as { id: string; address: string }[];
  expect(masked.map(({ id }) => id)).toEqual([String(ids[2]), String(ids[1])]);
  expect(masked[0]!.address).not.toBe("reader3@example.org");
  expect(first.headers.get("link")).toBe(
    `<http://paperboy.example/api/v1/operator/readers?limit=2&after=${ids[1]}>; rel="next"`,
  );
  const second = await ask("GET", `/readers?limit=2&after=${ids[1]}`);
  expect([(second.body as { id: string }[]).map(({ id }) => id), second.headers.get("link")]).toEqual([
    [String(ids[0])],
    null,
  ]);

  const found = await ask("POST", "/readers/find", { address: "Reader1@example.org" });
  expect(found.body).toEqual({
    ...{
      id: String(ids[0]),
      address: "reader1@example.org",
      addressKey: "key of reader1@example.org",
      state: "active",
    },
    ...{ cadence: "daily", hour: 6, zone: "UTC", createdAt: "2026-04-16T09:00:00.000Z" },
    ...{ confirmedAt: "2026-04-16T09:00:00.000Z", endedAt: null, endedBecause: null },
  });
  expect((await ask("GET", `/readers/${ids[0]}`)).body).toEqual(found.body);
  expect((await ask("POST", "/readers/find", { address: "no address" })).status).toBe(422);
});

test("what is done is done, and leaves a line that says by which way, without an address", async () => {
  await web.store.sql("TRUNCATE audit_lines");
  const email = "reader1@example.org";
  const stops = await ask("POST", "/stops", { because: "we look into something" });
  expect(stops.body).toEqual([{ edition: null, because: "we look into something", at: "2026-04-16T09:00:00.000Z" }]);
  expect((await ask("GET", "/overview")).body).toMatchObject({
    edition: { date: "2026-04-15", state: "closed", deliveries: { accepted: 0 } },
    stops: stops.body,
  });
  expect((await ask("DELETE", "/stops")).body).toEqual(stops.body);
  expect((await ask("GET", "/stops")).body).toEqual([]);
  expect((await ask("POST", "/suppressions", { address: email, note: "on the phone" })).body).toEqual({
    status: "suppressed",
  });
  expect((await ask("POST", "/readers/find", { address: email })).body).toMatchObject({ state: "ended" });
  expect((await ask("POST", "/suppressions/lift", { address: email })).status).toBe(422);
  expect((await ask("POST", "/suppressions/lift", { address: email, note: "a mistake" })).body).toEqual({
    status: "lifted",
  });
  expect((await ask("POST", "/editions/2026-04-15/reopen")).body).toEqual({ status: "reopened" });
  expect((await ask("POST", "/editions/2026-04-15/close", { force: true })).body).toMatchObject({ status: "broken" });
  expect(await lines()).toEqual([
    ["api", "pause", null, { isNew: true }],
    ["api", "resume", null, { lifted: 1 }],
    ["api", "suppress", `key key of ${email}`, { hasNote: true, outcome: "suppressed" }],
    ["api", "lift", `key key of ${email}`, { lifted: true, because: "operator" }],
    ["api", "reopen-edition", "edition 2026-04-15", { outcome: "reopened" }],
    ["api", "close-edition", "edition 2026-04-15", { force: true, outcome: "broken" }],
  ]);
  expect((await ask("GET", "/audit?by=api&limit=1")).body).toMatchObject([{ what: "close-edition", by: "api" }]);
});

test("an edition that never was, and a day that is none, are unknown; nothing is made of them", async () => {
  for (const date of ["2030-01-01", "2026-02-30", "latest", "%00"])
    expect([date, (await ask("POST", `/editions/${date}/close`, { force: true })).status]).toEqual([date, 404]);
  expect((await ask("GET", "/editions?limit=1")).body).toMatchObject([{ date: "2026-04-15", papers: 0 }]);
});

test("reports are told from each other by every way they come in", async () => {
  const id = await web.store.aReader(preferences());
  await web.store.sql(
    "INSERT INTO reports (via, raw, subscription_id, local_day, delivery_id) VALUES ('smtp-answer', 'no', $1, '2026-04-16', 1), ('raw', 'a bounce', NULL, NULL, NULL)",
    [id],
  );
  for (const via of ["smtp-answer", "raw"])
    expect((await ask("GET", `/reports?via=${via}`)).body).toMatchObject([{ via, state: "waiting" }]);
});
