import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { closeEdition } from "../../src/actions/close-edition.ts";
import { collectPapers } from "../../src/actions/collect-papers.ts";
import { addDays } from "../../src/core/day.ts";
import type { Sighting } from "../../src/core/paper.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Permanent, Temporary } from "../../src/errors.ts";
import type { Pulled, Source } from "../../src/sources/source.ts";
import { aSighting } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog } from "./press.ts";

let store: TestStore;
beforeAll(async () => {
  store = await aStore();
});
afterAll(() => store.close());
beforeEach(() =>
  store.sql("TRUNCATE edition_papers, editions, listings, sightings, paper_aliases, papers, pulls CASCADE"),
);

const TODAY = "2026-04-15";
const YESTERDAY = "2026-04-14";
const WEEK = [YESTERDAY, TODAY, ...[2, 3, 4, 5, 6, 7].map((back) => addDays(TODAY, -back))];

type Answer = readonly Partial<Sighting>[] | Error | undefined;

/** A source that says of each day what the test wants: papers listed on it, or a fault. */
function aSource(days: Readonly<Record<string, Answer>>, given: Partial<Source> = {}) {
  const asked: string[] = [];
  const source: Source = {
    ...{ name: "hub", trending: true },
    async fetch({ day }): Promise<Pulled> {
      asked.push(day);
      const answer = days[day] ?? [];
      if (answer instanceof Error) throw answer;
      const sightings = answer.map((paper, position) =>
        aSighting({ source: source.name, position, ...(source.trending && { listedOn: day }), ...paper }),
      );
      return { sightings, refusals: [] };
    },
    ...given,
  };
  return { asked, source };
}

async function collect(sources: readonly Source[], time = "2026-04-15T00:30Z", signal?: AbortSignal) {
  const { log, lines } = aLog();
  const done = await collectPapers({ ...store, sources, log, now: () => at(time) }, signal);
  return { done, lines };
}
const pulls = (day = YESTERDAY) =>
  store.sql("SELECT source, outcome, papers, problem FROM pulls WHERE day = $1 ORDER BY id", [day]);
const listed = (day: string) =>
  store.sql<{ id: string }>(
    "SELECT p.public_id AS id FROM listings l JOIN papers p ON p.id = l.paper_id WHERE l.listed_on = $1 ORDER BY l.position",
    [day],
  );

test("a trending source is read for yesterday first, then today, then back to the oldest day that is still a candidate", async () => {
  const { asked, source } = aSource({ [YESTERDAY]: [{}, {}], [TODAY]: [{}] });
  const { done } = await collect([source]);
  expect(asked).toEqual(WEEK);
  expect(done).toEqual({ read: 3, added: 3, refused: 0, failed: 0, problems: {} });
  expect(await pulls()).toEqual([{ source: "hub", outcome: "good", papers: 2, problem: null }]);
});

test("a source without listings is read once for each day that is over, and again only for days it failed", async () => {
  const days: Record<string, Answer> = { [addDays(TODAY, -3)]: new Temporary("not now") };
  const { asked, source } = aSource(days, { name: "arxiv", trending: false });
  await collect([source]);
  expect(asked).toEqual([YESTERDAY, ...WEEK.slice(2)]);
  asked.length = 0;
  days[addDays(TODAY, -3)] = [];
  await collect([source], "2026-04-15T01:30Z");
  await collect([source], "2026-04-15T02:30Z");
  expect(asked).toEqual([addDays(TODAY, -3)]);
});

test("a source that counts is asked for yesterday in every round, however often it has answered", async () => {
  const { asked, source } = aSource({ [YESTERDAY]: [{}] }, { name: "stars", trending: false, everyRound: true });
  for (const time of ["2026-04-15T00:30Z", "2026-04-15T01:30Z", "2026-04-16T00:30Z"]) await collect([source], time);
  expect(asked).toEqual([YESTERDAY, YESTERDAY, TODAY]);
});

describe("a source that fails", () => {
  test("leaves the others alone, is noted with its problem, and is not asked eight times", async () => {
    const down = aSource(Object.fromEntries(WEEK.map((day) => [day, new Temporary("hub answered 503")])));
    const other = aSource({ [YESTERDAY]: [{}] }, { name: "other" });
    const { done, lines } = await collect([down.source, other.source]);
    expect(down.asked).toEqual([YESTERDAY, TODAY]);
    expect(done).toEqual({ read: 1, added: 1, refused: 0, failed: 2, problems: { hub: "hub answered 503" } });
    expect(await pulls()).toEqual([
      { source: "hub", outcome: "failed", papers: 0, problem: "hub answered 503" },
      { source: "other", outcome: "good", papers: 1, problem: null },
    ]);
    expect(lines.map(({ msg }) => msg)).toEqual(Array(2).fill("a source did not answer"));
  });

  test("now and then is asked on: two failures that do not follow each other are not a source that is down", async () => {
    const { asked, source } = aSource({
      [YESTERDAY]: new Permanent("half a JSON"),
      [addDays(TODAY, -3)]: new Temporary("429"),
    });
    await collect([source]);
    expect(asked).toEqual(WEEK);
  });

  test("is told apart from us, who were stopped: that is no failure of the source, and nothing is noted", async () => {
    const stopping = new AbortController();
    const { source } = aSource({});
    const fetch: Source["fetch"] = async () => {
      stopping.abort();
      throw new Error("aborted");
    };
    await expect(collect([{ ...source, fetch }], undefined, stopping.signal)).rejects.toThrow("aborted");
    expect(await pulls()).toEqual([]);
  });
});

