/**
 * Reading of single values as sources write them. What is not what it should be is absent: a date that is no date costs
 * a paper its date, not its place.
 */
import { z } from "zod";
import type { Day, Sighting } from "../core/paper.ts";

/** A field of an outside object that may be missing or be anything. */
export function loosely<T>(read: (value: unknown) => T) {
  return z.unknown().transform(read).optional();
}

/** Text that holds something, without what no reader can see and PostgreSQL cannot store: control characters, half characters. */
export function textOf(value: unknown): string | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.replace(/(?![\t\n\r])\p{Cc}/gu, "").replace(/\p{Surrogate}/gu, "\ufffd");
  return text.trim() || undefined;
}

/** Text on one line: a title, a name. */
export function lineOf(value: unknown): string | undefined {
  return textOf(value)?.replace(/\s+/g, " ");
}

/** A list of texts; of anything else nothing. A text alone is a list of one. */
export function linesOf(value: unknown): string[] {
  const list: unknown[] = Array.isArray(value) ? value : [value];
  return list.map(lineOf).filter((line) => line !== undefined);
}

/** Authors as a list of names, a list of `{ name }`, or one text with the names separated by semicolons, commas or "and". */
export function namesOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap((entry) => linesOf(isObject(entry) ? entry.name : entry));
  const line = lineOf(value);
  if (line === undefined) return [];
  // Where semicolons separate, a comma stands inside a name: "Curie, Marie; Noether, Emmy".
  return linesOf(line.split(line.includes(";") ? /\s*;\s*/ : /\s*,\s*and\s+|\s*,\s*|\s+and\s+/));
}

/** A web address, written the one way the URL standard writes it; other schemes (`javascript:`) are no address. */
export function webAddressOf(value: unknown): string | undefined {
  const text = textOf(value);
  if (text === undefined || text.length > 2_000 || !URL.canParse(text)) return undefined;
  const url = new URL(text);
  return url.protocol === "https:" || url.protocol === "http:" ? url.href : undefined;
}

/** A count, rounded down, as a number or as pages write it: `1234`, `"1,234"`, `"235k"`, `"1.2M"`. */
export function countOf(value: unknown): number | undefined {
  const count = typeof value === "number" ? value : typeof value === "string" ? spelledCount(value) : Number.NaN;
  return count >= 0 && count <= Number.MAX_SAFE_INTEGER ? Math.floor(count) : undefined;
}

function spelledCount(text: string): number {
  const [, digits, unit = ""] =
    /^(\d+(?:\.\d+)?|\d{1,3}(?:[,\u00a0\u202f ]\d{3})+)\s?([kmb]?)$/i.exec(text.trim()) ?? [];
  if (digits === undefined) return Number.NaN;
  const factor = { "": 1, k: 1e3, m: 1e6, b: 1e9 }[unit.toLowerCase()] ?? Number.NaN;
  // 1.1 * 1000 is 1100.0000000000002, and 8.2 * 1000 one less than it should be once rounded down.
  return Number((Number(digits.replace(/[,\s]/g, "")) * factor).toFixed(6));
}

/** An instant in ISO 8601 (without a zone: UTC) or as feeds write it (RFC 822). */
export function instantOf(value: unknown): Date | undefined {
  if (typeof value !== "string") return undefined;
  const text = value.trim();
  const [, day, time, zone] =
    /^(\d{4}-\d{2}-\d{2})(?:[T ](\d{2}:\d{2}(?::\d{2}(?:\.\d+)?)?)\s?(Z|[+-]\d{2}:?\d{2})?)?$/i.exec(text) ?? [];
  if (day !== undefined) return isDay(day) ? asInstant(`${day}T${time ?? "00:00"}${zone ?? "Z"}`) : undefined;
  return /^(?:[A-Z][a-z]{2}, )?\d{1,2} [A-Z][a-z]{2} \d{4} /.test(text) ? asInstant(text) : undefined;
}

function asInstant(text: string): Date | undefined {
  const instant = new Date(text);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

/** The UTC day of an instant, or a day. */
export function dayOf(value: unknown): Day | undefined {
  return instantOf(value)?.toISOString().slice(0, 10);
}

/** `2026-02-31` is not a day, though Date reads it as the third of March. */
function isDay(text: string): boolean {
  const instant = new Date(`${text}T00:00Z`);
  return !Number.isNaN(instant.getTime()) && instant.toISOString().startsWith(text);
}

export function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** `T`, where what may be absent may also be undefined. */
type Loosely<T> = { [K in keyof T]: Partial<Pick<T, K>> extends Pick<T, K> ? T[K] | undefined : T[K] };

/** A sighting without the fields the source did not fill. */
export function sightingOf(fields: Loosely<Sighting>): Sighting {
  return withoutAbsent(fields) as unknown as Sighting;
}

/** Named signals without those the source did not count. */
export function signalsOf(counts: Readonly<Record<string, number | undefined>>): Sighting["signals"] {
  return withoutAbsent(counts) as Sighting["signals"];
}

function withoutAbsent(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
}
