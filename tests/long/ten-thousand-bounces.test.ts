import { Agent, request } from "node:http";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openLog } from "../../src/log.ts";
import { openProviders } from "../../src/mail/providers/open.ts";
import { aWeb, type Web } from "../http/web.ts";
import { inLanes } from "../support/in-lanes.ts";
import { anSns, aSesBounce, type Post, TOPIC } from "../support/webhooks.ts";

const BOUNCES = 10_000;
const CONNECTIONS = 1_000;

let web: Web;
const sns = anSns();
const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });
beforeAll(async () => {
  const settings = { ses: [TOPIC], postmark: null, sendgrid: null, mailgun: null };
  const log = openLog({ level: "silent", pretty: false });
  web = await aWeb({ providers: openProviders(settings, { fetch: sns.fetch, log }), log });
});
afterAll(async () => {
  agent.destroy();
  await web.close();
});

/** What SNS does: posts until it is answered 200, also after a connection that broke. */
async function deliver(post: Post): Promise<{ tries: number }> {
  for (let tries = 1; ; tries += 1) {
    const status = await answerTo(post).catch(() => 503);
    if (status === 200) return { tries };
    if (status !== 503) throw new Error(`answered ${status}`);
    await new Promise((later) => setTimeout(later, 1_000));
  }
}

function answerTo({ headers, rawBody }: Post): Promise<number> {
  return new Promise((resolve, reject) => {
    const sending = request(`${web.url}/reports/ses`, { method: "POST", headers, agent });
    sending.on("response", (response) => response.resume().on("end", () => resolve(response.statusCode!)));
    sending.on("error", reject).end(rawBody);
  });
}

/** Of 5 kB each, as SES's are with all header lines. */
function* bounces(): Generator<Post> {
  for (let i = 0; i < BOUNCES; i += 1) {
    const words = `smtp; 550 5.1.1 user unknown ${"x".repeat(4_000)}`;
    yield sns.notification(aSesBounce({ status: "5.1.1", diagnosticCode: words }), { MessageId: `message-${i}` });
  }
}

test(`${BOUNCES} bounces on ${CONNECTIONS} connections: all kept, each once, in bounded memory`, async () => {
  // The most memory in the first half and in the second: a thousand connections cost some, bounces must not.
  const most: [number, number] = [0, 0];
  let answered = 0;
  const watch = setInterval(() => {
    const half = answered < BOUNCES / 2 ? 0 : 1;
    most[half] = Math.max(most[half], process.memoryUsage.rss());
  }, 100);
  const begun = process.cpuUsage();
  const answers = await inLanes(CONNECTIONS, bounces(), async (bounce) => {
    const answer = await deliver(bounce);
    answered += 1;
    return answer;
  });
  clearInterval(watch);
  const { user, system } = process.cpuUsage(begun);
  const [row] = await web.store.sql<{ kept: string }>("SELECT count(DISTINCT event_key) AS kept FROM reports");
  const tries = answers.reduce((sum, answer) => sum + answer.tries, 0);
  const [first, second] = most.map((bytes) => Math.round(bytes / 1e6)) as [number, number];
  const cpuMs = ((user + system) / 1e3 / BOUNCES).toFixed(2);
  console.log(`${BOUNCES} bounces: ${tries} tries, ${cpuMs} ms CPU each for both ends, ${first} MB, then ${second} MB`);
  expect([Number(row!.kept), answers.length]).toEqual([BOUNCES, BOUNCES]);
  expect(web.rung.filter((name) => name === "apply-report")).toHaveLength(BOUNCES);
  expect(second - first).toBeLessThan(60);
});