test("D3: one broken paper is refused and logged, and the rest of its day is kept", async () => {
  const { source } = aSource({});
  const refusals = [{ where: "item 2", reason: "it has no title" }];
  const fetch: Source["fetch"] = async ({ day }) =>
    day === YESTERDAY
      ? { sightings: [aSighting({ source: "hub", listedOn: day })], refusals }
      : { sightings: [], refusals: [] };
  const { done, lines } = await collect([{ ...source, fetch }]);
  expect(done).toEqual({ read: 1, added: 1, refused: 1, failed: 0, problems: {} });
  expect(await pulls()).toEqual([{ source: "hub", outcome: "good", papers: 1, problem: "it has no title" }]);
  expect(lines.map(({ msg }) => msg)).toEqual(["a paper was refused"]);
});

describe("D2: a source that repeats the day before", () => {
  const friday = ["2604.00001", "2604.00002", "2604.00003"].map((arxivId) => ({ arxivId, title: `Paper ${arxivId}` }));

  test("on Saturday and Sunday: both are noted as repeats, and Friday's papers stay Friday's", async () => {
    const days = { "2026-04-10": friday, "2026-04-11": friday, "2026-04-12": friday };
    for (const time of ["2026-04-11T00:30Z", "2026-04-12T00:30Z", "2026-04-13T00:30Z"])
      await collect([aSource(days).source], time);
    const outcomes = await store.sql(
      "SELECT day::text, outcome, papers FROM pulls WHERE day BETWEEN '2026-04-10' AND '2026-04-12' AND started_at::date = day + 1 ORDER BY day",
    );
    expect(outcomes).toEqual([
      { day: "2026-04-10", outcome: "good", papers: 3 },
      { day: "2026-04-11", outcome: "repeating", papers: 0 },
      { day: "2026-04-12", outcome: "repeating", papers: 0 },
    ]);
    expect([await listed("2026-04-11"), await listed("2026-04-12")]).toEqual([[], []]);
  });

  test("a part of the day before is a repeat too; one new paper makes it a day of its own", async () => {
    await collect([aSource({ "2026-04-13": friday }).source], "2026-04-14T00:30Z");
    await collect([aSource({ "2026-04-13": friday, [YESTERDAY]: friday.slice(1) }).source]);
    expect((await pulls()).at(-1)).toMatchObject({ outcome: "repeating", papers: 0 });
    await collect([aSource({ "2026-04-13": friday, [YESTERDAY]: [...friday.slice(1), {}] }).source]);
    expect((await pulls()).at(-1)).toMatchObject({ outcome: "good", papers: 3 });
  });

  test("what it tells of the votes is heard all the same", async () => {
    const { source } = aSource({});
    const told = (upvotes: number, listedOn: string) =>
      friday.map((paper) => aSighting({ source: "hub", ...paper, listedOn, signals: { upvotes } }));
    const saying = (sightings: Sighting[], repeats: boolean): Source => ({
      ...source,
      fetch: async ({ day }) =>
        day === YESTERDAY ? { sightings, refusals: [], repeats } : { sightings: [], refusals: [] },
    });
    await collect([saying(told(5, "2026-04-13"), true)]);
    await collect([saying(told(9, "2026-04-13"), true)], "2026-04-15T01:30Z");
    expect((await pulls()).map((pull) => (pull as { outcome: string }).outcome)).toEqual(["repeating", "repeating"]);
    expect(await store.sql("SELECT DISTINCT signals_at(id, 'infinity') AS signals FROM papers")).toEqual([
      { signals: { upvotes: 9 } },
    ]);
  });
});

