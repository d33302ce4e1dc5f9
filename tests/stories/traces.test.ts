/** The product in a process of its own, a collector of the test's: what it is told of a reader's subscription and digest. */
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { aWebProcess, type WebProcess } from "../support/web-process.ts";
import { linkIn } from "../support/world.ts";

interface Span {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly attributes: readonly { key: string; value: object }[];
}
interface Collector {
  readonly url: string;
  readonly bodies: string[];
  readonly keys: unknown[];
  spans(): Span[];
  close(): Promise<void>;
}

/** Takes what comes over OTLP/HTTP, as JSON. */
async function aCollector(): Promise<Collector> {
  const bodies: string[] = [];
  const keys: unknown[] = [];
  const server: Server = createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part as Buffer);
    bodies.push(Buffer.concat(parts).toString());
    keys.push(`${request.url} ${request.headers["x-key"]}`);
    response.setHeader("content-type", "application/json").end("{}");
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    ...{ bodies, keys },
    spans: () =>
      bodies
        .flatMap((body) => JSON.parse(body).resourceSpans as { scopeSpans: { spans: Span[] }[] }[])
        .flatMap(({ scopeSpans }) => scopeSpans.flatMap(({ spans }) => spans)),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

async function until<T>(look: () => T | undefined | null | false): Promise<T> {
  for (let waitedMs = 0; waitedMs < 30_000; waitedMs += 100) {
    const seen = look();
    if (seen) return seen;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error("it did not come in 30 s");
}

const ADA = "ada.lovelace.1815@example.com";
const subscribe = (web: WebProcess) =>
  fetch(`${web.url}/subscriptions`, { method: "POST", body: new URLSearchParams({ email: ADA }) });

describe("with a collector", () => {
  let collector: Collector;
  let web: WebProcess;
  beforeAll(async () => {
    collector = await aCollector();
    web = await aWebProcess({
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_EXPORTER_OTLP_HEADERS: "x-key=of-the-test",
      OTEL_SERVICE_NAME: "paperboy-of-the-test",
      OTEL_BSP_SCHEDULE_DELAY: "200",
    });
  }, 240_000);
  afterAll(async () => {
    await web?.close();
    await collector?.close();
  });

  test("a request, the job it rang for and the mails of a batch are told, each within what caused it, and nobody's address", {
    timeout: 90_000,
  }, async () => {
    const answer = await subscribe(web);
    await answer.text();
    const id = answer.headers.get("x-request-id")!;
    const taken = await until(() => web.smtp.taken.find(({ to }) => to.includes(ADA)));
    const confirm = linkIn(await PostalMime.parse(taken.raw), "confirm");
    const named = (name: string) => until(() => collector.spans().find((span) => span.name === name));
    const asked = await named("POST /subscriptions");
    const process = await until(() =>
      collector.spans().find((span) => span.name === "process letters" && span.traceId === asked.traceId),
    );
    const told = Object.fromEntries(asked.attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
    expect(told).toEqual({
      ...{ "http.request.method": "POST", "paperboy.request": id },
      ...{ "http.route": "/subscriptions", "http.response.status_code": 200 },
    });
    expect(process.parentSpanId).toBeDefined();
    // The lines that the job wrote, if any, and the request's own carry its id.
    expect(web.output()).toContain(`"request":"${id}"`);

    await web.sql(
      "INSERT INTO editions (date, state, closed_at) VALUES (current_date - 1, 'closed', now()) ON CONFLICT (date) DO UPDATE SET state = 'closed', closed_at = now()",
    );
    await web.sql(`INSERT INTO papers (public_id, title, abstract, authors, categories, keywords, url, told_by)
      VALUES ('2604.00001', 'Agents that plan', 'They do.', '{Ada}', '{cs.AI}', '{}', 'https://arxiv.org/abs/2604.00001', 'file')`);
    await web.sql(`INSERT INTO edition_papers (edition_date, rank, paper_id, lane, listed_on, upvotes, comments, stars_gained, score, score_parts, topics, is_new, facts)
      SELECT current_date - 1, 1, id, 'trending', current_date - 1, 7, 0, 0, 1, '{"votes":1,"comments":0,"stars":0,"age":0}', '{agents}', true,
        '{"title":"Agents that plan","abstract":"They do.","summary":"They do.","authors":["Ada"],"categories":["cs.AI"],"keywords":[],"url":"https://arxiv.org/abs/2604.00001"}' FROM papers`);
    await (await fetch(confirm, { method: "POST" })).text();
    const pressed = await named("POST /confirm/:link");
    const batch = await until(() =>
      collector.spans().find(({ name, traceId }) => name === "batch" && traceId === pressed.traceId),
    );
    const within = async (name: string) =>
      (await until(() => collector.spans().find((span) => span.name === name && span.traceId === batch.traceId)))
        .parentSpanId;
    expect([await within("fix"), await within("send")]).toEqual([batch.spanId, batch.spanId]);

    const all = collector.bodies.join("\n");
    expect(all).toContain("paperboy-of-the-test");
    expect(new Set(collector.keys)).toEqual(new Set(["/v1/traces of-the-test"]));
    expect(all).not.toMatch(/lovelace|example\.com|Bearer/);
    expect(all).not.toContain(confirm.split("/").at(-1)!.slice(0, 20));
  });
});

test.each([
  ["switched off", { OTEL_SDK_DISABLED: "true" }],
  ["no trace is kept", { OTEL_TRACES_SAMPLER: "always_off" }],
])("%s: the collector hears nothing", { timeout: 120_000 }, async (_, env) => {
  const collector = await aCollector();
  const web = await aWebProcess({
    OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: `${collector.url}/v1/traces`,
    OTEL_BSP_SCHEDULE_DELAY: "100",
    ...env,
  });
  await (await subscribe(web)).text();
  await until(() => web.smtp.taken.length > 0);
  await web.close();
  expect(collector.bodies).toEqual([]);
  await collector.close();
});

test("without a collector none of OpenTelemetry's parts is loaded but its API, which does nothing", () => {
  const source = readFileSync(new URL("../../src/tracing.ts", import.meta.url), "utf8");
  const atOnce = [...source.matchAll(/^import .* from "(@opentelemetry\/[^"]+)"/gm)].map(([, name]) => name);
  expect(atOnce).toEqual(["@opentelemetry/api"]);
});
