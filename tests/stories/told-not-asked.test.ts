/** The whole application watches over itself: what its operator gets by mail, and what a monitor hears. */
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startHouseWatch } from "../../workers/house.ts";
import { freePort } from "../support/free-port.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aWorld, type World } from "../support/world.ts";

let world: World;
let smtp: SmtpServer;
let monitor: Server;
let watches: Awaited<ReturnType<typeof startHouseWatch>>[] = [];
const heard: string[] = [];
beforeAll(async () => {
  monitor = createServer((request, response) => {
    heard.push(request.url!);
    response.end();
  });
  await new Promise<void>((resolve) => monitor.listen(0, "127.0.0.1", resolve));
  smtp = await openSmtp();
  world = await aWorld({
    ...{ start: at("2026-04-15T00:30Z"), smtp, offline: true },
    env: {
      SMTP_URL: `smtp://127.0.0.1:${await freePort()},${smtp.url}`,
      ALERT_TO: "ops@example.org",
      SEND_ONLY_TO: "@staging.example",
      HEARTBEAT_URL: `http://127.0.0.1:${(monitor.address() as AddressInfo).port}/push/token`,
      ADMIN_PASSWORD: "open sesame",
      CONFIRM_FROM: "Paperboy <hello@paperboy.example>",
    },
  });
});
afterAll(async () => {
  await Promise.all(watches.map((watch) => watch.close()));
  await world.close();
  await smtp.close();
  monitor.closeAllConnections();
  await new Promise((resolve) => monitor.close(resolve));
});

test("a day: a sign of life when its edition is there; then no worker plans, which is told through the server that answers, once", async () => {
  await world.sql("SELECT make_delivery_partitions('2026-04-13', '2026-05-04')");
  await world.sql(
    "INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-13', 'closed', '2026-04-14T01:00Z'), ('2026-04-14', 'closed', '2026-04-15T01:00Z')",
  );
  await world.clock.set(at("2026-04-15T01:01Z"));
  await world.run("plan-deliveries", {});
  watches = await Promise.all([startHouseWatch(world.app, 50), startHouseWatch(world.app, 50)]);
  await until(() => heard.length > 0);
  await world.clock.set(at("2026-04-15T01:20Z"));
  const [silent, down] = await Promise.all([aMail("No worker"), aMail("The mail server")]);
  // Rounds go on: nothing is told or sent twice.
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect([heard, (await world.inbox("ops@example.org")).map(({ subject }) => subject).sort()]).toEqual([
    ["/push/token"],
    ["No worker plans digests", "The mail server cannot be reached"],
  ]);
  expect(silent.from).toEqual({ name: "Paperboy", address: "hello@paperboy.example" });
  expect(silent.text).toContain(`${world.url}/admin\n`);
  expect(down.text).toMatch(/^The SMTP server 127\.0\.0\.1:\d+ cannot be reached\./m);

  await world.run("plan-deliveries", {});
  await world.clock.set(at("2026-04-15T01:22Z"));
  expect((await aMail("Over: No worker")).text).toContain(
    "It lasted from April 15, 2026 at 01:20 UTC until April 15, 2026 at 01:22 UTC.",
  );
});

/** The mail to the operator whose subject begins so, waiting for it. */
async function aMail(subject: string) {
  const find = async () => (await world.inbox("ops@example.org")).find((mail) => mail.subject?.startsWith(subject));
  await until(async () => (await find()) !== undefined);
  return (await find())!;
}

async function until(is: () => boolean | Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    if (await is()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not come in 15 s");
}
