import { type TestContext, test } from "vitest";

type Body = (context: TestContext) => unknown;

/**
 * `test` where what it needs is there; elsewhere a skip that says why.
 *
 * @example needs(sharedData, "../shared is not there")("267 papers are read", async () => { … })
 */
export function needs(met: unknown, reason: string): (title: string, body: Body, timeoutMs?: number) => void {
  return (title, body, timeoutMs) => test(title, (context) => (met ? body(context) : context.skip(reason)), timeoutMs);
}
