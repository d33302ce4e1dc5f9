import { expect, test } from "vitest";
import { heartbeatFor } from "../../src/core/heartbeat.ts";
import { at } from "../support/time.ts";

const now = at("2026-04-15T01:05Z");
const well = { plannedAt: at("2026-04-15T01:04Z"), oldestDueAt: null, now };
const edition = (state: "open" | "closed" | "quiet" | "broken") => ({ date: "2026-04-14", state });

test("an edition that is closed or quiet has its heartbeat; one that is open or broken, or is not there, has none", () => {
  const states = (["open", "closed", "quiet", "broken"] as const).map((state) => heartbeatFor(edition(state), well));
  expect(states).toEqual([null, "2026-04-14", "2026-04-14", null]);
  expect(heartbeatFor(null, well)).toBeNull();
});

test("none while nobody plans", () => {
  expect(heartbeatFor(edition("closed"), { ...well, plannedAt: at("2026-04-15T00:54:59Z") })).toBeNull();
  expect(heartbeatFor(edition("closed"), { ...well, plannedAt: null })).toBeNull();
});

test("none while digests wait for more than half an hour; some minutes are no reason", () => {
  expect(heartbeatFor(edition("closed"), { ...well, oldestDueAt: at("2026-04-15T00:34Z") })).toBeNull();
  expect(heartbeatFor(edition("closed"), { ...well, oldestDueAt: at("2026-04-15T00:36Z") })).toBe("2026-04-14");
});
