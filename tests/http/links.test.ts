import { afterAll, beforeAll, expect, test } from "vitest";
import { preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aWeb, links, unescaped, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  await web.anEdition("2026-04-15", [{ title: "Agents that plan" }, { title: "Agents that act" }]);
});
afterAll(() => web.close());

const UNKNOWN = links.sign("unsubscribe", { subscriptionId: 2_000_000n, deliveryId: 1n }, at("2026-04-16T08:00Z"));

async function aRequest(email: string): Promise<bigint> {
  const id = await web.store.requests.add({
    email,
    addressKey: `key of ${email}`,
    wanted: preferences(),
    askedBy: "form",
  });
  await web.store.requests.answered(id, "confirmation");
  return id;
}

/** A link of every purpose that has a page, all of them good. */
async function allLinks(): Promise<Record<string, string>> {
  const subscriptionId = await web.store.aReader();
  const requestId = await aRequest(`waiting${subscriptionId}@example.org`);
  const now = web.app.now();
  return {
    confirm: `/confirm/${links.sign("confirm", { requestId }, now)}`,
    never: `/never/${links.sign("never", { requestId }, now)}`,
    preferences: `/preferences/${links.sign("preferences", { subscriptionId }, now)}`,
    unsubscribe: `/unsubscribe/${links.sign("unsubscribe", { subscriptionId, deliveryId: 7n }, now)}`,
    undo: `/undo/${links.sign("undo", { subscriptionId }, now)}`,
    digest: `/digest/${links.sign("digest", { editionDate: "2026-04-15", paperKeys: [2, 1] }, now)}`,
    apiSubscription: `/api/v1/subscriptions/${links.sign("preferences", { subscriptionId }, now)}`,
    apiConfirm: `/api/v1/subscriptions/${links.sign("confirm", { requestId }, now)}/confirm`,
  };
}

const idIn = (token: string) =>
  (links.open("preferences", token, web.app.now()) as { payload: { subscriptionId: bigint } }).payload.subscriptionId;

/** What can be told of an answer from outside, without what differs by design. */
async function seen(response: Response) {
  const differing = ["date", "etag", "content-length", "x-request-id"];
  const headers = [...response.headers].filter(([name]) => !differing.includes(name));
  return { status: response.status, headers, body: await response.text() };
}

test("S1: a fleet of scanners that GET, HEAD and OPTIONS every link changes nothing", async () => {
  const paths = Object.values(await allLinks());
  const before = await web.state();
  for (const method of ["GET", "HEAD", "OPTIONS"]) {
    for (const path of paths) await web.send(path, { method });
  }
  expect(await web.state()).toBe(before);
  for (const path of paths) await web.send(path, { method: "POST" });
  expect(await web.state(), "the same links, pressed").not.toBe(before);
});

test("S2: one click works urlencoded, multipart, without a body and with any other, twice, and is not redirected", async () => {
  const multipart = new FormData();
  multipart.set("List-Unsubscribe", "One-Click");
  const bodies: RequestInit[] = [
    { body: new URLSearchParams({ "List-Unsubscribe": "One-Click" }) },
    { body: multipart },
    {},
    { body: "{ not json", headers: { "content-type": "application/json" } },
    { body: "x".repeat(300_000), headers: { "content-type": "text/plain" } },
  ];
  for (const init of bodies) {
    const { unsubscribe, preferences: link } = await allLinks();
    const first = await web.send(unsubscribe!, { method: "POST", ...init });
    const again = await web.send(unsubscribe!, { method: "POST", ...init });
    expect([first.status, again.status, first.headers.get("set-cookie")]).toEqual([200, 200, null]);
    const token = link!.split("/").at(-1)!;
    expect((await web.store.subscriptions.findById(idIn(token)))?.state).toBe("ended");
  }
  expect(web.journal.at(-1)).toMatchObject({ what: "ended", because: "reader" });
});

test("leaving answers a link that nobody was ever sent, and a garbled one, as it answers a good one", async () => {
  const { unsubscribe } = await allLinks();
  const withoutTokens = (body: string) =>
    body.replaceAll(/\/undo\/[\w.-]+/g, (link) => `/undo/${"•".repeat(link.length)}`);
  const good = await seen(await web.send(unsubscribe!, { method: "POST" }));
  const others = [
    `/unsubscribe/${UNKNOWN}`,
    "/unsubscribe/x",
    "/unsubscribe/%E0%A4%A",
    "/unsubscribe/a/b/c",
    `${unsubscribe}x`,
  ];
  for (const path of others) {
    const other = await seen(await web.send(path, { method: "POST" }));
    expect([other.status, other.headers]).toEqual([good.status, good.headers]);
    expect(withoutTokens(other.body).replaceAll(/•+/g, "•")).toBe(withoutTokens(good.body).replaceAll(/•+/g, "•"));
    expect((await web.get(path)).status).toBe(200);
  }
});

