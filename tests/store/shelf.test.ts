import { expect, test } from "vitest";
import { openShelf } from "../../src/store/shelf.ts";
import { anEdition } from "../support/ranked-papers.ts";

/** Editions by date, and which of them were fetched. */
function aTable(states: Readonly<Record<string, "closed" | "quiet" | "open">>) {
  const fetched: string[] = [];
  const revisions: Record<string, number> = {};
  const dates = Object.keys(states).sort().reverse();
  const summary = (date: string) => ({
    date,
    state: states[date]!,
    because: null,
    closedAt: null,
    revision: revisions[date] ?? 1,
    papers: states[date] === "closed" ? 1 : 0,
  });
  return {
    ...{ fetched, revisions },
    standing: async (date: string) => (states[date] ? { state: states[date], revision: revisions[date] ?? 1 } : null),
    async find(date: string) {
      fetched.push(date);
      const state = states[date];
      return state === undefined
        ? null
        : {
            ...anEdition(state === "closed" ? [{}] : []),
            ...{ date, state, revision: revisions[date] ?? 1, historySince: null },
          };
    },
    list: async (limit: number) => dates.slice(0, limit).map(summary),
    newest: async () => dates.filter((date) => states[date] === "closed").map(summary)[0] ?? null,
  };
}

function aShelf(table: ReturnType<typeof aTable>, size = 3) {
  let now = 0;
  const shelf = openShelf(table, { size, clock: () => now });
  return {
    ...shelf,
    pass(minutes: number) {
      now += minutes * 60_000;
    },
  };
}

test("an edition is fetched once for all who ask, also while it is on its way", async () => {
  const table = aTable({ "2026-04-14": "closed", "2026-04-15": "closed" });
  const shelf = aShelf(table);
  await Promise.all([shelf.get("2026-04-14"), shelf.get("2026-04-14"), shelf.newest(), shelf.newest()]);
  expect(table.fetched).toEqual(["2026-04-14", "2026-04-15"]);
});

test("an open edition is looked at each time, the newest after a minute, the rest after half an hour", async () => {
  const table = aTable({ "2026-04-13": "closed", "2026-04-14": "closed", "2026-04-15": "open" });
  const shelf = aShelf(table);
  const ask = async () => {
    table.fetched.length = 0;
    await shelf.newest();
    for (const date of ["2026-04-13", "2026-04-15"]) await shelf.get(date);
    return [...table.fetched];
  };
  await ask();
  shelf.pass(0.9);
  expect(await ask()).toEqual(["2026-04-15"]);
  shelf.pass(0.2);
  expect(await ask()).toEqual(["2026-04-14", "2026-04-15"]);
  shelf.pass(30);
  expect(await ask()).toEqual(["2026-04-14", "2026-04-13", "2026-04-15"]);
});

test("the least used edition makes room, and days without one take none", async () => {
  const table = aTable({
    "2026-04-12": "closed",
    "2026-04-13": "closed",
    "2026-04-14": "closed",
    "2026-04-15": "closed",
  });
  const shelf = aShelf(table);
  for (const date of ["2026-04-12", "2026-04-13", "2026-04-14", "2026-04-12", "2026-04-15"]) await shelf.get(date);
  table.fetched.length = 0;
  for (const date of ["2026-04-12", "1999-01-01", "1999-01-02", "2026-04-14", "2026-04-13"]) await shelf.get(date);
  expect(table.fetched).toEqual(["1999-01-01", "1999-01-02", "2026-04-13"]);
});

test("a fetch that failed is tried again", async () => {
  const table = aTable({ "2026-04-15": "closed" });
  let isDown = true;
  const shelf = openShelf({
    ...table,
    find: (date) => (isDown ? Promise.reject(new Error("down")) : table.find(date)),
  });
  await expect(shelf.get("2026-04-15")).rejects.toThrow("down");
  isDown = false;
  expect((await shelf.get("2026-04-15"))?.edition.date).toBe("2026-04-15");
});

test("the recent ones are the newest closed, quiet days left out", async () => {
  const table = aTable({ "2026-04-12": "closed", "2026-04-13": "closed", "2026-04-14": "quiet", "2026-04-15": "open" });
  const recent = await aShelf(table).recent(2);
  expect(recent.map(({ edition }) => edition.date)).toEqual(["2026-04-13", "2026-04-12"]);
});

test("the newest day stands on every page: looked up at first and then once a minute, beside whoever asks, and never a fault", async () => {
  const table = { ...aTable({ "2026-04-14": "closed" }), asked: 0 };
  let newest: () => Promise<{ date: string } | null> = async () => ({ date: "2026-04-14" });
  const shelf = aShelf({
    ...table,
    newest: () => {
      table.asked += 1;
      return newest() as never;
    },
  });
  expect([await shelf.latest(), await shelf.latest(), table.asked]).toEqual(["2026-04-14", "2026-04-14", 1]);

  newest = async () => ({ date: "2026-04-15" });
  shelf.pass(1);
  await shelf.latest();
  expect([await shelf.latest(), table.asked]).toEqual(["2026-04-15", 2]);

  newest = () => Promise.reject(new Error("the database is away"));
  shelf.pass(1);
  await shelf.latest();
  expect([await shelf.latest(), table.asked]).toEqual(["2026-04-15", 3]);
  shelf.forget();
  expect(await shelf.latest()).toBe(null);
});

test("what was opened again and closed is another edition at once", async () => {
  const table = aTable({ "2026-04-14": "closed", "2026-04-15": "closed" });
  const shelf = aShelf(table);
  const ask = async () => {
    table.fetched.length = 0;
    const newest = await shelf.newest();
    const older = await shelf.get("2026-04-14");
    return [newest!.edition.revision, older!.edition.revision, table.fetched.length];
  };
  expect([await ask(), await ask()]).toEqual([
    [1, 1, 2],
    [1, 1, 0],
  ]);
  table.revisions["2026-04-14"] = 2;
  expect(await ask()).toEqual([1, 2, 1]);
  table.revisions["2026-04-15"] = 2;
  expect(await ask()).toEqual([2, 2, 1]);
});
