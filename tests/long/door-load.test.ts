/**
 * Good, bad and hostile subscriptions, 200 a second, against the product in a process of its own. `PAPERBOY_DOOR_SECONDS`
 * changes how long, `PAPERBOY_DOOR_RATE` how many.
 */
import { Agent, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { MAIL_CAPS, VISIT_CAPS } from "../../src/core/caps.ts";
import { aWebProcess, type WebProcess } from "../support/web-process.ts";

const SECONDS = Number(process.env.PAPERBOY_DOOR_SECONDS ?? 60);
const RATE = Number(process.env.PAPERBOY_DOOR_RATE ?? 200);
const VICTIM = "victim@victim.example";
/** What the first seconds fill (compiled pages, pools) is not growth. */
const WARM_SECONDS = Math.min(10, SECONDS / 2);
/** Of garbage between two collections. */
const SLACK_MB = 40;

let web: WebProcess;
beforeAll(async () => {
  web = await aWebProcess({ TRUST_PROXY: "1", LOG_LEVEL: "warn", SMTP_CONNECTIONS: "4" });
}, 90_000);
afterAll(() => web?.close());

interface Asked {
  readonly path: string;
  readonly ip: string;
  readonly type?: string;
  readonly body?: string;
}

const FORM = "application/x-www-form-urlencoded";
const JSON_TYPE = "application/json";
const form = (path: string, fields: Record<string, string>, ip: string): Asked => ({
  ...{ path, ip, type: FORM, body: String(new URLSearchParams(fields)) },
});
const api = (body: unknown, ip: string): Asked => ({
  path: "/api/v1/subscriptions",
  ip,
  type: JSON_TYPE,
  body: JSON.stringify(body),
});
const ipOf = (n: number) => `10.${(n >> 16) & 255}.${(n >> 8) & 255}.${n & 255}`;

/** One of twenty kinds, in turn. */
function asked(n: number): Asked {
  const ip = ipOf(n);
  const kinds: (() => Asked)[] = [
    ...Array.from(
      { length: 4 },
      () => () => form("/subscriptions", { email: `reader${n}@gmail.com`, topics: "agents" }, ip),
    ),
    ...Array.from({ length: 3 }, () => () => api({ email: `reader${n}@outlook.com`, hour: 8 }, ip)),
    () => form("/lost-link", { email: `reader${n - 20}@gmail.com` }, ip),
    // Bad: mistakes, nonsense, too long.
    () => form("/subscriptions", { email: "nobody", zone: "Mars/Olympus", minUpvotes: "many" }, ip),
    () => api({ email: `reader${n}@example.com`, colour: "red" }, ip),
    () => ({ ...api({}, ip), body: '{"email": ' }),
    () => form("/subscriptions", { email: `${"x".repeat(99_000)}@example.com` }, ip),
    () => form("/subscriptions", { email: "x".repeat(150_000) }, ip),
    // Hostile: one inbox from everywhere, its other spellings, one small domain, one address that floods, one network, a program.
    () => api({ email: VICTIM }, ip),
    () => api({ email: `vic.tim+${n}@victim.example` }, ip),
    () => api({ email: `user${n}@small.example` }, ip),
    () => form("/subscriptions", { email: `flood${n}@gmail.com` }, "203.0.113.9"),
    () => api({ email: `net${n}@gmail.com` }, `2001:db8:1:2:${(n & 0xffff).toString(16)}::1`),
    () => form("/subscriptions", { email: `bot${n}@gmail.com`, homepage: "https://spam.example" }, ip),
    () => ({ path: "/", ip }),
  ];
  return kinds[n % kinds.length]!();
}

const p99 = (ms: readonly number[]) => [...ms].sort((a, b) => a - b)[Math.floor(ms.length * 0.99)]!;

const agent = new Agent({ keepAlive: true, maxSockets: 100 });

/** @returns status and milliseconds; status 0 for a connection that broke */
function send({ path, ip, type, body }: Asked): Promise<{ status: number; ms: number }> {
  const began = performance.now();
  const headers = {
    "x-forwarded-for": ip,
    ...(body && { "content-type": type, "content-length": Buffer.byteLength(body) }),
  };
  return new Promise((resolve) => {
    const done = (status: number) => resolve({ status, ms: performance.now() - began });
    const asking = request(web.url + path, { agent, headers, method: body ? "POST" : "GET" }, (answer) => {
      answer.resume().on("end", () => done(answer.statusCode!));
    });
    // A body that is too long is answered before it was read, and the connection closed: the answer counts if it came.
    asking.on("error", () => done(0));
    asking.end(body);
  });
}

test(`S6: ${RATE} subscriptions a second for ${SECONDS} s, good, bad and hostile: no 5xx, p99 under 100 ms, no mail beyond the caps, memory flat`, async () => {
  const answers: Promise<{ status: number; ms: number }>[] = [];
  const memory: number[] = [];
  const cpuBefore = await web.cpuSeconds();
  const began = performance.now();
  for (let n = 0; n < RATE * SECONDS; n += 1) {
    const ahead = began + (n * 1000) / RATE - performance.now();
    if (ahead > 1) await new Promise((resolve) => setTimeout(resolve, ahead));
    if (n % RATE === 0) memory.push(await web.memoryMb());
    answers.push(send(asked(n)));
  }
  const all = await Promise.all(answers);
  agent.destroy();
  const seconds = (performance.now() - began) / 1000;
  await quiet();

  const statuses = countBy(all.map(({ status }) => String(status)));
  const ms = all.map((answer) => answer.ms).sort((a, b) => a - b);
  const at = (share: number) => ms[Math.floor(ms.length * share)]!;
  const to = web.smtp.taken.map((mail) => mail.to[0]!);
  const most = (key: (address: string) => string) => Math.max(0, ...Object.values(countBy(to.map(key))));
  const domains = countBy(to.map((address) => address.split("@")[1]!));
  const [warm, last] = [Math.max(...memory.slice(0, WARM_SECONDS + 1)), Math.max(...memory.slice(-5))];
  console.log(
    [
      `${all.length} requests in ${seconds.toFixed(1)} s (${(all.length / seconds).toFixed(0)}/s): ${JSON.stringify(statuses)}`,
      `p99 of each 5 s: ${Array.from({ length: SECONDS / 5 }, (_, part) => p99(all.slice(part * 5 * RATE, (part + 1) * 5 * RATE).map((answer) => answer.ms)).toFixed(0)).join(", ")} ms`,
      `p50 ${at(0.5).toFixed(1)} ms, p95 ${at(0.95).toFixed(1)} ms, p99 ${at(0.99).toFixed(1)} ms, most ${ms.at(-1)!.toFixed(0)} ms`,
      `${((((await web.cpuSeconds()) - cpuBefore) * 1000) / all.length).toFixed(1)} ms of processor time a request, with its mail`,
      `${to.length} mails: ${JSON.stringify(domains)}; memory ${memory[0]!.toFixed(0)} MB, warm ${warm.toFixed(0)} MB, at the end ${last.toFixed(0)} MB`,
    ].join("\n"),
  );

  expect(
    Object.keys(statuses).filter((status) => !["200", "202", "413", "422", "429", "400"].includes(status)),
  ).toEqual([]);
  expect(most((address) => address)).toBeLessThanOrEqual(MAIL_CAPS.address[0].most);
  expect(to.filter((address) => address.endsWith("@victim.example")).length).toBeLessThanOrEqual(
    MAIL_CAPS.folded[0].most,
  );
  expect(domains["small.example"] ?? 0).toBeLessThanOrEqual(MAIL_CAPS.domain[0].most);
  expect(to.filter((address) => address.startsWith("flood")).length).toBeLessThanOrEqual(VISIT_CAPS.visitor[0].most);
  expect(to.filter((address) => address.startsWith("net")).length).toBeLessThanOrEqual(VISIT_CAPS.network[0].most);
  expect(to.filter((address) => address.startsWith("bot"))).toEqual([]);
  expect(to.length).toBeLessThanOrEqual(VISIT_CAPS.everybody[0].most);
  expect(to.length, "the good ones got theirs").toBeGreaterThan(
    Math.min(VISIT_CAPS.everybody[0].most / 4, all.length / 20),
  );
  expect(at(0.99)).toBeLessThan(100);
  expect(last - warm).toBeLessThan(SLACK_MB);
});

/** Until no mail came for five seconds. */
async function quiet(): Promise<void> {
  for (let before = -1; before !== web.smtp.taken.length; ) {
    before = web.smtp.taken.length;
    await new Promise((resolve) => setTimeout(resolve, 5_000));
  }
}

function countBy(values: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1;
  return counts;
}
