import { expect, test } from "vitest";
import { allowedAt, MAIL_CAPS } from "../../src/core/caps.ts";
import { at } from "../support/time.ts";

const NOON = at("2026-04-15T12:00Z");
const before = (...minutes: number[]) => minutes.map((each) => new Date(NOON.getTime() - each * 60_000));

test.each([
  ["nobody was written to", [], null],
  ["nine minutes ago", before(9), at("2026-04-15T12:01Z")],
  ["ten minutes ago to the second", before(10), null],
  ["twice in the month", before(60, 120), null],
  [
    "three times in the month, the first of them the day before yesterday",
    before(60, 120, 2 * 24 * 60),
    at("2026-05-13T12:00Z"),
  ],
  ["three times, the first 30 days ago", before(60, 120, 30 * 24 * 60), null],
])("S6: the next mail to an address: %s", (_, mailed, wait) => {
  expect(allowedAt(mailed, MAIL_CAPS.address, NOON)).toEqual(wait);
});
