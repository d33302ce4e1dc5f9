import { afterAll, beforeAll, expect, test } from "vitest";
import type { Preferences } from "../../src/core/subscription.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aWeb, links, unescaped, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
afterAll(() => web.close());

async function aReader(wanted: Preferences = preferences()) {
  const id = await web.store.aReader(wanted);
  const token = links.sign("preferences", { subscriptionId: id }, web.app.now());
  return { path: `/preferences/${token}`, token, now: async () => (await web.store.subscriptions.findById(id))! };
}

/** The fields of the big form, as a browser would send them untouched. */
function fieldsOf(page: string): [string, string][] {
  const form = page.slice(page.indexOf('<form class="sheet"'), page.indexOf("</form>"));
  const fields: [string, string][] = [];
  for (const [tag, name] of form.matchAll(/<(?:input|textarea|select)[^>]*? name="([^"]+)"[^>]*>/g)) {
    const rest = form.slice(form.indexOf(tag!) + tag!.length);
    const value = /value="([^"]*)"/.exec(tag!)?.[1];
    if (/type="(?:checkbox|radio)"/.test(tag!)) {
      if (/ checked/.test(tag!)) fields.push([name!, unescaped(value ?? "on")]);
    } else if (tag!.startsWith("<textarea"))
      fields.push([name!, unescaped(rest.slice(0, rest.indexOf("</textarea>")))]);
    else if (tag!.startsWith("<select"))
      fields.push([name!, unescaped(/value="([^"]*)" selected/.exec(rest.replace(/ lang="[^"]*"/g, ""))?.[1] ?? "")]);
    else fields.push([name!, unescaped(value ?? "")]);
  }
  return fields;
}

const three = preferences({
  ...{
    cadence: "weekly",
    weekday: 5,
    hour: 18,
    zone: "Asia/Kathmandu",
    maxPapers: 3,
    format: "text",
    language: "pt-BR",
  },
  filter: aFilter(
    { name: "Tools & more", topics: ["agents"], include: ['"tool use" + agents', "title:MCP"], exclude: ["survey"] },
    { name: "All of it" },
    { authors: ["Ada Lovelace"], categories: ["cs.CL", "stat.ML"], minUpvotes: 3, onlyWithCode: true },
  ),
});

test("saving the page untouched changes nothing, with watches that only the API can have made", async () => {
  const reader = await aReader(three);
  const page = await (await web.get(reader.path)).text();
  const saved = await web.press(reader.path, [...fieldsOf(page), ["do", "save"]]);
  expect([saved.status, (await reader.now()).preferences]).toEqual([200, three]);
});

test("beside the lines of a watch stands what they found lately", async () => {
  await web.anEdition("2026-04-14", [{ title: "Robots", authors: ["Ada Lovelace", "Ada B. Lovelace"] }]);
  const reader = await aReader(three);
  const page = await (await web.get(reader.path)).text();
  const found = page.slice(page.indexOf('id="field-watches-2-authors-found"'));
  expect(unescaped(found.slice(0, found.indexOf("</ul>")).replace(/^.*?>|<[^>]+>/g, "")).trim()).toBe(
    "Ada Lovelace took Ada B. Lovelace, Ada Lovelace in the last edition.",
  );
});

test("a watch is added and another removed without a script: the page keeps what was typed, and nothing counts before it is saved", async () => {
  const reader = await aReader(three);
  const typed = (fields: [string, string][], values: Record<string, string>) =>
    fields.map(([name, value]): [string, string] => [name, values[name] ?? value]);
  const press = async (fields: [string, string][], button: string) =>
    fieldsOf(await (await web.press(reader.path, [...fields, ["do", button]])).text());

  const before = await web.state();
  const page = fieldsOf(await (await web.get(reader.path)).text());
  const more = await press(typed(page, { include: "browser use" }), "add");
  const fewer = await press(typed(more, { "watches.3.include": "robot hands" }), "remove.1");
  const shown = await press(fewer, "show");
  expect(shown).toEqual(fewer);
  expect(await web.state()).toBe(before);

  await web.press(reader.path, [...shown, ["do", "save"]]);
  const [first, , third] = three.filter.watches;
  expect((await reader.now()).preferences.filter).toEqual(
    aFilter({ ...first, include: ["browser use"] }, { ...third }, { include: ["robot hands"] }),
  );
});

