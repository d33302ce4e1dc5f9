/** Editions, hours as they pass, and what is planned in them. */
import { afterAll, beforeAll, beforeEach } from "vitest";
import { addDays } from "../../src/core/day.ts";
import { type PreferencesGiven, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

/** On a press that is opened before the tests of a file, cleared before each, and ended after them. */
export function aPlanner() {
  let press: Press;
  beforeAll(async () => {
    press = await aPress();
  });
  afterAll(() => press.end());
  beforeEach(() => press.clear(at("2026-01-01T00:00Z")));

  /** An edition of each of these UTC days, with a paper, closed at 01:00 on the next day unless it is said otherwise. */
  async function editions(
    days: readonly string[],
    closedAt: Readonly<Record<string, string | null>> = {},
  ): Promise<void> {
    for (const day of days) {
      const closed = closedAt[day] === undefined ? `${addDays(day, 1)}T01:00Z` : closedAt[day];
      await press.store.sql("INSERT INTO editions (date, state, closed_at) VALUES ($1, $2, $3)", [
        ...[day, closed === null ? "open" : "closed", closed],
      ]);
    }
  }
  async function plan(time: string): Promise<number> {
    await press.store.clock.set(at(time));
    return press.plan();
  }
  /** A tick an hour, from one time to another, both included. */
  async function everyHour(from: string, to: string, besides: (time: string) => unknown = () => {}): Promise<void> {
    for (let time = at(from); time <= at(to); time = new Date(time.getTime() + 3_600_000)) {
      await press.store.clock.set(time);
      await besides(time.toISOString().slice(0, 16));
      await press.plan();
      // Sent at once, so that the next day finds nobody busy.
      await press.store.sql(
        "UPDATE deliveries SET state = 'accepted', next_try_at = NULL WHERE next_try_at IS NOT NULL",
      );
    }
  }
  async function planned() {
    const rows = await press.store.sql<{ day: string; edition: string; due: Date }>(
      "SELECT local_day::text AS day, edition_date::text AS edition, due_at AS due FROM deliveries ORDER BY subscription_id, due_at",
    );
    return rows.map(({ day, edition, due }) => `${day} ${edition} ${due.toISOString().slice(0, 16)}Z`);
  }
  const decided = () =>
    press.store.sql<{ day: string; outcome: string; because: string | null; planned: number }>(
      "SELECT local_day::text AS day, outcome, because, planned FROM group_days ORDER BY group_id, local_day",
    );
  const reader = (given: PreferencesGiven) => press.store.aReader(preferences(given));
  return { press: () => press, editions, plan, everyHour, planned, decided, reader };
}

/** So many days from this one on. */
export const daysFrom = (first: string, count: number) => Array.from({ length: count }, (_, n) => addDays(first, n));
