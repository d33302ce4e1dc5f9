import type { Page } from "playwright-core";
import { expect } from "vitest";
import { withChromium } from "../support/browser.ts";
import { aBrowserOnEditions } from "../support/every-page.ts";
import { linkIn } from "../support/world.ts";

const there = aBrowserOnEditions();

/** Whether the focus is on what this selects, and whether it, or the label around it, is outlined. */
const focusOn = (selector: string) => `(() => {
  const element = document.activeElement;
  const isOutlined = [element, element.closest("label")].filter(Boolean).some((one) => {
    const { outlineStyle, outlineWidth } = getComputedStyle(one);
    return outlineStyle !== "none" && Number.parseFloat(outlineWidth) > 0;
  });
  return {
    isThere: element.matches(${JSON.stringify(selector)}),
    unseen: element === document.body || isOutlined ? null : element.outerHTML.slice(0, 200),
  };
})()`;

/** Presses Tab until the focus is there; it has to be seen wherever it stops on its way. @throws when it never comes there */
async function tabTo(page: Page, selector: string): Promise<void> {
  for (let presses = 0; presses < 200; presses += 1) {
    await page.keyboard.press("Tab");
    const { isThere, unseen } = await page.evaluate<{ isThere: boolean; unseen: string | null }>(focusOn(selector));
    expect(unseen).toBe(null);
    if (isThere) return;
  }
  throw new Error(`200 presses of Tab do not lead to ${selector}`);
}

withChromium(
  "whoever has no mouse subscribes, confirms, changes and leaves",
  async () => {
    const visit = await there.visit();
    const { page, through } = visit;
    const { keyboard } = page;
    const press = async (selector: string, key: "Enter" | "Space") => {
      await tabTo(page, selector);
      await through(() => keyboard.press(key));
    };
    const state = async () => {
      const [row] = await there
        .world()
        .sql<{ id: string }>("SELECT id FROM subscriptions WHERE email = 'keys@example.com'");
      const { state, preferences } = (await there.world().app.subscriptions.findById(BigInt(row!.id)))!;
      return { state, cadence: preferences.cadence, topics: preferences.filter.watches.map(({ topics }) => topics) };
    };

    await page.goto(there.world().url);
    // The fields stand in one order today and in another tomorrow: for each, from the top.
    const fromTheTop = () => page.evaluate("document.activeElement.blur(), getSelection().collapse(document.body, 0)");
    await tabTo(page, '[name="topics"][value="agents"]');
    await keyboard.press("Space");
    await tabTo(page, '[name="cadence"]');
    await keyboard.press("ArrowDown");
    await fromTheTop();
    await tabTo(page, '[name="email"]');
    await keyboard.type("keys@example.com");
    await press('button[type="submit"]:not([formaction])', "Enter");

    await page.goto(linkIn(await there.world().mail("keys@example.com", 1), "confirm"));
    await press("main button", "Space");
    expect(await state()).toEqual({ state: "active", cadence: "weekdays", topics: [["agents"]] });

    await page.goto(linkIn(await there.world().mail("keys@example.com", 2), "preferences"));
    await tabTo(page, '[name="topics"][value="agents"]');
    await keyboard.press("Space");
    await tabTo(page, '[name="topics"][value="code"]');
    await keyboard.press("Space");
    await tabTo(page, '[name="cadence"]');
    await keyboard.press("ArrowUp");
    await press('button[value="save"]', "Enter");
    expect(await state()).toEqual({ state: "active", cadence: "daily", topics: [["code"]] });

    await press('a[href*="/unsubscribe/"]', "Enter");
    await press("main button", "Enter");
    expect(await state()).toEqual({ state: "ended", cadence: "daily", topics: [["code"]] });
    expect(visit.faults()).toEqual([]);
    await visit.close();
  },
  180_000,
);

withChromium(
  "a focus that is not seen, and a field that keys do not reach, would be found out",
  async () => {
    const visit = await there.visit();
    const { page } = visit;
    await page.goto(there.world().url);
    await page.evaluate(`document.querySelector('[name="email"]').style.outline = "none"`);
    await expect(tabTo(page, '[name="topics"]')).rejects.toThrow('name="email"');
    await page.reload();
    await page.evaluate(`document.querySelector('[name="email"]').tabIndex = -1`);
    await expect(tabTo(page, '[name="email"]')).rejects.toThrow('200 presses of Tab do not lead to [name="email"]');
    await visit.close();
  },
  180_000,
);
