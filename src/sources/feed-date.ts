import { instantOf } from "./fields.ts";

/**
 * An instant as feeds write it: ISO 8601, RFC 822 with a named zone, or nearly so (`Wednesday, 15 April 26 09:00 PDT`).
 *
 * A zone that has no one meaning (`CEST` for some, `IST` for others) counts as UTC, as RFC 5322 4.3 asks.
 */
export function feedDateOf(text: string): Date | undefined {
  const [, day, month, year, hour = "00", minute = "00", second = "00", zone = ""] = RFC_822.exec(text.trim()) ?? [];
  if (day === undefined || month === undefined || year === undefined) return instantOf(text);
  const date = `${fullYear(year)}-${monthNumber(month)}-${day.padStart(2, "0")}`;
  return instantOf(`${date}T${hour.padStart(2, "0")}:${minute}:${second}${offsetOf(zone)}`);
}

const RFC_822 =
  /^(?:[a-z]{3,9}\.?,?\s+)?(\d{1,2})[\s-]+(jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec)[a-z]{0,6}\.?[\s-]+(\d{4}|\d{2})(?:[\s,]+(\d{1,2}):(\d{2})(?::(\d{2})(?:\.\d+)?)?\s*([+-]\d{2}:?\d{2}|[a-z]{1,5})?(?:\s*\([^)]*\))?)?$/i;
const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
/** Those of RFC 822 5.1; the military letters are not among them, because it had their signs wrong. */
const ZONES: Readonly<Record<string, string>> = {
  ...{ est: "-05:00", edt: "-04:00", cst: "-06:00", cdt: "-05:00" },
  ...{ mst: "-07:00", mdt: "-06:00", pst: "-08:00", pdt: "-07:00" },
};

function fullYear(year: string): string {
  if (year.length === 4) return year;
  // RFC 5322 4.3.
  return `${Number(year) < 50 ? 20 : 19}${year}`;
}

function monthNumber(month: string): string {
  return String(MONTHS.indexOf(month.toLowerCase()) + 1).padStart(2, "0");
}

function offsetOf(zone: string): string {
  return /^[+-]/.test(zone) ? zone : (ZONES[zone.toLowerCase()] ?? "Z");
}
