import type { RequestListener } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { rehearse } from "../../src/http/rehearse.ts";
import { createServer } from "../../src/http/server.ts";
import { aWeb, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
});
afterAll(() => web.close());

test("before the port opens, every page and form that a crowd asks for is gone through, and nothing of it is kept", async () => {
  const server = createServer(web.app);
  const seen = new Set<string>();
  const watched: RequestListener = (req, res) => {
    res.once("finish", () => seen.add(`${req.method} ${req.url} ${res.statusCode}`));
    server(req, res);
  };
  await rehearse(watched);
  expect([...seen].sort()).toEqual([
    "GET / 200",
    "GET /lost-link 200",
    "POST /api/v1/subscriptions 422",
    "POST /lost-link 200",
    "POST /subscriptions 200",
    "POST /subscriptions 422",
  ]);
  expect([
    await web.store.sql("SELECT FROM requests"),
    await web.store.sql("SELECT FROM door_counts"),
    web.rung,
  ]).toEqual([[], [], []]);
});
