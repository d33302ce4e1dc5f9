import { afterAll, beforeAll, expect, test } from "vitest";
import { aDescribedWeb, type Described } from "./described.ts";
import { fuzzApi } from "./fuzz-api.ts";

let web: Described;
beforeAll(async () => {
  web = await aDescribedWeb();
});
afterAll(() => web.close());

test("whatever is asked, as the document says, nearly so or not at all: the answer is one that it names, never a fault of ours", async () => {
  const good: string[] = [];
  const wrong: string[] = [];
  let calls = 0;
  for (const operation of web.operations) {
    const { calls: made, statuses, objection } = await fuzzApi(web, operation, { runs: 25, seed: 1 });
    calls += made;
    if (objection !== null) wrong.push(objection);
    if ([...statuses.keys()].some((status) => status < 300)) good.push(operation.operationId);
  }
  expect(wrong).toEqual([]);
  expect(calls).toBeGreaterThanOrEqual(25 * web.operations.length);
  // Calls that are all refused would look at nothing but refusals.
  expect(good.length).toBeGreaterThan(web.operations.length * 0.75);
  const faults = web.logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 50);
  expect(faults).toEqual([]);
}, 120_000);
