import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Temporary } from "../../src/errors.ts";
import { createServer } from "../../src/http/server.ts";
import {
  addressOf,
  type Json,
  mistakesIn,
  type Operation,
  objectionsTo,
  operationsOf,
  unlike,
} from "../support/api-document.ts";
import {
  API_TOKEN,
  aDescribedWeb,
  credentialsOf,
  type Described,
  freshLinks,
  INTAKE_TOKEN,
  purposeOf,
} from "./described.ts";
import { routesOf } from "./routes.ts";
import { aWeb } from "./web.ts";

let web: Described;
beforeAll(async () => {
  web = await aDescribedWeb();
});
afterAll(() => web.close());

const asJson = { "content-type": "application/json" };
const labelOf = ({ method, path }: Pick<Operation, "method" | "path">) => `${method} ${path}`;

test("the document is OpenAPI 3.1, says where it stands, and may be kept", async () => {
  expect(await mistakesIn(web.document)).toEqual([]);
  expect(web.document).toMatchObject({
    openapi: "3.1.1",
    info: { title: "Paperboy", license: { identifier: "MIT" } },
    servers: [{ url: "http://paperboy.example" }],
  });
  const answer = await web.get("/openapi.json");
  const etag = answer.headers.get("etag")!;
  expect([answer.headers.get("content-type"), answer.headers.get("cache-control")]).toEqual([
    "application/json; charset=utf-8",
    "public, max-age=600",
  ]);
  expect((await web.send("/openapi.json", { headers: { "If-None-Match": etag } })).status).toBe(304);
});

test("the validator would find a mistake", async () => {
  expect(await mistakesIn({ ...web.document, info: { title: "without a version" } })).not.toEqual([]);
});

test("every address of the API is in the document, and every address in the document is there, with these methods", async () => {
  const mounted = routesOf(createServer(web.app)).map((path) => path.replaceAll(/:(\w+)/g, "{$1}"));
  const ofApi: string[] = [];
  for (const path of mounted) {
    const answer = await web.send(`/api/v1${path.replaceAll(/[{}*]/g, "")}`, { method: "OPTIONS" });
    if (answer.status !== 204) continue;
    const allowed = answer.headers.get("allow")!.split(", ");
    for (const method of allowed) if (!["OPTIONS", "HEAD"].includes(method)) ofApi.push(`${method} /api/v1${path}`);
  }
  const documented = web.operations.map(labelOf);
  expect(documented.filter((one) => one.includes("/api/v1/")).sort()).toEqual([...new Set(ofApi)].sort());

  for (const path of new Set(web.operations.map((operation) => operation.path))) {
    const answer = await web.send(path.replaceAll(/[{}]/g, ""), { method: "OPTIONS" });
    const methods = web.operations.filter((operation) => operation.path === path).map(({ method }) => method);
    const allowed = ["OPTIONS", ...methods.flatMap((method) => (method === "GET" ? ["GET", "HEAD"] : [method]))];
    expect([path, answer.status, answer.headers.get("allow")]).toEqual([path, 204, allowed.join(", ")]);
  }
});

test("what a setting does not open is not in the document", async () => {
  const bare = await aWeb();
  const paths = (await operationsOf((await (await bare.get("/openapi.json")).json()) as object)).map(
    ({ path }) => path,
  );
  expect(paths.filter((path) => path.startsWith("/reports") || path.includes("operator"))).toEqual([]);
  await bare.close();
});

describe("what the document shows", () => {
  /** Everything an operation gives an example of: no parameter at all, each by itself, each body. */
  const examplesOf = ({ parameters, body }: Operation) => {
    const needed = Object.fromEntries(
      parameters.filter(({ in: where }) => where === "path").map(({ name, example }) => [name, example]),
    );
    const optional = parameters.filter(({ in: where, example }) => where === "query" && example !== undefined);
    const values = [needed, ...optional.map(({ name, example }) => ({ ...needed, [name]: example }))];
    const bodies = Object.values(body).flatMap((media) =>
      Object.values(media.examples ?? {}).map(({ value }) => value),
    );
    return bodies.length > 0
      ? bodies.map((one) => ({ values: needed, body: one }))
      : values.map((one) => ({ values: one, body: undefined }));
  };

  test("is asked for, example by example, and answered as shown, in kind", async () => {
    let asked = 0;
    for (const operation of web.operations.filter(({ path }) => !path.startsWith("/reports"))) {
      for (const { values, body } of examplesOf(operation)) {
        const filled = { ...values, ...("link" in values && { link: (await freshLinks(web))[purposeOf(operation)] }) };
        const address = addressOf(operation, filled);
        const answer = await web.send(address, {
          method: operation.method,
          headers: { ...credentialsOf(operation), ...(body !== undefined && asJson) },
          ...(body !== undefined && { body: JSON.stringify(body) }),
        });
        const said = `${labelOf(operation)} ${address} ${JSON.stringify(body)}`;
        const text = await answer.clone().text();
        expect([said, answer.status < 300, await objectionsTo(operation, answer)], text).toEqual([said, true, []]);
        const shown = Object.values(operation.responses[answer.status]!.content ?? {})[0]?.example;
        if (shown !== undefined) expect([said, unlike(shown, JSON.parse(text) as Json)]).toEqual([said, []]);
        asked += 1;
      }
    }
    expect(asked).toBeGreaterThan(40);
  }, 60_000);

  test("would not be taken for something of another kind", () => {
    expect(unlike({ a: [{ b: 1 }], c: null }, { a: [{ b: "1" }], c: 3 })).toEqual([".a[0].b is string, not number"]);
    expect(unlike({ a: 1 }, { a: 1, b: 2 })).toEqual([".b is number, not undefined"]);
  });

  test("of every parameter and body there is an example", () => {
    const without = web.operations.flatMap((operation) => [
      ...operation.parameters
        .filter(({ in: where, example }) => where !== "header" && example === undefined)
        .map(({ name }) => `${labelOf(operation)} ${name}`),
      ...Object.entries(operation.body)
        .filter(([type, { examples }]) => type === "application/json" && examples === undefined)
        .map(([type]) => `${labelOf(operation)} ${type}`),
    ]);
    expect(without).toEqual([]);
  });
});

