/** Reads JSON of others, where any field may be missing or of another type. */
import { createHash } from "node:crypto";
import { inertLine } from "../../core/inert.ts";
import { type MailReport, NO_KEYS } from "../../core/mail-report.ts";
import type { Translated } from "./provider.ts";

export type Fields = Readonly<Record<string, unknown>>;

/** Longest text of a {@link MailReport}. */
const TEXT_LETTERS = 1_000;
/** No id and no address is longer; what is belongs to nobody. */
const KEY_LETTERS = 400;
const MOST_KEYS = 10;

/** @returns undefined when it is no JSON */
export function readJson(raw: Uint8Array | string): unknown {
  try {
    return JSON.parse(typeof raw === "string" ? raw : Buffer.from(raw).toString("utf8"));
  } catch {
    return undefined; // a SyntaxError is the only way to be told
  }
}

export function fieldsOf(value: unknown): Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value) ? (value as Fields) : {};
}

export function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Text, or a number as text; else empty. */
export function textOf(value: unknown): string {
  return typeof value === "string" ? value : typeof value === "number" ? String(value) : "";
}

/** What the far end said, as a {@link MailReport} has it: the first of these that says anything. */
export function said(...texts: readonly unknown[]): string {
  const text = texts.map(textOf).find((each) => each.trim() !== "") ?? "";
  return inertLine(text.slice(0, 4 * TEXT_LETTERS), TEXT_LETTERS);
}

/** The enhanced status code (RFC 3463) in these words: the first there is. */
export function statusIn(...texts: readonly unknown[]): string | null {
  for (const text of texts) {
    // Not a part of an IP address or of a version: neither digits nor dots around it.
    const [, status] =
      /(?<![\d.])([245]\.\d{1,3}\.\d{1,3})(?![\d.]*\d)/.exec(textOf(text).slice(0, 4 * TEXT_LETTERS)) ?? [];
    if (status !== undefined) return status;
  }
  return null;
}

/** Texts that may name a mail: without angle brackets, each once. What has a space or a control character in it names none. */
export function keysOf(...texts: readonly unknown[]): string[] {
  const keys = texts.map((text) =>
    textOf(text)
      .trim()
      .replace(/^<(.*)>$/s, "$1"),
  );
  const isKey = (key: string) => key.length <= KEY_LETTERS && /^[^\p{C}\p{Z}]+$/u.test(key);
  return [...new Set(keys)].filter(isKey).slice(0, MOST_KEYS);
}

/** An id as its provider gave it, or a name made of it when the database might not take it; empty when there is none. */
export function eventIdOf(value: unknown): string {
  const id = textOf(value);
  return id === "" || /^[!-~]{1,200}$/.test(id) ? id : digestOf(id);
}

/**
 * @param value an ISO 8601 text, or seconds since 1970
 * @returns null for what is no time in this century, the only one that mail of ours is from
 */
export function instantOf(value: unknown): Date | null {
  const at = typeof value === "number" ? new Date(value * 1_000) : new Date(textOf(value) || Number.NaN);
  return at.getTime() >= Date.UTC(2000) && at.getTime() < Date.UTC(2100) ? at : null;
}

/** A name for something that has none: the same for the same parts. */
export function digestOf(...parts: readonly (string | Uint8Array)[]): string {
  const digest = createHash("sha256");
  // With its length before each: "a", "bc" is not "ab", "c".
  for (const part of parts) digest.update(`${part.length}:`).update(part);
  return digest.digest("hex");
}

/** What somebody who may post here posted, and nobody can read. */
export function unreadable(raw: Uint8Array): readonly Translated[] {
  const report: MailReport = { kind: "unreadable", status: null, text: "", lasting: null, keys: NO_KEYS };
  return [{ report, eventId: digestOf(raw), at: null }];
}