describe("D1, D2: an edition is never made from half a day", () => {
  const closing = async (time: string, sources: readonly Source[]) => {
    const { log } = aLog();
    const needs = { ...store, sources, log, catalogue: defaultCatalogue, closesAt: "01:00", retentionDays: 90 };
    return closeEdition(needs, YESTERDAY, at(time));
  };
  const failures: [string, Answer][] = [
    ["answers 429", new Temporary("429")],
    ["answers 500", new Temporary("500")],
    ["answers HTML", new Permanent("this is not JSON")],
    ["answers half a JSON", new Permanent("JSON ends in the middle")],
    ["is empty", []],
  ];

  test("D1: a pull that began before the day ended does not close it; one that began after it does, with all papers", async () => {
    const early = aSource({ [YESTERDAY]: [{}] });
    await collect([early.source], "2026-04-14T23:59:59Z");
    expect(await closing("2026-04-15T01:00Z", [early.source])).toEqual({
      state: "open",
      because: "waiting-for-source",
    });
    const full = aSource({ [YESTERDAY]: [{}, {}, {}] });
    await collect([full.source], "2026-04-15T01:10Z");
    expect(await closing("2026-04-15T01:15Z", [full.source])).toEqual({ state: "closed", because: "complete" });
    expect((await store.editions.find(YESTERDAY))!.papers).toHaveLength(4);
  });

  test.each(failures)(
    "D2: a source that %s on a working day: waited for, then broken, and no mail is made from it",
    async (_, answer) => {
      const { source } = aSource({ [YESTERDAY]: answer });
      await collect([source], "2026-04-15T00:30Z");
      expect(await closing("2026-04-15T06:59Z", [source])).toEqual({ state: "open", because: "waiting-for-source" });
      expect(await closing("2026-04-15T07:00Z", [source])).toMatchObject({ state: "broken" });
      expect(await store.editions.newest()).toBeNull();
    },
  );

  test.each(failures)(
    "D2: a source that %s and recovers before patience ends: closed with all of its papers",
    async (_, answer) => {
      await collect([aSource({ [YESTERDAY]: answer }).source], "2026-04-15T00:30Z");
      const { source } = aSource({ [YESTERDAY]: [{}, {}] });
      await collect([source], "2026-04-15T06:30Z");
      expect(await closing("2026-04-15T06:35Z", [source])).toEqual({ state: "closed", because: "complete" });
      expect((await store.editions.find(YESTERDAY))!.papers).toHaveLength(2);
    },
  );
});

describe("what a source is asked about single papers", () => {
  const enriching = (answer: () => Pulled) => {
    const asked: (readonly string[])[] = [];
    const { source } = aSource({}, { name: "arxiv", trending: false });
    const enrich: Source["enrich"] = async ({ arxivIds }) => {
      asked.push(arxivIds);
      return answer();
    };
    return { asked, source: { ...source, enrich } };
  };
  const hub = aSource({
    [YESTERDAY]: [
      { arxivId: "2604.00001", title: "Without categories" },
      { arxivId: "2604.00002", title: "With categories", categories: ["cs.CL"] },
      { arxivId: undefined as never, title: "Without an id" },
    ],
  });

  test("papers that were listed and have an arXiv id: those without categories first, and each once a day, for it may be withdrawn", async () => {
    const known = aSighting({
      source: "arxiv",
      arxivId: "2604.00001",
      title: "Without categories",
      categories: ["cs.LG"],
    });
    const other = aSighting({ ...known, arxivId: "2604.00002", title: "With categories" });
    const withdrawn = { ...other, withdrawn: true };
    const answers = [
      [known, other],
      [known, withdrawn],
    ];
    const arxiv = enriching(() => ({ sightings: answers.shift()!, refusals: [] }));
    await store.papers.add([aSighting({ source: "arxiv", arxivId: "2604.00009" })], at("2026-04-14T12:00Z"));
    await collect([hub.source, arxiv.source]);
    await collect([hub.source, arxiv.source], "2026-04-15T01:30Z");
    const both = ["2604.00001", "2604.00002"];
    expect(arxiv.asked).toEqual([both]);
    await collect([hub.source, arxiv.source], "2026-04-16T01:30Z");
    expect(arxiv.asked.map((ids) => [...ids].sort())).toEqual([both, both]);
    expect(
      await store.sql("SELECT categories, withdrawn FROM papers WHERE public_id = ANY ($1) ORDER BY public_id", [both]),
    ).toEqual([
      { categories: ["cs.LG"], withdrawn: false },
      { categories: ["cs.LG"], withdrawn: true },
    ]);
  });

  test("a failure there costs nothing but the categories: the next round asks again", async () => {
    const arxiv = enriching(() => {
      throw new Temporary("busy");
    });
    const { done, lines } = await collect([hub.source, arxiv.source]);
    expect([done.read, lines.map(({ msg }) => msg)]).toEqual([3, ["papers could not be enriched"]]);
    await collect([hub.source, arxiv.source], "2026-04-15T01:30Z");
    expect(arxiv.asked.map(([first]) => first)).toEqual(["2604.00001", "2604.00001"]);
  });
});
