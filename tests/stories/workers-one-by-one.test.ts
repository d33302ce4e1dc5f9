/** An upgrade of the workers while an edition goes out: each is ended and replaced, one after the other. */
import { afterEach, expect, test, vi } from "vitest";
import { aCampaign, type Campaign } from "../support/campaign.ts";
import { aDatabase } from "../support/database.ts";
import { type FarEnd, startFarEnd } from "../support/far-end.ts";
import { tally } from "../support/tally.ts";
import { startWorker, type WorkerProcess } from "../support/worker.ts";

const READERS = 600;
const CONNECTIONS = 3;
/** Some for a busy machine; what a worker leaves to the sweep waits for up to a minute. */
const LONGEST_GAP_MS = 10_000;

const workers: WorkerProcess[] = [];
const closers: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(workers.splice(0).map((worker) => worker.kill()));
  for (const close of closers.splice(0).reverse()) await close();
});

let farEnd: FarEnd;
let campaign: Campaign;
function aWorker(): WorkerProcess {
  const SMTP_URL = farEnd.urls[workers.length]!;
  const worker = startWorker({ ...campaign.env, SMTP_URL, SMTP_CONNECTIONS: String(CONNECTIONS) });
  workers.push(worker);
  return worker;
}
const until = (isSo: () => boolean | Promise<boolean>) => vi.waitUntil(isSo, { timeout: 120_000, interval: 50 });

test("C10: two workers that are exchanged one by one in mid-edition lose none, double none, and sending does not stop meanwhile", async () => {
  const database = await aDatabase();
  closers.push(database.drop);
  // A mail takes long enough for a process to start meanwhile.
  farEnd = await startFarEnd({ doors: 4, latencyMs: [1_500, 2_500] });
  closers.push(farEnd.close);
  campaign = await aCampaign({ readers: READERS, databaseUrl: database.url });
  closers.push(campaign.close);
  const [first, second] = [aWorker(), aWorker()];
  await campaign.ring(30);
  await until(() => farEnd.count(0) >= 5 && farEnd.count(1) >= 5);

  // The next is there before the last one goes.
  const third = aWorker();
  await until(() => farEnd.count(2) >= 3);
  expect(await first.end()).toBe(0);
  const fourth = aWorker();
  await until(() => farEnd.count(3) >= 3);
  expect(await second.end()).toBe(0);
  const atTheSwitch = farEnd.count();
  expect(atTheSwitch).toBeLessThan(READERS);
  await farEnd.behave({ latencyMs: [5, 20] });
  await until(async () => (await campaign.open())!.waiting === 0);

  const mails = await farEnd.mails();
  const { doubles, ...counted } = tally(await campaign.ledger(), mails);
  expect({ ...counted, doubles }).toEqual({
    ...{
      planned: READERS,
      mails: READERS,
      lost: [],
      disagreeing: [],
      otherBytes: 0,
      doubled: 0,
      tripled: 0,
      astray: [],
      doubles: [],
    },
  });
  const gaps = mails.slice(1).map((mail, n) => mail.at - mails[n]!.at);
  expect(Math.max(...gaps)).toBeLessThan(LONGEST_GAP_MS);
  expect([await third.end(), await fourth.end()]).toEqual([0, 0]);
}, 300_000);
