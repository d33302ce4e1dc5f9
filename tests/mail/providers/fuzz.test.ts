import { expect, test } from "vitest";
import { fuzzWebhooks } from "../../support/fuzz-webhooks.ts";

/** How often it has to be right is in tests/long/fuzz-webhooks.test.ts, and how fast. */
test.each(["ses", "postmark", "sendgrid", "mailgun"] as const)(
  "whatever is posted as %s's is read or refused, and only its own is believed",
  async (name) => {
    expect((await fuzzWebhooks(name, 1_000)).wrong).toEqual([]);
  },
);
