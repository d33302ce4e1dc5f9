/**
 * A table of watches and the papers of April 2026 that each must and must not take, `tests/fixtures/april-watches.jsonl`.
 *
 * Who is right was looked up in the papers as the source sent them, with nothing of ours: takes are those that say it,
 * misses those that come near. With `only`, no other paper of the 707 may be taken.
 */
import { readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { members } from "../../src/core/bits.ts";
import { parseFilter } from "../../src/core/filter.ts";
import { indexEdition, match } from "../../src/core/match.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { aprilPapers } from "../support/april-papers.ts";
import { sharedData } from "../support/shared-data.ts";

interface Row {
  readonly why: string;
  readonly watch: Readonly<Record<string, unknown>>;
  readonly takes: readonly string[];
  readonly only?: true;
  readonly misses: readonly string[];
}

const rows: readonly Row[] = readFileSync(new URL("../fixtures/april-watches.jsonl", import.meta.url), "utf8")
  .trimEnd()
  .split("\n")
  .map((line) => JSON.parse(line));

test("the table has 60 watches at least, nearly all with papers near by that are not meant", () => {
  expect(rows.length).toBeGreaterThanOrEqual(60);
  expect(rows.filter(({ takes, misses }) => takes.length + misses.length > 0).length).toBe(rows.length);
});

describe.skipIf(sharedData === null)("over the real papers (skipped where ../shared/data is missing)", () => {
  const index = indexEdition({ papers: sharedData === null ? [] : aprilPapers(sharedData) });

  test.each(rows.map((row) => [row.why, JSON.stringify(row.watch), row] as const))("%s: %s", (_, __, row) => {
    const { watch, takes, only, misses } = row;
    const filter = parseFilter({ watches: [watch] }, defaultCatalogue);
    const taken = members(match(index, filter).papers).map((at) => index.papers[at]!.id);
    const judged = new Set([...takes, ...misses]);
    const shown = only ? taken : taken.filter((id) => judged.has(id));
    expect([...shown].sort()).toEqual([...takes].sort());
  });
});
