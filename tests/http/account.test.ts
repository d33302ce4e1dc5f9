import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { confirm } from "../../src/actions/confirm.ts";
import { PRESSURE, VISIT_CAPS } from "../../src/core/caps.ts";
import { parseDomainList } from "../../src/core/domain-list.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { openDoors, statuses, times } from "./doors.ts";
import { aWeb, links, unescaped, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
afterAll(() => web.close());
beforeEach(() => web.store.clock.set(at("2026-04-16T09:00Z")));

const chosen = preferences({ filter: aFilter({ include: ["agents"] }), hour: 6 });

/** Subscribed an hour ago: so soon after the confirmation another mail would have to wait (docs/promises.md S6). */
async function aReader() {
  await web.store.clock.set(at("2026-04-16T08:00Z"));
  const id = await web.store.aReader(chosen);
  await web.store.clock.set(at("2026-04-16T09:00Z"));
  const token = links.sign("account", { subscriptionId: id }, web.app.now());
  const { email } = (await web.store.subscriptions.findById(id))!;
  return {
    ...{ id, token, email: email!, path: `/account/${token}` },
    now: async () => (await web.store.subscriptions.findById(id))!,
  };
}
/** Digests that went out to a reader, one a day. */
async function sent(id: bigint, days: number, papers: readonly number[]) {
  await web.store.sql("SELECT make_delivery_partitions('2026-01-01', '2026-04-20')");
  await web.store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, paper_ids, ended_at)
      SELECT day::date, $1, day::date - 1, 'daily', day, day, 'accepted', $2, day
      FROM generate_series(timestamptz '2026-04-15' - $3 * interval '1 day', timestamptz '2026-04-14', interval '1 day') day`,
    [id, papers, days],
  );
}
const days = (page: string) => [...page.matchAll(/<span>(\w+, \w+ \d+, \d+)<\/span>/g)].map(([, day]) => day!);
/** Answers what was asked for last, to whoever it goes to. */
async function answered(): Promise<{ answer: string; to: string; kind: string }> {
  const [row] = await web.store.sql<{ id: bigint }>("SELECT max(id) AS id FROM requests");
  let letter = { to: "", kind: "" };
  const post = {
    sendLetter: async ({ email, kind }: { email: string; kind: string }) => {
      letter = { to: email, kind };
      return { kind: "accepted", response: "250 ok" } as const;
    },
  };
  const shelf = { recent: async () => [] };
  const needs = { ...web.store, post, shelf, exchangers: { of: async () => null } };
  return { answer: await answerRequest(needs, BigInt(row!.id)), ...letter };
}

describe("the link", () => {
  test("a reader who asks on the preferences page is mailed it; the page itself shows no more than before", async () => {
    const reader = await aReader();
    const preferencesPath = `/preferences/${links.sign("preferences", { subscriptionId: reader.id }, web.app.now())}`;
    const page = await web.press(preferencesPath, { do: "account" });
    expect([page.status, (await page.text()).includes(reader.email)]).toEqual([200, false]);
    expect(await answered()).toEqual({ answer: "account", kind: "account", to: reader.email });
    expect((await reader.now()).preferences).toEqual(chosen);
  });

  test("asked for there is under the caps of every door: then it comes later, and then it is refused", async () => {
    const doors = await openDoors();
    try {
      await doors.web.store.clock.set(at("2026-04-16T08:00Z"));
      const id = await doors.web.store.aReader(chosen);
      await doors.web.store.clock.set(at("2026-04-16T09:00Z"));
      const path = `/preferences/${links.sign("preferences", { subscriptionId: id }, doors.web.app.now())}`;
      const ask = () => doors.web.press(path, { do: "account" });
      const [{ most }] = VISIT_CAPS.visitor;
      expect(await (await ask()).text()).not.toContain("Check your inbox later");
      await doors.press(PRESSURE);
      expect(await (await ask()).text()).toContain("Check your inbox later");
      const answers = await Promise.all(times(most, ask));
      expect(statuses(answers).sort()).toEqual([...times(most - 2, () => 200), 429, 429]);
      const [, ...requests] = await doors.asked(); // the first is the one they subscribed with
      const waits = requests.map((row) => row.not_before > doors.web.app.now());
      expect([waits.length, waits.indexOf(true)]).toEqual([most, 1]);
    } finally {
      await doors.web.close();
    }
  });

  test("from /lost-link every address is told the same; only a reader is written to, and one who left, until they are erased", async () => {
    const [active, left, erased] = [await aReader(), await aReader(), await aReader()];
    await web.store.subscriptions.end(left.id, "reader", "test");
    await web.store.erasure.erase(`key of ${erased.email}`, "test");
    const told = new Set<string>();
    const answers = [];
    for (const email of [active.email, left.email, erased.email, "nobody@example.org"]) {
      told.add(await (await web.press("/lost-link", { email, opens: "account" })).text());
      answers.push((await answered()).answer);
    }
    expect([told.size, answers]).toEqual([1, ["account", "account", "nothing", "nothing"]]);
  });

  test("opens the account for one hour, and its account alone", async () => {
    const reader = await aReader();
    expect((await web.get(reader.path)).status).toBe(200);
    await web.store.clock.set(at("2026-04-16T10:00Z"));
    expect((await web.get(reader.path)).status).toBe(404);
    const other = links.sign("preferences", { subscriptionId: reader.id }, web.app.now());
    expect((await web.get(`/account/${other}`)).status).toBe(404);
    expect((await web.json("GET", `/account/${other}/export`)).status).toBe(404);
    expect((await web.json("POST", `/account/${other}/erase`)).status).toBe(404);
  });
});

describe("the page", () => {
  test("shows the whole address, since when, what was sent with its papers, and that nothing came back", async () => {
    await web.anEdition("2026-04-14", [{ title: "Agents <that> plan", arxivId: "2604.70001" }]);
    const [paper] = await web.store.sql<{ id: number }>("SELECT id FROM papers WHERE public_id = '2604.70001'");
    const reader = await aReader();
    await sent(reader.id, 2, [paper!.id]);
    const answer = await web.get(reader.path);
    const page = await answer.text();
    expect(unescaped(page)).toContain(`<bdi>${reader.email}</bdi>`);
    expect(page).toContain(
      "Subscribed since April 16, 2026. The digest comes to this address. No mail to it was returned.",
    );
    expect(days(page)).toEqual(["Tuesday, April 14, 2026", "Monday, April 13, 2026"]);
    expect(page).toContain('<a class="title" dir="auto" href="/papers/2604.70001">Agents &lt;that&gt; plan</a>');
    expect(page).not.toContain("came back");
    expect([answer.headers.get("cache-control"), answer.headers.get("x-robots-tag")]).toEqual([
      "no-store",
      "noindex, nofollow",
    ]);
  });

  test("a history longer than a page is read to its end, each day once", async () => {
    const reader = await aReader();
    await sent(reader.id, 45, []);
    const seen: string[] = [];
    for (let path = reader.path, n = 0; path !== "" && n < 10; n += 1) {
      const page = unescaped(await (await web.get(path)).text());
      seen.push(...days(page));
      path = /href="(\/account\/[^"]*\?before=[^"]*)"/.exec(page)?.[1] ?? "";
    }
    expect([seen.length, new Set(seen).size, seen[0], seen.at(-1)]).toEqual([
      ...[45, 45, "Tuesday, April 14, 2026", "Sunday, March 1, 2026"],
    ]);
    for (const wrong of ["2026-02-30.1", "x", "2026-04-14.1;DROP", "2026-04-14.99999999999999999999"])
      expect((await web.get(`${reader.path}?before=${encodeURIComponent(wrong)}`)).status).toBe(400);
  });

  test("says what came back, inert, and who has left when they are forgotten", async () => {
    const reader = await aReader();
    await web.store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, verdict, because)
        VALUES ($1, paperboy_now(), '2026-04-15T07:00Z', 'soft', false, '4.2.2', '<script>over quota', 'mail', 'keep', 'soft')`,
      [reader.id],
    );
    await web.store.subscriptions.end(reader.id, "reader", "test");
    const page = await (await web.get(reader.path)).text();
    expect(page).toContain("April 15, 2026: your mailbox was full, or your mail server could not take it at the time.");
    expect(page).toContain('In its words: <q lang="">4.2.2 &lt;script&gt;over quota</q>');
    expect(page).toContain("erased by July 15, 2026 at the latest.");
    expect(page).not.toContain("Move my digest");
  });

  test("says what helps when mails come back, and when one is tried again", async () => {
    const reader = await aReader();
    await web.store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, verdict, because)
        VALUES ($1, paperboy_now(), '2026-04-15T07:00Z', 'hard', true, 'no such user', 'mail', 'suspend', 'hard')`,
      [reader.id],
    );
    const remedy = async (state: string, tryAgainAt: string | null) => {
      await web.store.sql(
        "UPDATE subscriptions SET state = $2, try_again_at = $3, suspended_at = now() WHERE id = $1",
        [...[reader.id, state, tryAgainAt]],
      );
      const page = await (await web.get(reader.path)).text();
      return unescaped(/<h2 id="came-back">[^<]*<\/h2>\s*(?:<p>(.*?)<\/p>)?/.exec(page)?.[1] ?? "").split(
        /[.;] |, (?:but|or) /,
      )[0];
    };
    expect([
      await remedy("active", null),
      await remedy("paused", null),
      await remedy("suspended", "2026-04-18T07:00Z"),
      await remedy("suspended", null),
      await remedy("ended", null),
    ]).toEqual([
      ...["Your digest still comes", "See that your mailbox has room and does not refuse the digest"],
      ...["Nothing is sent until April 18, 2026", "Nothing is sent any more", ""],
    ]);
  });

  test("the page told to who leaves names the same day, and tells no link from another", async () => {
    const reader = await aReader();
    const link = (id: bigint) => links.sign("unsubscribe", { subscriptionId: id, deliveryId: 0n }, web.app.now());
    const pages = [];
    for (const token of [link(reader.id), link(999_999n), "garbled"])
      pages.push((await (await web.press(`/unsubscribe/${token}?by=page`)).text()).replaceAll(/\/undo\/[^"]+/g, ""));
    expect([new Set(pages).size, pages[0]!.includes("erased by July 15, 2026 at the latest")]).toEqual([1, true]);
  });
});

describe("a copy", () => {
  test("is one file of JSON with everything, behind the button too, and another reader is not in it", async () => {
    const [reader, other] = [await aReader(), await aReader()];
    await sent(reader.id, 3, []);
    const page = await (await web.get(reader.path)).text();
    const href = unescaped(/href="([^"]*\/export)"/.exec(page)![1]!);
    const answer = await web.get(href);
    const headers = ["content-type", "content-disposition", "cache-control"].map((name) => answer.headers.get(name));
    expect([answer.status, headers]).toEqual([
      200,
      ["application/json; charset=utf-8", "attachment; filename=paperboy-2026-04-16.json", "no-store"],
    ]);
    const text = await answer.text();
    expect(text).not.toContain(other.email);
    const { address, subscription, deliveries } = JSON.parse(text);
    expect([address, subscription.preferences, deliveries.length]).toEqual([reader.email, chosen, 3]);
  });
});

describe("erasing", () => {
  test("takes a press more than looking: the button leads to a page that asks, and a GET erases nothing", async () => {
    const reader = await aReader();
    const before = await web.state();
    const asking = await (await web.get(`${reader.path}?do=erase`)).text();
    expect(await web.state()).toBe(before);
    expect(asking).toContain("One step is left to erase everything");
    const action = unescaped(/<form method="post" action="([^"]+)"/.exec(asking)![1]!);
    const done = await (await web.press(action)).text();
    expect(done).toContain("You are forgotten");
    expect(await reader.now()).toMatchObject({ email: null, state: "ended" });
  });

  test("by the API; afterwards the account, the preferences, the copy and a second erasure know no such link", async () => {
    const reader = await aReader();
    const preferencesLink = links.sign("preferences", { subscriptionId: reader.id }, web.app.now());
    const erased = await web.json("POST", `/account/${reader.token}/erase`);
    expect([erased.status, await erased.json()]).toEqual([200, { status: "erased" }]);
    expect(web.journal.at(-1)).toMatchObject({ what: "erased", addressKey: `key of ${reader.email}` });
    const unknown = await (await web.get("/account/garbled")).text();
    const answers = await Promise.all([
      web.get(reader.path),
      web.get(`${reader.path}?do=erase`),
      web.press(`${reader.path}?do=erase`),
      web.get(`/preferences/${preferencesLink}`),
    ]);
    for (const answer of answers) expect([answer.status, await answer.text()]).toEqual([404, unknown]);
    expect((await web.json("GET", `/account/${reader.token}/export`)).status).toBe(404);
    expect((await web.json("POST", `/account/${reader.token}/erase`)).status).toBe(404);
    expect(
      (
        await web.press(
          `/unsubscribe/${links.sign("unsubscribe", { subscriptionId: reader.id, deliveryId: 0n }, web.app.now())}`,
        )
      ).status,
    ).toBe(200);
  });
});

describe("another address", () => {
  const lastRequest = async () =>
    BigInt((await web.store.sql<{ id: string }>("SELECT max(id) AS id FROM requests"))[0]!.id);

  test("is asked first; confirmed, it has the choices and the history, and the old one is told and forgotten", async () => {
    const reader = await aReader();
    await sent(reader.id, 3, [1, 2]);
    const asked = await web.press(reader.path, { email: "New.Address@example.org" });
    expect([asked.status, await asked.text()]).toEqual([200, expect.stringContaining("Check the other inbox")]);
    expect(await answered()).toEqual({ answer: "move", kind: "move", to: "New.Address@example.org" });
    expect((await reader.now()).state).toBe("active");

    await web.store.subscriptions.change(reader.id, { ...chosen, maxPapers: 3 }, "test");
    await web.store.sql(
      "UPDATE subscription_clocks SET last_local_day = '2026-04-16', last_edition = '2026-04-15' WHERE subscription_id = $1",
      [reader.id],
    );
    const confirmed = await confirm(web.app, await lastRequest(), web.app.now());
    const { id } = confirmed as { id: bigint };
    expect(confirmed).toMatchObject({ outcome: "confirmed", delivery: null });
    expect(await web.store.subscriptions.findById(id)).toMatchObject({
      ...{ email: "New.Address@example.org", state: "active", preferences: { ...chosen, maxPapers: 3 } },
    });
    expect(await reader.now()).toMatchObject({ email: null, state: "ended" });
    const since = "2026-01-01";
    expect((await web.store.history.sentTo([id], since)).of(id)).toEqual([1, 2, 1, 2, 1, 2]);
    expect(
      await web.store.sql(
        "SELECT last_local_day::text AS day, last_edition::text AS edition, group_id IS NULL AS alone FROM subscription_clocks WHERE subscription_id = ANY ($1) ORDER BY 3",
        [[id, reader.id]],
      ),
    ).toEqual([
      { day: "2026-04-16", edition: "2026-04-15", alone: false },
      { day: "2026-04-16", edition: "2026-04-15", alone: true },
    ]);
    expect(await answered()).toEqual({ answer: "moved", kind: "moved", to: reader.email });
  });

  test("a pause moves along", async () => {
    const reader = await aReader();
    await web.store.subscriptions.pause(reader.id, at("2026-05-01T00:00Z"), "test");
    await web.press(reader.path, { email: "paused@example.org" });
    const { id } = (await confirm(web.app, await lastRequest(), web.app.now())) as { id: bigint };
    expect(await web.store.subscriptions.findById(id)).toMatchObject({
      state: "paused",
      pausedUntil: at("2026-05-01T00:00Z"),
    });
    expect(await web.store.sql("SELECT group_id FROM subscription_clocks WHERE subscription_id = $1", [id])).toEqual([
      { group_id: null },
    ]);
  });

  test("of somebody who reads already, or the same one, is not taken: its owner hears that they are subscribed", async () => {
    const [reader, other] = [await aReader(), await aReader()];
    for (const email of [other.email, reader.email]) {
      await web.press(reader.path, { email });
      expect(await answered()).toEqual({ answer: "already", kind: "already", to: email });
      expect(await confirm(web.app, await lastRequest(), web.app.now())).toMatchObject({ outcome: "already" });
    }
    expect([(await reader.now()).state, (await other.now()).state]).toEqual(["active", "active"]);
  });

  test("whose owner says never, or whose reader was erased meanwhile: nothing moves", async () => {
    const [first, second] = [await aReader(), await aReader()];
    await web.press(first.path, { email: "never@example.org" });
    const never = links.sign("never", { requestId: await lastRequest() }, web.app.now());
    await web.press(`/never/${never}`);
    expect(await confirm(web.app, await lastRequest(), web.app.now())).toEqual({ outcome: "unknown" });
    expect(
      await web.store.sql("SELECT because FROM suppressions WHERE address_key = 'key of never@example.org'"),
    ).toEqual([{ because: "never" }]);
    expect((await first.now()).state).toBe("active");

    await web.press(second.path, { email: "late@example.org" });
    const request = await lastRequest();
    await web.store.erasure.erase(`key of ${second.email}`, "test");
    expect(await confirm(web.app, request, web.app.now())).toEqual({ outcome: "unknown" });
    expect(await web.store.sql("SELECT FROM subscriptions WHERE email = 'late@example.org'")).toEqual([]);
  });

  test("of a domain on the operator's list is refused, as it is to whoever subscribes", async () => {
    const strict = await aWeb({ refusedDomains: parseDomainList("trash.example") });
    const id = await strict.store.aReader(chosen);
    const path = `/account/${links.sign("account", { subscriptionId: id }, strict.app.now())}`;
    const answer = await strict.press(path, { email: "ada@a.trash.example" });
    expect([answer.status, await answer.text()]).toEqual([
      422,
      expect.stringContaining("Write an address that you keep"),
    ]);
    expect(await strict.store.sql("SELECT FROM requests WHERE kind = 'move'")).toEqual([]);
    await strict.close();
  });

  test("that is none keeps what was typed beside what is wrong with it", async () => {
    const reader = await aReader();
    const answer = await web.press(reader.path, { email: "nobody" });
    const page = await answer.text();
    expect([answer.status, page.includes('value="nobody"'), page.includes("We cannot write to this address.")]).toEqual(
      [422, true, true],
    );
  });
});

test("how somebody asked is kept as proof: the page, the version of its words, the network address as a key", async () => {
  await web.press("/subscriptions", { email: "form@example.org" });
  await web.json("POST", "/subscriptions", { email: "api@example.org" });
  await web.press("/lost-link", { email: "lost@example.org" });
  const rows = await web.store.sql<{ version: string }>(
    "SELECT page, text_version AS version, asked_ip_key AS ip FROM requests ORDER BY id DESC LIMIT 3",
  );
  const version = expect.stringMatching(/^en-[0-9a-f]{12}$/);
  expect(rows).toEqual(
    ["/lost-link", "/api/v1/subscriptions", "/"].map((page) => ({ page, version, ip: "key of 127.0.0.1" })),
  );
  expect(new Set(rows.map(({ version: each }) => each)).size).toBe(1);
});

test("/privacy tells the numbers in force", async () => {
  const page = await (await web.get("/privacy")).text();
  const told = [/forgotten after 7 days/, /erased after 90 days/, /came in after 30 days/, /kept for 4 years after/];
  expect(told.map((words) => words.test(page))).toEqual([true, true, true, true]);
});
