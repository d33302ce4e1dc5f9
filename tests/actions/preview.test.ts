import { expect, test } from "vitest";
import { preview } from "../../src/actions/preview.ts";
import { indexEdition } from "../../src/core/match.ts";
import { aFilter } from "../support/builders.ts";
import { anEdition } from "../support/ranked-papers.ts";

const shelved = (date: string, titles: readonly string[]) => {
  const edition = { ...anEdition(titles.map((title) => ({ title }))), date, historySince: date };
  return { edition, index: indexEdition(edition) };
};
const shelf = (...all: ReturnType<typeof shelved>[]) => ({
  newest: async () => all[0] ?? null,
  recent: async () => all,
});

test("before the first edition there is nothing to show", async () => {
  expect(await preview({ shelf: shelf() }, aFilter(), 10)).toEqual({
    ...{ edition: null, digest: null, papersPerDay: 0, perWatch: [] },
    understood: { editions: 0, papers: 0, watches: [] },
  });
});

test("it is the digest of the newest edition, with reasons, and how many such papers a day brings", async () => {
  const newest = shelved("2026-04-15", ["Agents that plan", "Speech for all", "Agents that act"]);
  const shown = await preview(
    { shelf: shelf(newest, shelved("2026-04-14", ["Robots"])) },
    aFilter({ include: ["agents"] }),
    1,
  );
  expect(shown.edition).toBe(newest.edition);
  expect(shown.digest).toMatchObject({ editionDate: "2026-04-15", cadence: "daily" });
  expect(shown.digest!.items.map(({ number, paper, because }) => [number, paper.title, because[0]!.include])).toEqual([
    [1, "Agents that plan", ["agents"]],
  ]);
  expect(shown.papersPerDay).toBe(1);
  expect(shown.understood).toMatchObject({ editions: 2, papers: 4, watches: [{ include: [{ papers: 2 }] }] });
});
