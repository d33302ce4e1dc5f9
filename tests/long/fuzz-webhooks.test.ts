import { expect, test } from "vitest";
import { fuzzWebhooks } from "../support/fuzz-webhooks.ts";

test.each(["ses", "postmark", "sendgrid", "mailgun"] as const)(
  "100,000 posts as nobody would write them: %s reads or refuses each, all but one of a thousand within 50 ms of CPU",
  async (name) => {
    const { wrong, p999Ms } = await fuzzWebhooks(name, 100_000);
    console.log(`${name}: p99.9 ${p999Ms.toFixed(2)} ms of CPU`);
    expect(wrong).toEqual([]);
    expect(p999Ms).toBeLessThan(50);
  },
);