test("a leaving that cannot be stored answers 503, so that the mail provider asks again", async () => {
  const broken = await aWeb({
    subscriptions: { ...web.store.subscriptions, end: () => Promise.reject(new Error("disk full")) },
  });
  const { unsubscribe } = await allLinks();
  const answer = await broken.send(unsubscribe!, { method: "POST" });
  expect([answer.status, answer.headers.get("retry-after")]).toEqual([503, "10"]);
  await broken.close();
});

test("the page of an unsubscribe link shows no address, and its button leaves", async () => {
  const { unsubscribe } = await allLinks();
  const page = await (await web.get(unsubscribe!)).text();
  expect(page).not.toContain("@");
  const [, action] = /<form method="post" action="([^"]+)"/.exec(page)!;
  expect(await (await web.press(unescaped(action!))).text()).toContain("You are unsubscribed");
  const [change] = await web.store.sql<{ via: string }>(
    "SELECT via FROM subscription_changes ORDER BY subscription_id DESC, version DESC LIMIT 1",
  );
  expect(change).toEqual({ via: "unsubscribe-link" });
});

test("undo brings back who left just now, once, and within half an hour", async () => {
  const { unsubscribe } = await allLinks();
  const undoOf = (page: string) => /action="(\/undo\/[^"]+)"/.exec(page)![1]!;
  const undo = undoOf(await (await web.press(unsubscribe!)).text());
  expect((await web.get(undo)).status, "looking does nothing").toBe(200);
  expect([(await web.press(undo)).status, (await web.press(undo)).status]).toEqual([200, 404]);

  const second = undoOf(await (await web.press(unsubscribe!)).text());
  await web.store.clock.set(at("2026-04-16T09:31Z"));
  expect((await web.press(second)).status).toBe(404);
  await web.store.clock.set(at("2026-04-16T09:00Z"));
});

test("an old unsubscribe link, in a mail that was forwarded, does not bring back who left", async () => {
  const { unsubscribe } = await allLinks();
  await web.press(unsubscribe!);
  await web.store.clock.set(at("2026-04-16T09:31Z"));
  const page = await (await web.press(unsubscribe!)).text();
  const before = await web.state();
  expect((await web.press(/action="(\/undo\/[^"]+)"/.exec(page)![1]!)).status).toBe(404);
  expect(await web.state()).toBe(before);
  await web.store.clock.set(at("2026-04-16T09:00Z"));
});

test("undo is there for whoever presses twice, or whose mail program pressed first", async () => {
  const { unsubscribe } = await allLinks();
  await web.press(unsubscribe!);
  const page = await (await web.press(unsubscribe!)).text();
  expect((await web.press(/action="(\/undo\/[^"]+)"/.exec(page)![1]!)).status).toBe(200);
});

const reasonOf = (page: string) => /action="(\/undo\/[^"]+\/reason)"/.exec(page)![1]!;
const told = () => web.store.sql("SELECT reason, words FROM leaving_reasons ORDER BY id");

