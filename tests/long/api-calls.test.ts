import { expect, test } from "vitest";
import { aDescribedWeb } from "../http/described.ts";
import { fuzzApi } from "../http/fuzz-api.ts";

const RUNS = Number(process.env.PAPERBOY_API_CALLS ?? 1_000);

test("thousands of calls of every operation, another lot each time: each answer is one that the document names", async () => {
  const web = await aDescribedWeb();
  const seed = Date.now() % 1_000_000;
  const since = performance.now();
  const wrong: string[] = [];
  const counted: Record<string, number> = {};
  for (const operation of web.operations) {
    const { statuses, objection } = await fuzzApi(web, operation, { runs: RUNS, seed });
    if (objection !== null) wrong.push(objection);
    for (const [status, count] of statuses) counted[status] = (counted[status] ?? 0) + count;
  }
  console.log(`seed ${seed}: ${JSON.stringify(counted)} in ${Math.round((performance.now() - since) / 1000)} s`);
  await web.close();
  expect(wrong).toEqual([]);
});
