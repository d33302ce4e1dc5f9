/** Workers as an operator runs them, processes of their own, share one edition; one is killed, one frozen, Redis loses all. */
import { afterEach, beforeEach, expect, vi } from "vitest";
import { aCampaign, type Campaign } from "../support/campaign.ts";
import { aDatabase } from "../support/database.ts";
import { type FarEnd, startFarEnd } from "../support/far-end.ts";
import { needs } from "../support/needs.ts";
import { type BreakableRedis, hasRedis, startRedis } from "../support/redis.ts";
import { tally } from "../support/tally.ts";
import { startWorker, type WorkerProcess } from "../support/worker.ts";

const it = needs(hasRedis, "redis-server is not on the PATH");
const READERS = 600;
const CONNECTIONS = 5;

let redis: BreakableRedis;
let farEnd: FarEnd;
let campaign: Campaign;
let workers: WorkerProcess[] = [];
const closers: (() => Promise<unknown>)[] = [];
beforeEach(async () => {
  if (!hasRedis) return;
  const database = await aDatabase();
  closers.push(database.drop);
  redis = await startRedis();
  closers.push(redis.close);
  // A mail takes long enough for something to happen meanwhile.
  farEnd = await startFarEnd({ doors: 3, latencyMs: [20, 80] });
  closers.push(farEnd.close);
  campaign = await aCampaign({ readers: READERS, databaseUrl: database.url, redisUrl: redis.url });
  closers.push(campaign.close);
}, 240_000);
afterEach(async () => {
  await Promise.all(workers.map((worker) => worker.kill()));
  workers = [];
  for (const close of closers.splice(0).reverse()) await close();
});

/** A further worker; the far end tells them apart by its doors. */
function aWorker(): WorkerProcess {
  const SMTP_URL = farEnd.urls[workers.length]!;
  const worker = startWorker({ ...campaign.env, SMTP_URL, SMTP_CONNECTIONS: String(CONNECTIONS) });
  workers.push(worker);
  return worker;
}
const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 60_000, interval: 100 });
/** Whoever is alive has nothing to do: the same claims stand for longer than a mail takes. */
async function everybodyIsIdle(): Promise<void> {
  let claims: string | null = null;
  let since = 0;
  await until(async () => {
    const open = (await campaign.open())!;
    if (open.claims !== claims) [claims, since] = [open.claims, performance.now()];
    return open.waiting === 0 || performance.now() - since > 1_500;
  });
}
/** Lets minutes pass, each with its sweep, until every delivery has its end. */
async function settle(): Promise<void> {
  await everybodyIsIdle();
  for (let turn = 0; turn < 20 && (await campaign.open())!.waiting > 0; turn += 1) {
    await campaign.pass(1);
    await campaign.ringSweep();
    await everybodyIsIdle();
  }
}
async function counted() {
  const { doubles, ...rest } = tally(await campaign.ledger(), await farEnd.mails());
  return { ...rest, doubledBy: [...new Set(doubles.map(({ first }) => first.door))] };
}

it("C4, C5, C10: two workers on Redis deliver one edition together; killing one, adding one, and flushing Redis in mid-run end in the same set of mails", async () => {
  const [first, second] = [aWorker(), aWorker()];
  await campaign.ring(20);
  await until(() => farEnd.count(0) >= 20 && farEnd.count(1) >= 20);

  // One process stands still, and its jobs run again beside it: no job of before has these ranges. Redis dies as well.
  first!.freeze();
  await redis.kill();
  await redis.start();
  await campaign.ring(30);
  await until(() => farEnd.count(1) >= 60);
  first!.thaw();
  await until(() => farEnd.count() >= READERS / 2);
  expect((await counted()).doubled).toBe(0);

  await first!.kill();
  await redis.flush();
  expect(await second!.end()).toBe(0);
  expect((await campaign.open())!.waiting).toBeGreaterThan(0);
  await campaign.pass(4); // longer than the claims of the dead last
  aWorker();
  await settle();

  const { doubled, doubledBy, ...rest } = await counted();
  expect(rest).toEqual({
    ...{ planned: READERS, mails: READERS, lost: [], disagreeing: [], otherBytes: 0, tripled: 0, astray: [] },
  });
  expect(doubled).toBeLessThanOrEqual(CONNECTIONS);
  expect([[], [0]]).toContainEqual(doubledBy); // the killed one alone
  expect(farEnd.count(2)).toBeGreaterThan(0);
}, 240_000);
