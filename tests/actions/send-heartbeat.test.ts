import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { sendHeartbeat } from "../../src/actions/send-heartbeat.ts";
import { openFetch } from "../../src/fetch.ts";
import { openMonitor } from "../../src/monitor.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";
import { aLog } from "./press.ts";

let store: TestStore;
let logged: ReturnType<typeof aLog>;
let monitor: Server;
let url: string;
let asked: string[];
let status: number;
beforeAll(async () => {
  store = await aStore();
  monitor = createServer((request, response) => {
    asked.push(`${request.method} ${request.url}`);
    const leadsOn = status === 302 && request.url!.startsWith("/ping/");
    response.writeHead(leadsOn ? 302 : status, leadsOn ? { location: `/v2${request.url}` } : {}).end("OK");
  });
  await new Promise<void>((resolve) => monitor.listen(0, "127.0.0.1", resolve));
  url = `http://127.0.0.1:${(monitor.address() as AddressInfo).port}/ping/secret-uuid?status=up`;
});
afterAll(async () => {
  monitor.closeAllConnections();
  await new Promise((resolve) => monitor.close(resolve));
  await store.close();
});
beforeEach(async () => {
  [asked, status, logged] = [[], 200, aLog()];
  await store.clock.set(at("2026-04-15T01:05Z"));
  await store.sql("TRUNCATE editions, heartbeats, ticks, deliveries CASCADE");
  await store.ticks.note("plan");
});

/** One process's heartbeat. */
async function beat() {
  const fetch = openFetch({ allow: [url], userAgent: "Paperboy of tests", backOffMs: 1 });
  try {
    return await sendHeartbeat({
      ...{ ...store, beat: openMonitor(fetch, url), closesAt: "01:00", log: logged.log },
      databaseNow: async () => store.clock.now(),
    });
  } finally {
    await fetch.close();
  }
}
const decide = (date: string, state: string) =>
  store.sql("INSERT INTO editions (date, state, closed_at) VALUES ($1, $2, paperboy_now())", [date, state]);
const PING = "GET /ping/secret-uuid?status=up";

test("once an edition, however many processes look and how often", async () => {
  await decide("2026-04-14", "closed");
  const results = await Promise.all([beat(), beat(), beat()]);
  expect([results.sort(), await beat()]).toEqual([["nothing", "nothing", "sent"], "nothing"]);
  await store.clock.set(at("2026-04-16T01:05Z"));
  expect(await beat()).toBe("nothing");
  await decide("2026-04-15", "quiet");
  await store.ticks.note("plan");
  expect(await beat()).toBe("sent");
  expect(asked).toEqual([PING, PING]);
});

test("none for one that is open or broken, nor while nobody plans or digests hang", async () => {
  expect(await beat()).toBe("nothing");
  await decide("2026-04-14", "broken");
  expect(await beat()).toBe("nothing");
  await store.sql("UPDATE editions SET state = 'closed'");
  await store.sql("SELECT make_delivery_partitions('2026-04-13', '2026-04-20')");
  await store.sql(`INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, next_try_at)
    VALUES ('2026-04-14', 1, '2026-04-13', 'daily', '2026-04-15T00:30Z', '2026-04-15T20:00Z', '2026-04-15T00:30Z')`);
  expect(await beat()).toBe("nothing");
  await store.sql("UPDATE deliveries SET state = 'accepted', next_try_at = NULL, ended_at = paperboy_now()");
  await store.sql("UPDATE ticks SET at = at - interval '11 minutes'");
  expect(await beat()).toBe("nothing");
  await store.ticks.note("plan");
  expect([await beat(), asked]).toEqual(["sent", [PING]]);
});

test("one that is not taken is said once, without its secret, and tried again after five minutes", async () => {
  await decide("2026-04-14", "closed");
  status = 503;
  expect(await beat()).toBe("failed");
  expect([await beat(), asked.length]).toEqual(["nothing", 3]);
  const later = () => store.sql("UPDATE heartbeats SET not_before = now() - interval '1 second'");
  await later();
  expect(await beat()).toBe("failed");
  status = 204;
  await later();
  expect(await beat()).toBe("sent");
  const said = JSON.stringify(logged.lines);
  expect([logged.lines.map(({ level, msg }) => `${level} ${msg}`), said.includes("secret-uuid")]).toEqual([
    ["40 HEARTBEAT_URL did not take a heartbeat"],
    false,
  ]);
  expect(said).toMatch(/\/… answered 503/);
});

test("nor does it show where it was led on to", async () => {
  await decide("2026-04-14", "closed");
  status = 302;
  expect(await beat()).toBe("failed");
  expect(asked).toEqual([PING, "GET /v2/ping/secret-uuid?status=up"]);
  expect(logged.lines).toMatchObject([{ reason: `${new URL(url).origin}/… answered 302. Check the address.` }]);
});
