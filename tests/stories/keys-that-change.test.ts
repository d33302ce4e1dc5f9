/** SECRET_KEYS as an operator changes them: a new one signs, the old ones open, and in the end only what lasts for ever. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLinks, parseSecretKeys } from "../../src/core/link.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import { aWeb, type Web } from "../http/web.ts";
import { at } from "../support/time.ts";

const SECRETS = ["the first secret of tests", "the second secret of tests", "the third secret of tests"].map((text) =>
  text.replaceAll(" ", "-"),
);
/** What SECRET_KEYS says in each step: after two years the first two keys are retired. */
const STEPS = [
  `1:${SECRETS[0]}`,
  `2:${SECRETS[1]},1:${SECRETS[0]}`,
  `2:${SECRETS[1]},1:${SECRETS[0]}:retired`,
  `3:${SECRETS[2]},2:${SECRETS[1]},1:${SECRETS[0]}:retired`,
  `3:${SECRETS[2]},2:${SECRETS[1]}:retired,1:${SECRETS[0]}:retired`,
];
const SENT = at("2026-04-16T07:00Z");
const TWO_YEARS_LATER = at("2028-04-16T07:00Z");

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
afterAll(() => web.close());

/** A web process that was restarted with these keys, over the same database. */
async function restarted(secretKeys: string, run: (web: Web) => Promise<void>): Promise<void> {
  const keys = parseSecretKeys(secretKeys);
  const next = await aWeb({
    ...web.store,
    ...{ links: openLinks(keys), returnAddresses: openReturnAddresses({ keys, domain: "bounce.example.org" }) },
  });
  await run(next).finally(() => next.close());
}

test("S3: after two changes of keys a link of a mail two years old still leaves, by one click and by hand", async () => {
  const first = openLinks(parseSecretKeys(STEPS[0]!));
  for (const step of STEPS) {
    const reader = await web.store.aReader();
    const link = first.sign("unsubscribe", { subscriptionId: reader, deliveryId: 7n }, SENT);
    await web.store.clock.set(TWO_YEARS_LATER);
    await restarted(step, async (now) => {
      expect((await now.get(`/unsubscribe/${link}`)).status).toBe(200);
      expect((await now.press(`/unsubscribe/${link}`, { "List-Unsubscribe": "One-Click" })).status).toBe(200);
    });
    expect((await web.store.subscriptions.findById(reader))!.state).toBe("ended");
  }
});

test("what has a time opens under every key that is not retired, and under none that is", async () => {
  const reader = await web.store.aReader();
  await web.store.clock.set(SENT);
  const signedIn = STEPS.map((step) =>
    openLinks(parseSecretKeys(step)).sign("preferences", { subscriptionId: reader }, SENT),
  );
  const opens: boolean[][] = [];
  for (const step of STEPS)
    await restarted(step, async (now) => {
      const statuses = await Promise.all(signedIn.map(async (link) => (await now.get(`/preferences/${link}`)).status));
      opens.push(statuses.map((status) => status === 200));
    });
  expect(opens).toEqual([
    [true, false, false, false, false],
    [true, true, true, false, false],
    [false, true, true, false, false],
    [false, true, true, true, true],
    [false, false, false, true, true],
  ]);
});