test("who left may say why, and may change their mind about both; the page keeps its undo", async () => {
  const { unsubscribe } = await allLinks();
  const left = await (await web.press(unsubscribe!)).text();
  expect(await (await web.press(reasonOf(left))).text(), "nothing was said").toBe(left);
  await web.press(reasonOf(left), { reason: "tooMany" });
  const thanked = await (await web.press(reasonOf(left), { reason: "notMine", words: "more maths" })).text();
  expect([await told(), thanked.includes("Thank you."), thanked.includes("/reason")]).toEqual([
    [{ reason: "notMine", words: "more maths" }],
    ...[true, false],
  ]);
  expect((await web.press(/action="(\/undo\/[^"]+)"/.exec(thanked)![1]!)).status).toBe(200);
  await web.press(reasonOf(left), { reason: "other" });
  expect(await told()).toEqual([]);
});

test("a reason is answered alike for every link, and kept for none that opens nothing", async () => {
  const { unsubscribe } = await allLinks();
  const answers = [];
  for (const path of [unsubscribe!, "/unsubscribe/x", `/unsubscribe/${UNKNOWN}`]) {
    const page = await (await web.press(path)).text();
    const { status, headers, body } = await seen(await web.press(reasonOf(page), { reason: "other", words: "y" }));
    answers.push({ status, headers, body: body.replaceAll(/\/undo\/[\w.-]+/g, "/undo/•") });
  }
  expect(answers).toEqual([answers[0], answers[0], answers[0]]);
  expect(answers[0]!.status).toBe(200);
  expect(await told()).toEqual([{ reason: "other", words: "y" }]);
});

test("S4: unknown, expired, erased, garbled and foreign links share one page and one status", async () => {
  const now = web.app.now();
  const gone = await web.store.aReader();
  await web.store.sql("UPDATE subscriptions SET state = 'ended', email = NULL WHERE id = $1", [gone]);
  const month = 31 * 24 * 60 * 60 * 1000;
  const tokens = {
    unknown: links.sign("preferences", { subscriptionId: 999_999n }, now),
    expired: links.sign("preferences", { subscriptionId: 1n }, new Date(now.getTime() - month)),
    erased: links.sign("preferences", { subscriptionId: gone }, now),
    foreign: UNKNOWN,
    garbled: "nothing-of-ours",
    percent: "%E0%A4%A",
  };
  const pages = await Promise.all(
    Object.values(tokens).map(async (token) => seen(await web.get(`/preferences/${token}`))),
  );
  expect(new Set(pages.map((page) => JSON.stringify(page))).size).toBe(1);
  expect([pages[0]!.status, pages[0]!.body.includes('href="/lost-link"')]).toEqual([404, true]);
  for (const purpose of ["confirm", "never", "digest", "undo"]) {
    for (const method of purpose === "digest" ? ["GET"] : ["GET", "POST"]) {
      expect(await seen(await web.send(`/${purpose}/${tokens.foreign}`, { method })), `${method} ${purpose}`).toEqual(
        pages[0],
      );
    }
  }
  const problems = await Promise.all(
    Object.values(tokens).map(async (token) => seen(await web.json("GET", `/subscriptions/${token}`))),
  );
  expect(new Set(problems.map((problem) => JSON.stringify(problem))).size).toBe(1);
  expect(problems[0]!.status).toBe(404);
});

test("S4: a stranger's second request does not change what the owner confirms", async () => {
  const email = "victim@example.org";
  const wanted = preferences({ hour: 6 });
  const id = await web.store.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
  await web.press("/subscriptions", { email, hour: "23", include: "spam" });
  await web.press(`/confirm/${links.sign("confirm", { requestId: id }, web.app.now())}`);
  expect((await web.store.subscriptions.findByAddressKey(`key of ${email}`))?.preferences).toEqual(wanted);
});

test("S11: confirming twice says that it is confirmed already, on the page and in the API", async () => {
  const { confirm, apiConfirm } = await allLinks();
  const first = await web.press(confirm!);
  expect([first.status, await first.text()]).toEqual([200, expect.stringContaining("Your first digest is on its way")]);
  const again = await web.press(confirm!);
  expect([again.status, await again.text()]).toEqual([200, expect.stringContaining("Already confirmed")]);
  const api = await web.send(apiConfirm!, { method: "POST" });
  expect([api.status, await api.json()]).toEqual([200, { status: "already-confirmed" }]);
});

test("who was asked about and says never is never asked about again, and cannot be confirmed any more", async () => {
  const { never, confirm } = await allLinks();
  expect((await web.press(never!)).status).toBe(200);
  expect(web.journal.at(-1)).toMatchObject({ what: "suppressed", because: "never" });
  expect((await web.press(confirm!)).status).toBe(404);
});

test("a digest opens in the browser with its papers in their order, and without anybody's address", async () => {
  const { digest } = await allLinks();
  const page = await (await web.get(digest!)).text();
  const titles = [...page.matchAll(/<h2>.*?<a[^>]*>([^<]+)<\/a>/g)].map(([, title]) => title);
  expect(titles).toEqual(["Agents that act", "Agents that plan"]);
  expect(page).not.toContain("@");
});

test("addresses that open something are kept by nobody", async () => {
  for (const path of Object.values(await allLinks())) {
    const { headers } = await web.get(path);
    if (path.endsWith("/confirm")) continue; // 405: there is nothing to GET
    expect([path, headers.get("cache-control"), headers.get("x-robots-tag"), headers.get("referrer-policy")]).toEqual([
      path,
      "no-store",
      "noindex, nofollow",
      "no-referrer",
    ]);
  }
});
