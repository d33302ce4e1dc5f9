import { expect, test } from "vitest";
import { openParts } from "../src/parts.ts";

test("what was opened last is closed first, each once", async () => {
  const told: string[] = [];
  const whole = await openParts(async (open) => {
    const store = await open(aPart("store", told));
    await open(Promise.resolve(aPart("queue", told)));
    return { name: `on ${store.name}`, close: "its own is not what is called" };
  });
  await whole.close();
  await whole.close();
  expect({ name: whole.name, told }).toEqual({ name: "on store", told: ["queue", "store"] });
});

test("a fault on the way closes what was open by then", async () => {
  const told: string[] = [];
  const opening = openParts(async (open) => {
    await open(aPart("store", told));
    await open(Promise.reject(new Error("no queue")));
    await open(aPart("mail", told));
    return {};
  });
  await expect(opening).rejects.toThrow("no queue");
  expect(told).toEqual(["store"]);
});

function aPart(name: string, told: string[]) {
  return { name, close: async () => void told.push(name) };
}
