import { afterAll, beforeAll, expect, test } from "vitest";
import { aFilter, preferences } from "../support/builders.ts";
import { htmlComplaints } from "../support/page-looks.ts";
import { aWeb, links, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  await web.anEdition("2026-04-15", [{ title: "Looms & <mills>" }, { title: "Mills", authors: ["Ada Lovelace"] }]);
});
afterAll(() => web.close());

test("html-validate has nothing to say of any state of the reader's pages", async () => {
  const filter = aFilter({ name: "Looms", include: ["looms"] }, { authors: ["Ada Lovelace"] });
  const id = await web.store.aReader(preferences({ filter }));
  const now = web.app.now();
  const requestId = await web.store.requests.add({
    ...{ email: "new@example.org", addressKey: "key of new", wanted: preferences(), askedBy: "form" },
  });
  const confirm = `/confirm/${links.sign("confirm", { requestId }, now)}`;
  const own = `/preferences/${links.sign("preferences", { subscriptionId: id }, now)}`;
  const account = `/account/${links.sign("account", { subscriptionId: id }, now)}`;
  const leave = `/unsubscribe/${links.sign("unsubscribe", { subscriptionId: id, deliveryId: 0n }, now)}?by=page`;
  const pages = {
    home: await web.get("/"),
    filtered: await web.get("/?topics=agents&include=looms"),
    added: await web.press("/preview", { include: "looms", do: "add" }),
    found: await web.press("/preview", { include: "looms\nlooms AND mills", authors: "Lovelace", exclude: "x" }),
    wrong: await web.press("/subscriptions", {
      email: "x",
      include: '"half',
      minUpvotes: "x",
      zone: "Mars",
      hour: "x",
    }),
    meant: await web.press("/subscriptions", { email: "reader@gmial.com" }),
    inbox: await web.press("/subscriptions", { email: "reader@example.com" }),
    lost: await web.get("/lost-link"),
    confirm: await web.get(confirm),
    confirmed: await web.press(confirm),
    again: await web.press(confirm),
    garbled: await web.get("/confirm/x"),
    own: await web.get(own),
    ownAdded: await web.press(own, { include: "looms", do: "add" }),
    ownWrong: await web.press(own, { minUpvotes: "x", do: "save" }),
    pauseWrong: await web.press(own, { do: "pause", pausedUntil: "x" }),
    paused: await web.press(own, { do: "pause" }),
    account: await web.get(account),
    leave: await web.get(leave),
    left: await web.press(leave),
    told: await web.press(`/undo/${links.sign("undo", { subscriptionId: id }, now)}/reason`, { reason: "other" }),
    ended: await web.get(own),
  };
  const complaints: Record<string, string[]> = {};
  for (const [name, page] of Object.entries(pages)) complaints[name] = await htmlComplaints(await page.text());
  expect(Object.entries(complaints).filter(([, said]) => said.length > 0)).toEqual([]);
});

test("and would say if there were", async () => {
  expect(await htmlComplaints('<p id="a">Open</p><p id="a">and again</p>')).not.toEqual([]);
});

test("nor of the reference of the API, all parts of it", async () => {
  const all = await aWeb({ apiToken: "a-token-for-the-operator", rawIntakeToken: "a-token-for-reports" });
  for (const path of ["/docs", "/docs/try"])
    expect([path, await htmlComplaints(await (await all.get(path)).text())]).toEqual([path, []]);
  await all.close();
}, 60_000);