test("beside the form stands what the filter brings, of what is kept and of what was typed", async () => {
  await web.anEdition("2026-04-15", [{ title: "Looms" }, { title: "Mills" }]);
  const reader = await aReader(preferences({ filter: aFilter({ include: ["looms"] }) }));
  const titles = (page: string) => [...page.matchAll(/<h3><a[^>]*>([^<]+)</g)].map(([, title]) => title);
  expect(titles(await (await web.get(reader.path)).text())).toEqual(["Looms"]);
  const typed = await web.press(reader.path, { include: "mills", do: "show" });
  expect(titles(await typed.text())).toEqual(["Mills"]);
  expect((await reader.now()).preferences.filter).toEqual(aFilter({ include: ["looms"] }));
});

test("a form that has one field changes that field alone", async () => {
  const reader = await aReader(three);
  await web.press(reader.path, { hour: "9" });
  expect((await reader.now()).preferences).toEqual({ ...three, hour: 9 });
});

test("the address is masked", async () => {
  const reader = await aReader();
  const page = await (await web.get(reader.path)).text();
  expect([page.includes((await reader.now()).email!), page.includes("r•••@example.org")]).toEqual([false, true]);
});

test("a pause lasts until the reader's own midnight, or until they come back", async () => {
  const reader = await aReader(preferences({ zone: "Asia/Kathmandu" }));
  const paused = await (await web.press(reader.path, { do: "pause", pausedUntil: "2026-05-01" })).text();
  expect(await reader.now()).toMatchObject({ state: "paused", pausedUntil: at("2026-04-30T18:15Z") });
  expect(paused).toContain("Paused until Friday, May 1, 2026.");
  await web.press(reader.path, { do: "pause", pausedUntil: "" });
  expect(await reader.now()).toMatchObject({ state: "paused", pausedUntil: null });
  await web.press(reader.path, { do: "resume" });
  expect(await reader.now()).toMatchObject({ state: "active", pausedUntil: null });
  expect((await web.press(reader.path, { do: "pause", pausedUntil: "2026-04-01" })).status).toBe(422);
});

test("elsewhere until a day: the digest follows that zone, and the page says when it comes home", async () => {
  const reader = await aReader(preferences({ zone: "Europe/Berlin" }));
  const away = await web.press(reader.path, { do: "away", elsewhereZone: "Asia/Tokyo", zoneUntil: "2026-05-01" });
  expect(await reader.now()).toMatchObject({
    preferences: { zone: "Asia/Tokyo" },
    elsewhere: { homeZone: "Europe/Berlin", until: at("2026-04-30T22:00Z") },
  });
  expect(await away.text()).toContain(
    "Until Friday, May 1, 2026 your digest follows the clock of Asia/Tokyo, and then that of Europe/Berlin again.",
  );
  // What is saved meanwhile leaves them away, unless it is another zone.
  await web.press(reader.path, { hour: "9", do: "save" });
  expect(await reader.now()).toMatchObject({ preferences: { hour: 9, zone: "Asia/Tokyo" }, elsewhere: {} });
  await web.press(reader.path, { do: "home" });
  expect(await reader.now()).toMatchObject({ preferences: { zone: "Europe/Berlin" }, elsewhere: null });
  for (const wrong of [
    { elsewhereZone: "Asia/Tokyo", zoneUntil: "2026-04-01" },
    { elsewhereZone: "Europe/Berlin", zoneUntil: "2026-05-01" },
    { elsewhereZone: "Mars", zoneUntil: "x" },
  ])
    expect((await web.press(reader.path, { do: "away", ...wrong })).status).toBe(422);
  expect((await reader.now()).elsewhere).toBe(null);
});

