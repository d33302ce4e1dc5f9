/** A whole run at the most talkative level, then everything that was written: whoever reads the log learns of nobody. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { aWebProcess, type WebProcess } from "../support/web-process.ts";
import { linkIn } from "../support/world.ts";

let web: WebProcess;
beforeAll(async () => {
  web = await aWebProcess({ LOG_LEVEL: "trace" });
}, 240_000);
afterAll(() => web?.close());

const ADA = "ada.lovelace.1815@example.com";
const GRACE = "grace.hopper.1906@example.org";
const press = (path: string, fields: Record<string, string> = {}, init: RequestInit = {}) =>
  fetch(web.url + path, { method: "POST", redirect: "manual", body: new URLSearchParams(fields), ...init });
const api = (method: string, path: string, body?: string) =>
  fetch(`${web.url}/api/v1${path}`, { method, ...(body && { body }), headers: { "content-type": "application/json" } });

/** The next mail to an address. */
async function mail(address: string, count: number) {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    const mails = web.smtp.taken.filter(({ to }) => to.includes(address));
    if (mails.length >= count) return PostalMime.parse(mails[count - 1]!.raw);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`mail ${count} for ${address} did not come`);
}

test("X7: no address and no link stands in the log, in a Referer or in the metrics", { timeout: 120_000 }, async () => {
  const tokens: string[] = [];
  const tokenOf = (link: string) => {
    tokens.push(link.split("/").at(-1)!);
    return tokens.at(-1)!;
  };
  const told: Response[] = [];
  const tell = async (asking: Promise<Response>) => {
    const answer = await asking;
    told.push(answer);
    return answer.text();
  };

  // Two readers' lives, by form and API.
  await tell(press("/subscriptions", { email: ADA }));
  await tell(api("POST", "/subscriptions", JSON.stringify({ email: GRACE })));
  const [toAda, toGrace] = [await mail(ADA, 1), await mail(GRACE, 1)];
  const confirm = tokenOf(linkIn(toAda, "confirm"));
  tokenOf(linkIn(toAda, "never"));
  await tell(fetch(`${web.url}/confirm/${confirm}`));
  const page = await tell(press(`/confirm/${confirm}`));
  const preferences = tokenOf(/\/preferences\/([\w.-]+)/.exec(page)![0]);
  const { link } = JSON.parse(await tell(api("POST", `/subscriptions/${tokenOf(linkIn(toGrace, "confirm"))}/confirm`)));
  tokens.push(link);
  await tell(press(`/preferences/${preferences}`, { do: "save", hour: "9" }));
  await tell(api("GET", `/subscriptions/${link}`));
  await tell(api("DELETE", `/subscriptions/${link}`));
  const left = /\/unsubscribe\/([\w.-]+)/.exec(await tell(fetch(`${web.url}/preferences/${preferences}`)))![0];
  await tell(press(`/unsubscribe/${tokenOf(left)}`, { "List-Unsubscribe": "One-Click" }));

  // What goes wrong: mistakes, garbage, addresses and links where they do not belong.
  await tell(press("/subscriptions", { email: `${ADA}\r\nBcc: ${GRACE}` }));
  await tell(press("/lost-link", { email: ADA }));
  await tell(fetch(`${web.url}/lost-link?email=${encodeURIComponent(ADA)}`));
  await tell(fetch(`${web.url}/nothing/${preferences}?to=${ADA}`));
  await tell(api("POST", "/subscriptions", `{"email": "${ADA}", "filter": `));
  await tell(api("PATCH", `/subscriptions/${link}`, JSON.stringify({ email: GRACE })));
  await tell(press(`/preferences/${preferences}%`, { hour: "99" }));
  await tell(press("/subscriptions", { email: ADA.repeat(5_000) }));
  // A database that is gone in the middle, so that errors are written too.
  await web.sql("ALTER TABLE requests RENAME TO requests_gone");
  await tell(press("/subscriptions", { email: "ada.second@example.com" }));
  await tell(press(`/confirm/${confirm}`));
  await web.sql("ALTER TABLE requests_gone RENAME TO requests");

  const written = web.output();
  expect(written, "errors were written").toContain("a request failed");
  const metrics = await (await fetch(`${web.url}/metrics`)).text();
  const named = [
    ADA,
    GRACE,
    "ada.second",
    "lovelace",
    "hopper",
    ...tokens,
    ...tokens.map((token) => token.slice(0, 20)),
  ];
  expect(tokens.filter((token) => token.length > 20).length).toBeGreaterThan(4);
  expect(named.filter((text) => written.includes(text) || written.includes(encodeURIComponent(text)))).toEqual([]);
  expect(named.filter((text) => metrics.includes(text))).toEqual([]);
  expect(new Set(told.map(({ headers }) => headers.get("referrer-policy")))).toEqual(new Set(["no-referrer"]));
});
