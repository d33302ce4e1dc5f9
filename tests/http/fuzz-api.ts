/** Asks every operation of the document for what its schemas allow and for what they do not, and compares what comes with it. */
import fc from "fast-check";
import { callOf } from "../support/api-calls.ts";
import { type Operation, objectionsTo } from "../support/api-document.ts";
import { credentialsOf, type Described, freshLinks } from "./described.ts";

/** Fresh links after so many calls: some of them end what they open. */
const LINKS_LAST = 25;

/**
 * @param runs calls of each operation
 * @returns how many calls were made, the statuses that came, and the smallest call whose answer is not as the document says
 */
export async function fuzzApi(web: Described, operation: Operation, { runs, seed }: { runs: number; seed: number }) {
  const statuses = new Map<number, number>();
  for (let done = 0; done < runs; done += LINKS_LAST) {
    // What one caller may ask for is another test's; here everybody together would be one too many.
    await web.store.sql("TRUNCATE door_counts");
    const { confirm, preferences, account } = await freshLinks(web);
    const call = callOf(operation, [confirm, preferences, account], credentialsOf(operation));
    const property = fc.asyncProperty(call, async ({ address, ...init }) => {
      const answer = await web.send(address, init);
      statuses.set(answer.status, (statuses.get(answer.status) ?? 0) + 1);
      const objections = await objectionsTo(operation, answer);
      if (objections.length > 0) throw new Error(objections.join("; "));
    });
    const details = await fc.check(property, { numRuns: Math.min(LINKS_LAST, runs - done), seed: seed + done });
    if (details.failed) {
      const asked = `${operation.method} ${JSON.stringify(details.counterexample)}`;
      return { calls: 0, statuses, objection: `${asked}: ${(details.errorInstance as Error).message}` };
    }
  }
  const calls = [...statuses.values()].reduce((sum, count) => sum + count, 0);
  return { calls, statuses, objection: null };
}