test("HEAD answers as GET does, without a body; what is the same still is not sent again", async () => {
  const links = await freshLinks(web);
  const wrong: string[] = [];
  for (const operation of web.operations.filter(({ method }) => method === "GET")) {
    const needed = Object.fromEntries(
      operation.parameters
        .filter(({ in: where }) => where === "path")
        .map(({ name, example }) => [name, name === "link" ? links[purposeOf(operation)] : example]),
    );
    const address = addressOf(operation, needed);
    const headers = credentialsOf(operation);
    const get = await web.send(address, { headers });
    const head = await web.send(address, { method: "HEAD", headers });
    const of = ({ status, headers }: Response) =>
      JSON.stringify([status, headers.get("content-type"), headers.get("cache-control"), headers.get("link")]);
    if (of(get) !== of(head) || (await head.text()) !== "") wrong.push(`HEAD ${address}: ${of(head)} for ${of(get)}`);
    const etag = get.headers.get("etag");
    const isOther = operation.operationId === "getChallenge";
    if (etag === null || isOther) continue;
    const again = await web.send(address, { headers: { ...headers, "If-None-Match": etag } });
    const objections = await objectionsTo(operation, again);
    if (again.status !== 304 || objections.length > 0) wrong.push(`${address} answered ${again.status}, ${objections}`);
  }
  expect(wrong).toEqual([]);
});

test("pages of other sites may read and subscribe; what a link opens, browsers keep from them", async () => {
  const openTo: Record<string, string | null> = {};
  for (const path of new Set(web.operations.map((operation) => operation.path))) {
    const { headers } = await web.send(path.replaceAll(/[{}]/g, ""), { method: "OPTIONS" });
    if (headers.get("access-control-allow-origin") === "*") openTo[path] = headers.get("access-control-allow-methods");
  }
  expect(openTo).toEqual({
    "/api/v1/topics": "OPTIONS, GET, HEAD",
    "/api/v1/editions": "OPTIONS, GET, HEAD",
    "/api/v1/editions/{date}": "OPTIONS, GET, HEAD",
    "/api/v1/preview": "OPTIONS, POST",
    "/api/v1/challenge": "OPTIONS, GET, HEAD",
    "/api/v1/subscriptions": "OPTIONS, POST",
    "/feed.xml": "OPTIONS, GET, HEAD",
    "/feed.json": "OPTIONS, GET, HEAD",
    "/openapi.json": "OPTIONS, GET, HEAD",
  });
  const answer = await web.get("/api/v1/editions?limit=1");
  expect([
    answer.headers.get("access-control-allow-origin"),
    answer.headers.get("access-control-expose-headers"),
    answer.headers.get("cross-origin-resource-policy"),
    answer.headers.get("access-control-allow-credentials"),
  ]).toEqual(["*", "ETag, Link, Retry-After", "cross-origin", null]);
  // A problem is something to read as well.
  const wrong = await web.get("/api/v1/editions?limit=0");
  expect([wrong.status, wrong.headers.get("access-control-allow-origin")]).toEqual([400, "*"]);
});

test("a list leads on, page by page, with the filter it was asked for, and ends", async () => {
  const dates: string[] = [];
  let next = "/api/v1/editions?limit=1&include=agents&include=speech";
  for (let pages = 0; next !== "" && pages < 9; pages++) {
    const answer = await web.get(next);
    dates.push(...((await answer.json()) as { date: string }[]).map(({ date }) => date));
    const [, address = ""] =
      /^<http:\/\/paperboy\.example(\/[^>]+)>; rel="next"$/.exec(answer.headers.get("link") ?? "") ?? [];
    next = address;
    if (next !== "") expect(next).toContain("limit=1&include=agents&include=speech&before=");
  }
  expect(dates).toEqual(["2026-04-15", "2026-04-14"]);
});

