import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aWeb, links, type Web } from "./web.ts";

const ADDRESS = "ada.lovelace@reader.example.org";
const PURPOSES = ["confirm", "never", "unsubscribe", "digest", "preferences", "account", "undo"] as const;

let web: Web;
let tokens: Record<string, string>;
beforeAll(async () => {
  // Every part fails, with an error that says more than it should: what it was asked for.
  const failing = (told: string): never => {
    throw new Error(
      `duplicate key (${told}) at https://paperboy.example/preferences/${tokens.preferences} for ${ADDRESS}`,
    );
  };
  const broken = new Proxy(
    {},
    {
      get:
        () =>
        async (...asked: unknown[]) =>
          failing(asked.map(String).join(", ")),
    },
  ) as never;
  web = await aWeb({ subscriptions: broken, requests: broken, shelf: broken, journal: broken });
  const [id, now] = [7n, web.app.now()];
  const payloads = {
    ...{ confirm: { requestId: id }, never: { requestId: id }, undo: { subscriptionId: id } },
    ...{ unsubscribe: { subscriptionId: id, deliveryId: 1n }, digest: { editionDate: "2026-04-15", paperKeys: [1] } },
    ...{ preferences: { subscriptionId: id }, account: { subscriptionId: id } },
  };
  tokens = Object.fromEntries(
    PURPOSES.map((purpose) => [purpose, links.sign(purpose, payloads[purpose] as never, now)]),
  );
});
afterAll(() => web.close());

describe("X7: no address and no link is left lying about", () => {
  test("in the log, whatever fails while a reader is served", async () => {
    for (const purpose of PURPOSES) {
      await web.get(`/${purpose}/${tokens[purpose]}?from=${encodeURIComponent(ADDRESS)}`);
      await web.press(`/${purpose}/${tokens[purpose]}`, { email: ADDRESS });
    }
    await web.press("/subscriptions", { email: ADDRESS });
    await web.press("/lost-link", { email: ADDRESS });
    await web.json("POST", "/subscriptions", { email: ADDRESS });
    for (const path of [`/subscriptions/${tokens.preferences}`, `/account/${tokens.account}/export`])
      await web.json("GET", path);

    const log = web.logged.join("\n");
    // There is something to leak: faults were logged, and their words are in it.
    expect(web.logged.filter((line) => line.includes("duplicate key")).length).toBeGreaterThan(5);
    for (const token of Object.values(tokens)) expect(log).not.toContain(token.slice(0, 20));
    expect(log).not.toMatch(/ada\.lovelace|reader\.example/);
  });

  test("in the referrer: no page, file or answer of ours lets a browser send one", async () => {
    const paths = ["/", "/topics", "/privacy", "/nothing", "/health", "/api/v1/topics", "/api/v1/nothing"];
    for (const path of [...paths, ...PURPOSES.map((purpose) => `/${purpose}/${tokens[purpose]}`)]) {
      const { headers } = await web.get(path);
      expect([path, headers.get("referrer-policy")]).toEqual([path, "no-referrer"]);
    }
  });

  test("with whoever keeps or finds pages: those that a link opens are kept and listed by nobody", async () => {
    for (const purpose of PURPOSES) {
      const { headers } = await web.get(`/${purpose}/${tokens[purpose]}`);
      expect([purpose, headers.get("cache-control"), headers.get("x-robots-tag")]).toEqual([
        ...[purpose, "no-store", "noindex, nofollow"],
      ]);
    }
  });
});