test("a mistake in where or until when leaves the other as it was chosen", async () => {
  const reader = await aReader(preferences({ zone: "Europe/Berlin" }));
  const away = { do: "away", elsewhereZone: "Asia/Tokyo", zoneUntil: "2026-04-01" };
  const page = await (await web.press(reader.path, away)).text();
  expect(page).toMatch(/<select id="field-elsewhereZone"[\s\S]*?<option value="Asia\/Tokyo" selected>/);
  expect(page).toMatch(/id="field-zoneUntil"[^>]* value="2026-04-01" required aria-invalid="true"/);
  expect(page).toMatch(/<p class="wrong" id="field-zoneUntil-wrong">Choose the day you are home again[^<]*<\/p>/);
  const paused = await (await web.press(reader.path, { do: "pause", pausedUntil: "2026-04-01" })).text();
  expect(paused).toMatch(/id="field-pausedUntil"[^>]* value="2026-04-01"/);
});

test("a page from when they were elsewhere, saved when they are home again, leaves their zone their own", async () => {
  const reader = await aReader(preferences({ zone: "Europe/Berlin" }));
  await web.press(reader.path, { do: "away", elsewhereZone: "Asia/Tokyo", zoneUntil: "2026-05-01" });
  const old = fieldsOf(await (await web.get(reader.path)).text());
  // Also when it was shown again in between: with one more watch, or beside a mistake.
  const more = fieldsOf(await (await web.press(reader.path, [...old, ["do", "add"]])).text());
  const wrong = [...more.filter(([name]) => name !== "maxPapers"), ["maxPapers", "many"], ["do", "save"]];
  const again = fieldsOf(await (await web.press(reader.path, wrong as [string, string][])).text());
  await web.press(reader.path, { do: "home" });
  const zones = async () => {
    const { preferences, elsewhere } = await reader.now();
    return [preferences.hour, preferences.zone, elsewhere];
  };
  for (const [hour, fields] of [old, more, again].entries()) {
    const usable = fields.filter(([name]) => !["hour", "maxPapers"].includes(name));
    expect((await web.press(reader.path, [...usable, ["hour", String(hour)], ["do", "save"]])).status).toBe(200);
    expect(await zones()).toEqual([hour, "Europe/Berlin", null]);
  }
  const chosen = old.map(([name, value]): [string, string] => [name, name === "zone" ? "Asia/Seoul" : value]);
  await web.press(reader.path, [...chosen, ["do", "save"]]);
  expect((await zones())[1]).toBe("Asia/Seoul");
});

test("the API shows and sets where a reader is for a while; their own zone stays the one at home", async () => {
  const reader = await aReader(preferences({ zone: "Europe/Berlin" }));
  const path = `/subscriptions/${reader.token}`;
  const patch = async (body: unknown) =>
    (await web.json("PATCH", path, body)).json() as Promise<Record<string, unknown>>;
  const elsewhere = { zone: "Asia/Tokyo", until: "2026-05-01" };
  const away = await patch({ elsewhere });
  expect([away.zone, away.elsewhere]).toEqual(["Europe/Berlin", elsewhere]);
  expect(await reader.now()).toMatchObject({
    preferences: { zone: "Asia/Tokyo" },
    elsewhere: { homeZone: "Europe/Berlin", until: at("2026-04-30T22:00Z") },
  });

  // What was given is taken back, and the day is one of the zone at home, also when both change at once.
  const { status: _, address: __, ...given } = (await (await web.json("GET", path)).json()) as typeof away;
  expect(await patch(given)).toEqual(away);
  expect(await patch({ hour: 9 })).toMatchObject({ hour: 9, elsewhere });
  expect(await patch({ elsewhere: { ...elsewhere, until: "2026-05-03" } })).toMatchObject({
    ...{ zone: "Europe/Berlin", elsewhere: { ...elsewhere, until: "2026-05-03" } },
  });
  expect(await patch({ zone: "America/New_York", elsewhere })).toMatchObject({ zone: "America/New_York", elsewhere });
  expect((await reader.now()).elsewhere).toEqual({ homeZone: "America/New_York", until: at("2026-05-01T04:00Z") });

  expect(await patch({ elsewhere: null })).toMatchObject({ zone: "America/New_York", elsewhere: null });
  await patch({ elsewhere });
  expect(await patch({ zone: "Europe/Paris" })).toMatchObject({ zone: "Europe/Paris", elsewhere: null });
});