test("each status of each operation is reached", async () => {
  const reached = new Set<string>();
  const wrong: string[] = [];
  const ask = async (on: Pick<Described, "send">, label: string, address: string, init: RequestInit = {}) => {
    const operation = web.operations.find((one) => labelOf(one) === label)!;
    const answer = await on.send(address, { method: operation.method, ...init });
    const objections = await objectionsTo(operation, answer);
    if (objections.length > 0) wrong.push(`${label}: ${objections.join(", ")}`);
    reached.add(`${label} ${answer.status}`);
    return answer;
  };
  const gone = new Proxy({}, { get: () => () => Promise.reject(new Temporary("the database is away")) }) as never;
  const away = await aWeb({
    ...{ shelf: gone, editions: gone, subscriptions: gone, requests: gone, reports: gone, door: gone },
    ...{ readerList: gone, deliveryList: gone, reportList: gone, suppressions: gone, stops: gone, tallies: gone },
    ...{ audit: gone, incidents: gone, dayCounts: gone, gate: gone },
    ...{ providers: web.app.providers, rawIntakeToken: INTAKE_TOKEN, apiToken: API_TOKEN, trustProxy: 1 },
    ...{ ready: async () => ({ database: "away" }) },
  });
  const { links } = web;
  const requestId = 1n;
  const signed = {
    confirm: links.sign("confirm", { requestId }, web.app.now()),
    preferences: links.sign("preferences", { subscriptionId: 1n }, web.app.now()),
    account: links.sign("account", { subscriptionId: 1n }, web.app.now()),
  };
  const long = JSON.stringify({ name: "x".repeat(100_000) });
  const others: Record<number, (path: string) => [string, RequestInit]> = {
    304: (path) => [path, { headers: { "If-None-Match": "*" } }],
    400: (path) => [path, { body: "{", headers: asJson }],
    413: (path) => [path, { body: long, headers: asJson }],
    415: (path) => [path, { body: "a=b", headers: { "content-type": "text/plain" } }],
    422: (path) => [path, { body: '{"colour":"red"}', headers: asJson }],
  };
  for (const operation of web.operations) {
    const label = labelOf(operation);
    const fresh = await freshLinks(web);
    const purpose = purposeOf(operation);
    const isIntake = operation.path.startsWith("/reports/");
    const headers = credentialsOf(operation);
    const fill = (
      link: string,
      date = operation.isOperators ? "2026-04-15" : "latest",
      id = operation.isOperators ? "1" : "2604.00903",
    ) => operation.path.replace("{link}", link).replace("{date}", date).replace("{id}", id);
    const path = fill(fresh[purpose]);
    const example = Object.values(operation.body)[0]?.examples;
    const body = isIntake
      ? '{"RecordType":"Bounce","Type":"HardBounce"}'
      : example && JSON.stringify(Object.values(example)[0]!.value);
    const good = { ...(body !== undefined && { body }), headers: { ...headers, ...(example && asJson) } };
    const isFind = operation.operationId === "findReader";
    // What is wrong with a request is found before what it asks for is done, so the good one comes last.
    for (const status of Object.keys(operation.responses)
      .map(Number)
      .sort((a, b) => b - a)) {
      if (status === 503) await ask(away, label, fill(signed[purpose], "2026-04-15"), good);
      else if (status === 429) {
        const stranger = {
          "x-forwarded-for": "192.0.2.1",
          ...(operation.isOperators && { authorization: "Bearer guess" }),
        };
        for (let visits = 0, last = 0; visits <= 20 && last !== 429; visits++)
          last = (await ask(web, label, path, { ...good, headers: { ...good.headers, ...stranger } })).status;
      } else if (status === 401) await ask(web, label, path, body === undefined ? {} : { body });
      else if (status === 404)
        await ask(
          web,
          label,
          fill("nothing", "2019-01-01", isFind ? "" : "9999"),
          isFind ? { ...good, body: '{"address":"nobody@example.com"}' } : good,
        );
      else if (status === 409) {
        const ended = await freshLinks(web);
        await web.send(fill(ended.preferences), { method: "DELETE" });
        await ask(web, label, fill(ended.preferences), good);
      } else if (status === 400 && operation.method === "GET")
        await ask(web, label, `${path}?limit=0&minUpvotes=many`, { headers });
      else if (status === 400 && isIntake) await ask(web, label, path, { headers });
      else if (status === 415 && isIntake)
        await ask(web, label, path, { body: "x", headers: { ...headers, "content-encoding": "gzip" } });
      else if (status === 413 && isIntake) await ask(web, label, path, { headers, body: "x".repeat(2_000_001) });
      else if (status === 301) await ask(web, label, fill("", "", "2604.00903v2"));
      else if (others[status]) {
        const [there, init] = others[status](path);
        await ask(web, label, there, { ...init, headers: { ...headers, ...(init.headers as Record<string, string>) } });
      } else await ask(web, label, path, good);
    }
  }
  await away.close();
  expect(wrong).toEqual([]);
  const documented = web.operations.flatMap((one) =>
    Object.keys(one.responses).map((status) => `${labelOf(one)} ${status}`),
  );
  expect(documented.filter((one) => !reached.has(one))).toEqual([]);
}, 60_000);
