import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { FILTER_PARAMETERS } from "../../src/core/filter-query.ts";
import { createServer } from "../../src/http/server.ts";
import { routesOf } from "./routes.ts";
import { aWeb, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  await web.anEdition("2026-04-15", [{ arxivId: "2604.00001", title: "Agents" }, { arxivId: "2604.00002" }]);
});
afterAll(() => web.close());

/** What breaks statements that are glued together, cursors that are trusted, and sites that send on whoever asks. */
const VALUES = [
  ...["'", "' OR 1=1 --", "1; DROP TABLE papers; --", '"', "\\", "%", "_", "$1", "$$", "\0", "a\0b"],
  ...[
    "-1",
    "0",
    "1e9",
    "99999999999999999999",
    "NaN",
    "0000-00-00",
    "0000-01-01",
    "9999-12-31",
    "-271821-04-20",
    "2026-04-15' --",
  ],
  ...[
    "//evil.example",
    "https://evil.example/",
    "/\\evil.example",
    "javascript:alert(1)",
    "\r\nLocation: https://evil.example",
  ],
  ...[
    "../../etc/passwd",
    "__proto__",
    "constructor",
    "[object Object]",
    '{"$gt":""}',
    "eyJ3YXRjaGVzIjpbXX0",
    "\u202e",
    "x".repeat(3_000),
  ],
];
/** Parameters that some route reads. */
const READ = [...FILTER_PARAMETERS, "before", "limit", "maxPapers", "by"];
/** And those that others were found by. */
const OTHERS = "sort order cursor page q next to url return redirect __proto__ include[] include[$gt]".split(" ");
/** Paths as the routes name them, each with a place for what somebody puts there. */
const AT = "~";

/** All there are, with the place for what somebody puts there; a route that is there answers OPTIONS. */
async function pathsOf({ app, send }: Web): Promise<string[]> {
  const paths: string[] = [];
  const mounted = ["", "/api/v1"].flatMap((prefix) => routesOf(createServer(app)).map((path) => prefix + path));
  for (const path of mounted.map((each) => each.replace(/[:*]\w+/g, AT))) {
    const { status } = await send(path.replace(AT, "x.1"), { method: "OPTIONS" });
    if (status === 204) paths.push(path);
  }
  return paths;
}

async function inTens<T>(all: readonly T[], ask: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += 10) await Promise.all(all.slice(from, from + 10).map(ask));
}

describe("X3, X9: whatever stands in an address", () => {
  /** Asks for all of them. @returns what went wrong: a fault of ours, a way to another site, a line in the log, a change */
  const wrongWith = async (paths: readonly string[], method = "GET"): Promise<string[]> => {
    const before = await web.state();
    const wrong: string[] = [];
    await inTens(paths, async (path) => {
      const { status, headers } = await web.send(path, { method });
      const asked = `${method} ${path.slice(0, 200)}`;
      const location = headers.get("location");
      if (status >= 500) wrong.push(`${asked} answered ${status}`);
      if (location !== null && new URL(location, HERE).origin !== HERE) wrong.push(`${asked} leads to ${location}`);
    });
    const logged = web.logged.filter((line) => (JSON.parse(line) as { level: number }).level >= 50);
    return [...wrong, ...logged, ...((await web.state()) === before ? [] : ["rows changed"])];
  };

  test("the routes are found, those of the API too", async () => {
    const paths = await pathsOf(web);
    const some = ["/editions", "/papers/~", "/unsubscribe/~", "/api/v1/editions/~", "/api/v1/subscriptions/~"];
    expect(some.filter((path) => !paths.includes(path))).toEqual([]);
  });

  test("in its path: no fault of ours, and nobody is sent to another site", async () => {
    const paths = (await pathsOf(web)).filter((path) => path.includes(AT));
    // The last ones as typed: slashes, backslashes and percent signs that nobody encoded.
    const values = [
      ...VALUES.map(encodeURIComponent),
      ...["//evil.example", "/\\evil.example", "%", "%ED%A0%80", "%c0%ae%c0%ae/", "..%2f..%2f"],
    ];
    expect(await wrongWith(paths.flatMap((path) => values.map((value) => path.replace(AT, value))))).toEqual([]);
  }, 120_000);

  test("in a parameter that is read: no fault of ours, and nobody is sent to another site", async () => {
    const reading = [
      "/",
      "/editions",
      "/editions/latest",
      "/feed.xml",
      "/api/v1/editions",
      "/api/v1/editions/2026-04-15",
    ];
    const queries = READ.flatMap((name) => VALUES.map((value) => `${name}=${encodeURIComponent(value)}`));
    expect(await wrongWith(reading.flatMap((path) => queries.map((query) => `${path}?${query}`)))).toEqual([]);
  }, 120_000);

  test("in all parameters at once, on every route: a route that trusted one would be found", async () => {
    const all = (value: string) =>
      [...READ, ...OTHERS].map((name) => `${encodeURIComponent(name)}=${encodeURIComponent(value)}`).join("&");
    const paths = (await pathsOf(web)).map((path) => path.replace(AT, "x.1"));
    const values = ["'; DROP TABLE papers; --", "\0", "-1", "2026-04-15", "//evil.example", "https://evil.example/"];
    const tries = paths.flatMap((path) => values.map((value) => `${path}?${all(value)}`));
    expect(await wrongWith(tries)).toEqual([]);
    expect(await wrongWith(tries, "POST")).toEqual([]);
  }, 120_000);
});

const HERE = "http://paperboy.example";
