import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import fc from "fast-check";

/** Path of a small recorded answer: real titles, authors, ids and dates; the abstracts are ours. */
export function fixturePath(name: string): string {
  return fileURLToPath(new URL(`../fixtures/sources/${name}`, import.meta.url));
}

export function fixture(name: string): string {
  return readFileSync(fixturePath(name), "utf8");
}

/** Text of any characters, control characters and half characters too. */
export const anyText = fc.array(fc.integer({ min: 0, max: 0xffff })).map((codes) => String.fromCharCode(...codes));
