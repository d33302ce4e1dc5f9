/** Comma-separated values (RFC 4180), harmless in the program that opens them. */

/**
 * One field. What a spreadsheet would take for a formula (docs/promises.md X6) gets an apostrophe before it, as OWASP's page on CSV
 * injection advises; white space before the sign does not hide it, nor does the wide form of it.
 *
 * @param value a number is written as it is: `-5` is no formula
 */
export function csvField(value: string | number | boolean | null): string {
  if (value === null) return "";
  const text = typeof value === "string" ? inert(value) : String(value);
  return /[",\r\n]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text;
}

/** Rows, each ended by CRLF. */
export function csvRow(values: readonly (string | number | boolean | null)[]): string {
  return `${values.map(csvField).join(",")}\r\n`;
}

/** What was written by {@link csvField}: the apostrophe before a formula is gone. */
export function fromCsvField(field: string): string {
  return field.replace(MADE_INERT, "");
}

/**
 * Spreadsheets skip spaces and invisible characters before a sign; tab and carriage return begin a formula by themselves.
 * What stands behind apostrophes of its own gets one more, or nobody could tell which of them was ours.
 *
 * Where a comma is the decimal point, a spreadsheet takes a semicolon between the fields, and our quotes, which then stand
 * within a field, for letters: a field begins behind every semicolon, tab and line end as well.
 */
const AHEAD = String.raw`[[\s\p{C}']--[\t\r\n]]*[=+\-@\uff1d\uff0b\uff0d\uff20\|%]`;
const BEGINS = String.raw`(?<=^|[;\t\r\n])`;
const FORMULA = new RegExp(String.raw`${BEGINS}(?=${AHEAD})|^(?='*[\t\r\n])`, "gv");
const MADE_INERT = new RegExp(String.raw`${BEGINS}'(?=${AHEAD})|^'(?='*[\t\r\n])`, "gv");

function inert(text: string): string {
  return text.replace(FORMULA, "'");
}
