/**
 * The thirty real days of April 2026, replayed to the twelve kinds of readers. What each was owed is worked out a second
 * time here: a loop over their hours, the editions there were and the papers that match.
 */
import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { type Replay, replay } from "../../src/actions/replay.ts";
import { tableOf } from "../../src/cli/commands/replay.ts";
import { members } from "../../src/core/bits.ts";
import { addDays } from "../../src/core/day.ts";
import { topicFor } from "../../src/core/fair-share.ts";
import { type EditionIndex, indexEdition, match } from "../../src/core/match.ts";
import { parseReaderKinds, TWELVE_KINDS } from "../../src/core/reader-kinds.ts";
import { type Played, tally } from "../../src/core/replayed.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { readRecording } from "../../src/sources/read-recording.ts";
import { openShelf } from "../../src/store/shelf.ts";
import { aPress, type Press } from "../actions/press.ts";
import { needs } from "../support/needs.ts";
import { sharedData } from "../support/shared-data.ts";
import { instantIn } from "../support/time.ts";

const HOUR = 3_600_000;
const WINDOW = { daily: 30 * HOUR, weekdays: 80 * HOUR, weekly: 7 * 24 * HOUR };
const KINDS = parseReaderKinds(TWELVE_KINDS, defaultCatalogue);

let press: Press | undefined;
let played: Replay;
/** Closed editions, oldest first. */
let editions: { date: string; closedAt: number; index: EditionIndex }[];

beforeAll(async () => {
  if (!sharedData) return;
  press = await aPress();
  const { store, needs } = press;
  const stage = { ...needs, shelf: openShelf(store.editions), setClock: store.clock.set };
  played = await replay(stage, await readRecording(`${sharedData}/hugging-face/daily`), KINDS);
  const closed = played.editions.filter(({ state }) => state === "closed");
  editions = await Promise.all(
    closed.map(async ({ date }) => {
      const edition = (await store.editions.find(date))!;
      return { date, closedAt: edition.closedAt!.getTime(), index: indexEdition(edition) };
    }),
  );
}, 240_000);
afterAll(() => press?.end());

describe("April, replayed to twelve kinds of readers", () => {
  const story = needs(sharedData, "the real days are not beside this checkout (../shared/data)");

  story("every working day closes, every weekend is quiet", () => {
    const month = Array.from({ length: 30 }, (_, n) => addDays("2026-04-01", n));
    expect(played.editions).toEqual(
      month.map((date) => ({ date, state: new Date(date).getUTCDay() % 6 === 0 ? "quiet" : "closed" })),
    );
  });

  story("each of the twelve finds something, and none gets a paper twice or more papers than they chose", () => {
    expect(played.kinds.map(({ kind }) => kind.name)).toEqual(KINDS.map(({ name }) => name));
    for (const one of played.kinds) {
      const ids = one.digests.flatMap(({ papers }) => papers.map(({ id }) => id));
      expect([one.kind.name, ids.length > 0, ids.length]).toEqual([one.kind.name, true, new Set(ids).size]);
      expect(tally(one).repeats).toBe(0);
      const largest = Math.max(...one.digests.map(({ papers }) => papers.length));
      expect(largest).toBeLessThanOrEqual(one.kind.preferences.maxPapers);
    }
  });

  story("nobody gets two digests on one local day", () => {
    for (const { kind, digests } of played.kinds) {
      const days = digests.map(({ localDay }) => localDay);
      expect([kind.name, days]).toEqual([kind.name, [...new Set(days)].sort()]);
    }
  });

  story("there is a digest exactly where an edition was fresh and held a matching paper they never had", () => {
    for (const one of played.kinds) {
      const sent = one.digests.map(({ localDay, editionDate }) => [localDay, editionDate]);
      const matching = owed(one).filter(({ papers }) => papers.length > 0);
      expect([one.kind.name, sent]).toEqual([one.kind.name, matching.map(({ localDay, date }) => [localDay, date])]);
    }
  });

  story("no week is without a digest in which matching papers existed", () => {
    for (const one of played.kinds) {
      const weeks = new Set(one.digests.map(({ localDay }) => weekOf(localDay)));
      const missed = owed(one).filter(({ localDay, papers }) => papers.length > 0 && !weeks.has(weekOf(localDay)));
      expect([one.kind.name, missed]).toEqual([one.kind.name, []]);
    }
  });

  story("of a broad reader's digest no topic takes more than two fifths", () => {
    const broad = played.kinds.filter(({ kind }) => topicFor(kind.preferences.filter) !== null);
    const asked = broad.filter(({ kind }) =>
      kind.preferences.filter.watches.every(({ topics }) => topics.length === 0),
    );
    expect(asked.map(({ kind }) => kind.name)).toEqual(["broad", "weekly broad", "only with code", "minimum votes"]);
    for (const one of asked) expect(tally(one).largestShare).toBeLessThanOrEqual(0.4);
  });

  story("docs/score.md shows the table that `npm run paperboy -- replay` prints of it", () => {
    const page = readFileSync(new URL("../../docs/score.md", import.meta.url), "utf8");
    const [, shown] = /^## A month replayed$.*?^```text\n(.*?)^```$/ms.exec(page)!;
    expect(shown).toBe(`${tableOf(played)}\n`);
  });

  story("what a digest holds is taken by the filter", () => {
    for (const one of played.kinds)
      for (const { localDay, papers } of owed(one)) {
        const got = one.digests.find((digest) => digest.localDay === localDay)?.papers ?? [];
        expect(got.filter(({ key }) => !papers.includes(key))).toEqual([]);
      }
  });
});

/** At each of their hours the newest closed edition they had not had, if it is fresh enough, and what of it they could get. */
function owed({ kind, digests }: Played): { localDay: string; date: string; papers: number[] }[] {
  const { cadence, weekday, zone, hour, filter } = kind.preferences;
  const had = new Set<string>();
  const sent = new Set<number>();
  const all: { localDay: string; date: string; papers: number[] }[] = [];
  for (let localDay = "2026-04-01"; localDay <= "2026-05-02"; localDay = addDays(localDay, 1)) {
    const day = new Date(localDay).getUTCDay() || 7;
    if ((cadence === "weekdays" && day > 5) || (cadence === "weekly" && day !== weekday)) continue;
    const hourAt = instantIn(zone, localDay, hour);
    if (hourAt < played.from.getTime() || hourAt >= played.until.getTime()) continue;
    const edition = editions.filter(({ closedAt }) => closedAt <= hourAt).at(-1);
    if (!edition || hourAt - edition.closedAt > WINDOW[cadence] || had.has(edition.date)) continue;
    had.add(edition.date);
    const takes = members(match(edition.index, filter).papers).map((at) => edition.index.papers[at]!.key);
    all.push({ localDay, date: edition.date, papers: takes.filter((key) => !sent.has(key)) });
    for (const { key } of digests.find((digest) => digest.localDay === localDay)?.papers ?? []) sent.add(key);
  }
  return all;
}

/** The Monday. */
function weekOf(day: string): string {
  return addDays(day, 1 - (new Date(day).getUTCDay() || 7));
}
