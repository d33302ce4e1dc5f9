/** docs/promises.md B8: ten thousand bounces at once, over real SMTP into a real database. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import { openLog } from "../../src/log.ts";
import { type Intake, openIntake } from "../../src/mail/intake.ts";
import { startIntake } from "../../workers/intake.ts";
import { anSmtpClient } from "../support/smtp-client.ts";
import { aStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const BOUNCES = 10_000;
/** Ten times as many as are served at once, and as many as may wait. */
const CONNECTIONS = 1_000;
const domain = "bounce.paperboy.example";
const now = at("2026-04-15T07:00Z");
const keys = [{ id: "1", secret: "a secret of tests", retired: false }];
const returnAddresses = openReturnAddresses({ keys, domain });

let store: Awaited<ReturnType<typeof aStore>>;
let intake: Intake;
beforeAll(async () => {
  store = await aStore(now);
  intake = (await startIntake({
    ...store,
    ...{ returnAddresses, now: () => now, journal: { append: async () => {} }, queue: { ring: async () => {} } },
    openIntake: (ways) =>
      openIntake({ ...ways, port: 0, host: "127.0.0.1", domain, log: openLog({ level: "silent" }) }),
  }))!;
});
afterAll(async () => {
  await intake?.close();
  await store?.close();
});

test("10,000 bounces at once are all stored, in bounded memory", async () => {
  const addresses = Array.from({ length: BOUNCES }, (_, id) =>
    returnAddresses.of({ kind: "delivery", localDay: "2026-04-15", deliveryId: BigInt(id), subscriptionId: 1n }, now),
  );
  const body = `Subject: Undelivered\r\n\r\n${`${"x".repeat(74)}\r\n`.repeat(65)}.`;
  const before = process.memoryUsage().rss;
  let peak = before;
  /** As a mail server does: whoever is sent away with 421 comes back. @returns whether there is nothing left to bring */
  const bringing = async (left: string[]): Promise<boolean> => {
    const client = await anSmtpClient(intake.port);
    const answers = [(await client.answer()).slice(0, 3), (await client.say("HELO far.example")).slice(0, 3)];
    if (answers.includes("421") || answers.includes("")) return false;
    for (let to = left.pop(); to !== undefined; to = left.pop()) {
      for (const line of ["MAIL FROM:<>", `RCPT TO:<${to}>`, "DATA", body])
        answers.push((await client.say(line)).slice(0, 3));
      peak = Math.max(peak, process.memoryUsage().rss);
      if (answers.splice(0).at(-1) === "250") continue;
      left.push(to);
      client.hangUp();
      return false;
    }
    await client.quit();
    return true;
  };
  const left = [...addresses];
  const began = performance.now();
  await Promise.all(
    Array.from({ length: CONNECTIONS }, async () => {
      for (let isDone = false; !isDone; ) isDone = await bringing(left);
    }),
  );
  const seconds = (performance.now() - began) / 1_000;
  const grownMb = (peak - before) / 1e6;
  console.log(
    `${BOUNCES} bounces in ${seconds.toFixed(1)} s, ${grownMb.toFixed(0)} MB more, both ends in this process`,
  );
  const stored = await store.sql<{ to: string }>('SELECT envelope_to AS "to" FROM reports');
  expect(new Set(stored.map(({ to }) => to))).toEqual(new Set(addresses));
  expect(stored.length).toBe(BOUNCES);
  expect(grownMb).toBeLessThan(200);
});
