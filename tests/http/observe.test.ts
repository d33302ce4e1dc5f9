/** What is written and counted of each request. */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { openLog } from "../../src/log.ts";
import { registry } from "../../src/metrics.ts";
import { aWeb, type Web } from "./web.ts";

const lines: Record<string, unknown>[] = [];
const log = openLog({ level: "debug", pretty: false, write: (line) => lines.push(JSON.parse(line)) });
let web: Web;
let behindProxy: Web;
beforeAll(async () => {
  web = await aWeb({ log });
  behindProxy = await aWeb({ log, trustProxy: 1 });
});
afterAll(async () => {
  await web.close();
  await behindProxy.close();
});
beforeEach(() => {
  lines.length = 0;
  registry.resetMetrics();
});

const LEVELS: Record<number, string> = { 20: "debug", 30: "info", 40: "warn", 50: "error" };
/** Written when the answer is out, which its reader may know first. */
async function answered(count: number) {
  for (
    let waitedMs = 0;
    waitedMs < 5_000 && lines.filter(({ msg }) => msg === "answered").length < count;
    waitedMs += 5
  )
    await new Promise((resolve) => setTimeout(resolve, 5));
  return lines
    .filter(({ msg }) => msg === "answered")
    .map(({ level, method, route, status }) => `${LEVELS[level as number]} ${method} ${route} ${status}`);
}
const counts = async () =>
  (await registry.metrics()).split("\n").filter((line) => line.startsWith("paperboy_http_requests_total{"));

const LINK = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";

describe("one line a request", () => {
  test("with the pattern of its route, not its address; what machines ask for is for whoever looks closely", async () => {
    const style = /\/assets\/page\.[\w.]+css/.exec(await (await web.get("/")).text())![0];
    for (const path of [
      `/confirm/${LINK}`,
      `/api/v1/subscriptions/${LINK}`,
      "/health",
      style,
      "/nowhere/ada@example.com",
    ])
      await web.get(path);
    await web.send("/topics", { method: "PROPFIND" });
    expect(await answered(7)).toEqual([
      "info GET / 200",
      "info GET /confirm/:link 404",
      "info GET /api/v1/subscriptions/:link 404",
      "debug GET /health 200",
      "debug GET /assets 200",
      "info GET none 404",
      "info other /topics 405",
    ]);
    expect(JSON.stringify(lines)).not.toMatch(new RegExp(`${LINK}|ada|example`));
  });

  test("each has an id, which its answer tells and every line that it causes carries", async () => {
    const broken = await aWeb({
      log,
      shelf: { ...web.app.shelf, get: () => Promise.reject(new Error("the shelf fell")) },
    });
    await broken.anEdition("2026-04-15", [{}]);
    const answer = await broken.get("/editions/2026-04-15");
    await broken.close();
    await answered(1);
    const id = answer.headers.get("x-request-id");
    expect([answer.status, id]).toEqual([500, expect.stringMatching(/^[\da-f-]{36}$/)]);
    expect(lines.filter(({ request }) => request === id).map(({ msg }) => msg)).toEqual([
      "a request failed",
      "answered",
    ]);
  });

  test("a trusted proxy may bring the id, when it is one; nobody else may", async () => {
    const told = async (to: Web, id: string) =>
      (await to.send("/health", { headers: { "x-request-id": id } })).headers.get("x-request-id");
    expect(await told(behindProxy, "01JD-abc.def:42")).toBe("01JD-abc.def:42");
    for (const odd of ["short", "reader@example.com", "a".repeat(65), "with space in it"])
      expect(await told(behindProxy, odd)).toMatch(/^[\da-f-]{36}$/);
    expect(await told(web, "01JD-abc.def:42")).toMatch(/^[\da-f-]{36}$/);
  });
});

test("requests are counted by pattern, method and class of status, however many addresses there are", async () => {
  for (let n = 0; n < 20; n += 1) await web.get(`/confirm/${LINK}${n}`);
  for (let n = 0; n < 20; n += 1) await web.get(`/nothing-${n}`);
  for (const method of ["PROPFIND", "MKCOL", "LOCK", "PUT", "MERGE"]) await web.send("/topics", { method });
  for (const path of ["/api/v1/topics", "/API/v1/topics", "/aPi/V1/Topics"]) await web.get(path);
  await answered(48);
  expect(await counts()).toEqual([
    'paperboy_http_requests_total{route="/confirm/:link",method="GET",status="4xx"} 20',
    'paperboy_http_requests_total{route="none",method="GET",status="4xx"} 20',
    'paperboy_http_requests_total{route="/topics",method="other",status="4xx"} 5',
    'paperboy_http_requests_total{route="/api/v1/topics",method="GET",status="2xx"} 3',
  ]);
});

test("a visitor who goes before the answer is counted as that", async () => {
  const slow = await aWeb({
    log,
    ready: () => new Promise((resolve) => setTimeout(() => resolve({ database: "ok" }), 300)),
  });
  const gone = new AbortController();
  const asking = slow.send("/ready", { signal: gone.signal }).catch(() => null);
  setTimeout(() => gone.abort(), 100);
  await asking;
  expect(await answered(1)).toEqual(["debug GET /ready aborted"]);
  expect(await counts()).toEqual(['paperboy_http_requests_total{route="/ready",method="GET",status="aborted"} 1']);
  await slow.close();
});
