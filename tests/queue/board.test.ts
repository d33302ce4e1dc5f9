import express from "express";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { openAdminKey } from "../../src/core/admin-key.ts";
import { openLog } from "../../src/log.ts";
import { openQueue, type Queue } from "../../src/queue/queue.ts";
import { aWeb, type Web } from "../http/web.ts";
import { aDatabase, type TestDatabase } from "../support/database.ts";
import { needs } from "../support/needs.ts";
import { aRedis, hasRedis, type TestRedis } from "../support/redis.ts";

const PASSWORD = "correct horse battery staple";

let redis: TestRedis | null = null;
beforeAll(async () => {
  redis = await aRedis();
});
afterAll(() => redis?.close());

describe.each([
  { name: "PostgreSQL", met: true },
  { name: "Redis", met: hasRedis },
])("Bull Board over $name", ({ name, met }) => {
  const it = needs(met, "redis-server is not on the PATH");
  let database: TestDatabase;
  let queue: Queue;
  let web: Web;
  let cookie: string;
  beforeAll(async () => {
    if (!met) return;
    database = await aDatabase();
    const where = name === "Redis" ? { redisUrl: redis!.url } : { databaseUrl: database.url };
    queue = await openQueue({ ...where, log: openLog({ level: "silent", pretty: false }) });
    web = await aWeb({ adminKey: openAdminKey(PASSWORD, "a secret of the tests, long enough"), queue });
    const login = await web.press("/admin/login", { password: PASSWORD });
    cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
    // Nothing of ours puts an address there; a later release or a hand might.
    await queue.add("answer-request", { requestId: "reader@example.com" });
  });
  afterAll(async () => {
    await web?.close();
    await queue?.close();
    await database?.drop();
  });
  const ask = (path: string, method = "GET") => web.send(path, { method, headers: { cookie } });

  it("shows its page with a policy of its own, its files from here, and nothing from elsewhere", async () => {
    const answer = await ask("/admin/queues/");
    const html = await answer.text();
    expect([answer.status, answer.headers.get("content-security-policy")]).toEqual([
      200,
      "default-src 'none';script-src 'self';style-src 'self' 'unsafe-inline';img-src 'self' data:;font-src 'self';connect-src 'self';base-uri 'self';form-action 'none';frame-ancestors 'none'",
    ]);
    expect(html).not.toMatch(/(?:src|href)="https?:/);
    const files = [...html.matchAll(/(?:src|href)="(static\/[^"]+)"/g)].map(([, path]) => path!);
    expect(files.length).toBeGreaterThan(2);
    const statuses = await Promise.all(files.map(async (path) => (await ask(`/admin/queues/${path}`)).status));
    expect(new Set(statuses)).toEqual(new Set([200]));
    expect((await ask("/admin")).headers.get("content-security-policy")).not.toContain("unsafe-inline");
  });

  it("shows the jobs of every queue, and no address in them", async () => {
    const answer = await ask("/admin/queues/api/queues?activeQueue=letters&status=latest&page=1&jobsPerPage=10");
    const text = await answer.text();
    const { queues } = JSON.parse(text) as { queues: { name: string; readOnlyMode: boolean }[] };
    expect(queues.map((each) => [each.name, each.readOnlyMode]).sort()).toEqual(
      ["editions", "letters", "mail", "papers", "reports", "upkeep"].map((each) => [each, true]),
    );
    expect([text.includes("answer-request"), text.includes("[address]"), text.includes("reader@")]).toEqual([
      ...[true, true, false],
    ]);
  });

  it("what no job can be called is not there", async () => {
    for (const path of ["letters/%00", "letters/x%00/logs", "letters/nothing", "nothing/1"])
      expect([path, (await ask(`/admin/queues/api/queues/${path}`)).status]).toEqual([path, 404]);
  });

  it("nothing can be changed, and nobody sees it without a session", async () => {
    const [letters] = [await queue.counts()];
    for (const [method, path] of [
      ["PUT", "/api/queues/letters/pause"],
      ["PUT", "/api/queues/letters/empty"],
      ["PUT", "/api/queues/letters/obliterate"],
      ["POST", "/api/queues/letters/add"],
      ["DELETE", "/api/queues/letters"],
    ] as const)
      expect([path, (await ask(`/admin/queues${path}`, method)).status]).toEqual([path, 405]);
    expect(await queue.counts()).toEqual(letters);
    for (const path of ["/admin/queues", "/admin/queues/api/queues", "/admin/queues/static/favicon-32x32.png"])
      expect([path, (await web.get(path)).status]).toEqual([path, 401]);
  });

  it("even a caller beyond our own guard finds it read-only", async () => {
    const bare = express();
    bare.use("/board", (await queue.board("/board")) as express.RequestHandler);
    const server = await new Promise<import("node:http").Server>((resolve) => {
      const listening = bare.listen(0, "127.0.0.1", () => resolve(listening));
    });
    const { port } = server.address() as import("node:net").AddressInfo;
    const before = await queue.counts();
    for (const verb of ["pause", "empty", "obliterate"]) {
      const answer = await fetch(`http://127.0.0.1:${port}/board/api/queues/letters/${verb}`, { method: "PUT" });
      await answer.arrayBuffer();
      expect([verb, answer.ok]).toEqual([verb, false]);
    }
    expect(await queue.counts()).toEqual(before);
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  });
});
