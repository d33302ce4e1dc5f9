/** What the tests of the way out share. */
import { afterEach } from "vitest";
import { Permanent, Temporary } from "../../src/errors.ts";
import { type Fetch, type FetchOptions, openFetch } from "../../src/fetch.ts";
import { aSite, type Site } from "../support/site.ts";

const opened: { close(): Promise<void> }[] = [];

/** Call it once a file: what a test opened is closed behind it. */
export function closeBehindEachTest(): void {
  afterEach(async () => {
    for (const one of opened.splice(0)) await one.close();
  });
}

export async function site(...given: Parameters<typeof aSite>): Promise<Site> {
  const one = await aSite(...given);
  opened.push(one);
  return one;
}

export function fetching(settings: Partial<FetchOptions> = {}): Fetch {
  const one = openFetch({ userAgent: "Paperboy (+http://localhost)", backOffMs: 5, ...settings });
  opened.push(one);
  return one;
}

/** The fault, as what a caller can see of it. */
export async function faultOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    () => "no fault",
    (fault) =>
      fault instanceof Temporary || fault instanceof Permanent ? { ...fault, message: fault.message } : fault,
  );
}
