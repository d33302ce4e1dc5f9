/** Zones and the instants of local hours, daylight saving included. */
import { Temporal } from "temporal-polyfill";
import { Invalid } from "../errors.ts";
import type { Day } from "./paper.ts";

/**
 * The first instant at which clocks in `zone` show `hour` or later on `day`.
 *
 * An hour that daylight saving skips is found at the first instant after the gap (which stands on the next day when the
 * gap crosses midnight); one that it repeats is found the first time. Null when the zone skipped the whole local day, as
 * Samoa did with 2011-12-30.
 *
 * @param hour 0–23
 * @throws {Invalid} for a zone this runtime does not know
 */
export function instantOf(zone: string, day: Day, hour: number): Date | null {
  const key = `${zone} ${day} ${hour}`;
  let found = known.get(key);
  if (found === undefined) {
    found = lookUp(zone, day, hour);
    if (known.size >= MOST_KNOWN) known.clear();
    known.set(key, found);
  }
  return found === null ? null : new Date(found);
}

/** The local date in `zone` at an instant. @throws {Invalid} for a zone this runtime does not know */
export function localDayOf(zone: string, at: Date): Day {
  const instant = Temporal.Instant.fromEpochMilliseconds(at.getTime());
  return inZone(zone, () => instant.toZonedDateTimeISO(zone).toPlainDate().toString());
}

/** What clocks in `zone` show at an instant, `HH:MM`. @throws {Invalid} for a zone this runtime does not know */
export function localTimeOf(zone: string, at: Date): string {
  const instant = Temporal.Instant.fromEpochMilliseconds(at.getTime());
  return inZone(zone, () => instant.toZonedDateTimeISO(zone).toPlainTime().toString({ smallestUnit: "minute" }));
}

/** Whether this runtime knows the IANA zone, whatever its case. Offsets such as `+05:00` are no zones: they know no daylight saving. */
export function isZone(zone: string): boolean {
  return canonicalZone(zone) !== null;
}

/** The zone in the letters IANA writes it with (`europe/berlin` → `Europe/Berlin`; an alias stays the alias); null for none. */
export function canonicalZone(zone: string): string | null {
  // Newer runtimes take offsets for zones. Every IANA name begins with a letter.
  if (!/^[a-z][a-z0-9_+/-]*$/i.test(zone)) return null;
  try {
    return Temporal.Instant.fromEpochMilliseconds(0).toZonedDateTimeISO(zone).timeZoneId;
  } catch {
    return null; // a RangeError is how Temporal says that it does not know the name
  }
}

/**
 * Instants already looked up, in epoch milliseconds. One look-up takes some 20 µs and a tick asks for tens of thousands,
 * the same ones every time; zone rules do not change while a process runs, so remembering them changes no answer.
 */
const known = new Map<string, number | null>();
const MOST_KNOWN = 200_000; // 418 zones × 24 hours × 20 days

function lookUp(zone: string, day: Day, hour: number): number | null {
  const date = Temporal.PlainDate.from(day);
  const wall = date.toPlainDateTime({ hour });
  const found = inZone(zone, () => wall.toZonedDateTime(zone, { disambiguation: "earlier" }));
  if (found.toPlainDateTime().equals(wall)) return found.epochMilliseconds;

  // No clock showed this hour: "earlier" is then the instant as far before the gap as the hour is inside it.
  const gapEnds = found.getTimeZoneTransition("next");
  if (gapEnds === null) throw new Error(`${zone} skips ${wall.toString()} without a transition`);
  const gapFrom = gapEnds.subtract({ nanoseconds: 1 }).toPlainDateTime().add({ nanoseconds: 1 });
  const dayFrom = date.toPlainDateTime();
  const isDaySkipped =
    Temporal.PlainDateTime.compare(gapFrom, dayFrom) <= 0 &&
    Temporal.PlainDateTime.compare(gapEnds.toPlainDateTime(), dayFrom.add({ days: 1 })) >= 0;
  return isDaySkipped ? null : gapEnds.epochMilliseconds;
}

function inZone<T>(zone: string, ask: () => T): T {
  try {
    return ask();
  } catch (cause) {
    if (isZone(zone)) throw cause;
    throw new Invalid(
      `"${zone}" is not a time zone this runtime knows. Write an IANA name such as Europe/Berlin`,
      [{ field: "zone", message: "Write an IANA name such as Europe/Berlin" }],
      { cause },
    );
  }
}
