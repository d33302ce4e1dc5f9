/** docs/promises.md B8: many and long bounces, and clients that take their time. */
import { setTimeout as sleep } from "node:timers/promises";
import { afterEach, describe, expect, test } from "vitest";
import {
  aClient,
  aListener,
  begin,
  bounceOf,
  closeListeners,
  code,
  FROM_NOBODY,
  toOurs,
} from "../support/bounce-listener.ts";
import { anSmtpClient } from "../support/smtp-client.ts";

afterEach(closeListeners);

describe("many and much", () => {
  test("two bounces of 50 MB at once: memory does not grow with them, and what was cut is counted", async () => {
    const listener = await aListener();
    const megabyte = `${"x".repeat(62)}\r\n`.repeat(16_384);
    const before = process.memoryUsage().rss;
    let peak = before;
    await Promise.all(
      [1n, 2n].map(async (id) => {
        const client = await aClient(listener);
        await begin(client, bounceOf(id));
        await client.send("Subject: Undeliverable\r\n\r\n");
        for (let sent = 0; sent < 50; sent += 1) {
          await client.send(megabyte);
          peak = Math.max(peak, process.memoryUsage().rss);
        }
        await client.send(".\r\n");
        expect(code(await client.answer())).toBe("250");
      }),
    );
    const whole = 26 + 50 * megabyte.length;
    expect(listener.received.map(({ raw, cut }) => raw.length + cut)).toEqual([whole, whole]);
    expect(Math.max(...listener.received.map(({ raw }) => raw.length))).toBeLessThan(300_000);
    expect((peak - before) / 1e6).toBeLessThan(100);
  });

  test("1,000 bounces on 1,000 connections at once: none is lost, a few are stored at a time", async () => {
    let storing = 0;
    let most = 0;
    const received = new Set<string>();
    const listener = await aListener({
      async receive({ to }) {
        storing += 1;
        most = Math.max(most, storing);
        await sleep(1);
        storing -= 1;
        received.add(to);
      },
    });
    const ids = Array.from({ length: 1_000 }, (_, id) => BigInt(id));
    const answers = await Promise.all(
      ids.map(async (id) => {
        const client = await anSmtpClient(listener.port);
        const words = [
          "",
          "HELO far.example",
          FROM_NOBODY,
          toOurs(bounceOf(id)),
          "DATA",
          "Subject: back\r\n\r\nAction: failed\r\n.",
        ];
        const codes = [];
        for (const line of words) codes.push(code(line === "" ? await client.answer() : await client.say(line)));
        await client.quit();
        return codes.join(" ");
      }),
    );
    expect(new Set(answers)).toEqual(new Set(["220 250 250 250 354 250"]));
    expect([received, most]).toEqual([new Set(ids.map((id) => bounceOf(id))), 4]);
  });

  test("one more connection than can wait is told to come back", async () => {
    const listener = await aListener({ limits: { connections: 2 } });
    await aClient(listener);
    await aClient(listener);
    const third = await anSmtpClient(listener.port);
    expect([code(await third.answer()), await third.answer()]).toEqual(["421", ""]);
  });

  test("while all are served the next waits for its turn", async () => {
    const listener = await aListener({ limits: { sessions: 1 } });
    const first = await aClient(listener);
    const second = aClient(listener);
    expect(await Promise.race([second, sleep(250, "waiting")])).toBe("waiting");
    await first.quit();
    expect(code(await (await second).say("NOOP"))).toBe("250");
  });

  test("while others wait, who says nothing or says much is sent away between two mails", async () => {
    const limits = { sessions: 2, crowdedIdleMs: 300 };
    const listener = await aListener({ limits });
    const silent = await aClient(listener);
    const busy = await aClient(listener);
    await begin(busy);
    expect(await Promise.race([silent.answer(), sleep(1_200, "served")])).toBe("served");
    const waiting = aClient(listener);
    expect(code(await silent.answer())).toBe("421");
    expect(code(await (await waiting).say("NOOP"))).toBe("250");
    await busy.send("Subject: slow\r\n\r\n.\r\n");
    expect(code(await busy.answer())).toBe("250");

    const talks = await aListener({ limits: { sessions: 1, crowdedSessionMs: 1_000 } });
    const talker = await aClient(talks);
    const next = aClient(talks);
    const answers = [];
    while (answers.at(-1) !== "421" && answers.at(-1) !== "") {
      answers.push(code(await talker.say("RSET")));
      await sleep(50);
    }
    expect(answers.length).toBeGreaterThan(5);
    expect(code(await (await next).say("NOOP"))).toBe("250");
  });

  test("who says nothing is sent away, and who says a little for ever too", async () => {
    const silent = await aClient(await aListener({ limits: { idleMs: 500 } }));
    expect([code(await silent.answer()), await silent.answer()]).toEqual(["421", ""]);
    const slow = await aClient(await aListener({ limits: { sessionMs: 1_000 } }));
    await begin(slow);
    let isOver = false;
    const end = slow.answer().then((answer) => {
      isOver = true;
      return code(answer);
    });
    while (!isOver) {
      await slow.send("x");
      await sleep(20);
    }
    expect(await end).toBe("421");
  });
});