test.each([
  [{ zone: "Mars", until: "2026-05-01" }, ["elsewhere.zone"]],
  [{ zone: "Asia/Tokyo", until: "2026-04-16" }, ["elsewhere.until"]],
  [{ zone: "Europe/Berlin", until: "2026-02-30" }, ["elsewhere.zone", "elsewhere.until"]],
  [{ zone: "Asia/Tokyo" }, ["elsewhere.until"]],
  [{ zone: "Asia/Tokyo", until: "2026-05-01", hour: 8 }, ["elsewhere.hour"]],
  ["Asia/Tokyo", ["elsewhere"]],
])("the API refuses to go to %j, and says what is wrong", async (elsewhere, fields) => {
  const reader = await aReader(preferences({ zone: "Europe/Berlin" }));
  const before = await web.state();
  const answer = await web.json("PATCH", `/subscriptions/${reader.token}`, { elsewhere });
  const { errors } = (await answer.json()) as { errors: { field: string }[] };
  expect([answer.status, errors.map(({ field }) => field)]).toEqual([422, fields]);
  expect(await web.state()).toBe(before);
});

test("who has left is told so, and their link changes nothing", async () => {
  const reader = await aReader();
  const { id } = await reader.now();
  await web.store.subscriptions.end(id, "reader", "test");
  const before = await web.state();
  const answers = await Promise.all([
    web.get(reader.path),
    web.press(reader.path, { hour: "9" }),
    web.press(reader.path, { do: "resume" }),
  ]);
  for (const answer of answers) expect(await answer.text()).toContain("This subscription has ended");
  expect(await web.state()).toBe(before);
});

test("the API gives a subscription, and takes back what it gave", async () => {
  const reader = await aReader(three);
  const given = await (await web.json("GET", `/subscriptions/${reader.token}`)).json();
  const { status, address, ...rest } = given as Record<string, unknown>;
  expect(given).toEqual({
    ...{ status: "active", address: "r•••@example.org", paused: false, pausedUntil: null, elsewhere: null },
    ...three,
  });
  const patched = await web.json("PATCH", `/subscriptions/${reader.token}`, rest);
  expect([patched.status, await patched.json(), [status, address]]).toEqual([
    200,
    given,
    ["active", "r•••@example.org"],
  ]);
});

test("a PATCH changes what it names; the weekday goes with the week", async () => {
  const reader = await aReader(three);
  const patch = (body: unknown) => web.json("PATCH", `/subscriptions/${reader.token}`, body);
  await patch({ cadence: "daily", hour: 5 });
  const { weekday: _, ...daily } = { ...three, cadence: "daily", hour: 5 };
  expect((await reader.now()).preferences).toEqual(daily);
  expect(await (await patch({ pausedUntil: "2026-05-01T00:00:00+02:00" })).json()).toMatchObject({
    status: "paused",
    paused: true,
    pausedUntil: "2026-04-30T22:00:00.000Z",
  });
  expect(await (await patch({ paused: false })).json()).toMatchObject({ status: "active", pausedUntil: null });
});

test("a PATCH with mistakes names each field and changes nothing", async () => {
  const reader = await aReader();
  const before = await web.state();
  const answer = await web.json("PATCH", `/subscriptions/${reader.token}`, {
    ...{
      hour: 24,
      colour: "red",
      paused: "yes",
      pausedUntil: "2020-01-01",
      filter: { watches: [{ include: ["ok", ""] }] },
    },
  });
  const { errors, ...document } = (await answer.json()) as { errors: { field: string }[] };
  expect(document).toMatchObject({ type: "about:blank", status: 422 });
  expect(errors.map(({ field }) => field).sort()).toEqual([
    "colour",
    "filter.watches.0.include.1",
    "hour",
    "paused",
    "pausedUntil",
  ]);
  expect(await web.state()).toBe(before);
});

test("DELETE ends a subscription, twice; then it can be looked at and not be changed", async () => {
  const reader = await aReader();
  const ended = await web.json("DELETE", `/subscriptions/${reader.token}`);
  const again = await web.json("DELETE", `/subscriptions/${reader.token}`);
  expect([ended.status, again.status, await ended.json()]).toMatchObject([200, 200, { status: "ended" }]);
  expect((await web.json("GET", `/subscriptions/${reader.token}`)).status).toBe(200);
  expect((await web.json("PATCH", `/subscriptions/${reader.token}`, { hour: 3 })).status).toBe(409);
});
