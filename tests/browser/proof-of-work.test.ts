import { expect } from "vitest";
import { withChromium } from "../support/browser.ts";
import { aBrowserOnEditions } from "../support/every-page.ts";
import { linkIn } from "../support/world.ts";

const there = aBrowserOnEditions({ PROOF_OF_WORK: "always" });

/** Asks for a digest as a reader does. @returns the heading of the page that comes, and what went wrong on the way */
async function subscribe(email: string, { javaScript = true, unhurried = false, presses = 1 } = {}) {
  const visit = await there.visit({ javaScript });
  const { page, through } = visit;
  const proofAtHand = unhurried && page.waitForEvent("worker").then((worker) => worker.waitForEvent("close"));
  await page.goto(there.world().url);
  await page.locator('[name="email"]').fill(email);
  await proofAtHand;
  await through(() => page.locator('.start button[type="submit"]').click({ clickCount: presses }));
  const said = await page.locator("h1").innerText();
  const faults = visit.faults();
  await visit.close();
  return { said, faults };
}

withChromium(
  "while a proof of work is asked for, the page finds it by itself, and who subscribes is answered at once",
  async () => {
    const email = "proof@example.com";
    expect(await subscribe(email)).toEqual({ said: "Check your inbox", faults: [] });
    const visit = await there.visit();
    await visit.page.goto(linkIn(await there.world().mail(email, 1), "confirm"));
    await visit.through(() => visit.page.locator("main button").click());
    await visit.close();
    const states = await there.world().sql("SELECT state FROM subscriptions WHERE email = $1", [email]);
    expect(states).toEqual([{ state: "active" }]);
  },
  180_000,
);

withChromium(
  "who takes the time until the proof is found, and who presses twice, is answered as well",
  async () => {
    const answered = { said: "Check your inbox", faults: [] };
    expect(await subscribe("unhurried@example.com", { unhurried: true })).toEqual(answered);
    expect(await subscribe("twice@example.com", { presses: 2 })).toEqual(answered);
  },
  180_000,
);

withChromium(
  "a challenge that could not be had when somebody began with the form is asked for again when they send it",
  async () => {
    const visit = await there.visit();
    const { page, through } = visit;
    await page.goto(there.world().url);
    await page.route("**/challenge*", (route) => route.abort(), { times: 1 });
    const failed = page.waitForEvent("requestfailed");
    await page.locator('[name="email"]').fill("cut@example.com");
    await failed;
    await through(() => page.locator('.start button[type="submit"]').click());
    expect(await page.locator("h1").innerText()).toBe("Check your inbox");
    await visit.close();
  },
  180_000,
);

withChromium(
  "whose challenge never comes waits half a minute, and then in the queue",
  async () => {
    const visit = await there.visit();
    const { page, through } = visit;
    await page.clock.install();
    await page.goto(there.world().url);
    await page.route("**/challenge*", () => {}); // and no answer
    await page.locator('[name="email"]').fill("never@example.com");
    await page.locator('.start button[type="submit"]').click();
    await page.clock.runFor(29_000);
    expect(await page.locator("[data-proving]").isVisible()).toBe(true);
    await through(() => page.clock.runFor(2_000));
    expect(await page.locator("h1").innerText()).toBe("Check your inbox later");
    await visit.close();
  },
  180_000,
);

withChromium(
  "without JavaScript there is no proof, and the request waits its turn",
  async () => {
    expect(await subscribe("unproven@example.com", { javaScript: false })).toEqual({
      said: "Check your inbox later",
      faults: [],
    });
  },
  180_000,
);
