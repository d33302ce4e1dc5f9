/** A listener of the bounce domain, and clients that speak to it. */
import { expect } from "vitest";
import { recipientOf } from "../../src/core/incoming.ts";
import { openReturnAddresses } from "../../src/core/return-address.ts";
import { openLog } from "../../src/log.ts";
import { type Intake, type IntakeOptions, type MailIn, openIntake } from "../../src/mail/intake.ts";
import { anSmtpClient, type SmtpClient } from "./smtp-client.ts";
import { at } from "./time.ts";

export const DOMAIN = "bounce.paperboy.example";
export const NOW = at("2026-04-20T12:00Z");
export const returnAddresses = openReturnAddresses({
  keys: [{ id: "1", secret: "a secret of some length", retired: false }],
  domain: DOMAIN,
});
export const bounceOf = (deliveryId: bigint, localDay = "2026-04-20") =>
  returnAddresses.of({ kind: "delivery", localDay, deliveryId, subscriptionId: 7n }, NOW);
export const OURS = bounceOf(1n);
export const FROM_NOBODY = "MAIL FROM:<>";
export const toOurs = (to = OURS) => `RCPT TO:<${to}>`;
export const code = (answer: string) => answer.slice(0, 3);

const opened: { close(): unknown }[] = [];

/** For `afterEach`. */
export async function closeListeners(): Promise<void> {
  for (const one of opened.splice(0).reverse()) await one.close();
}

/** A listener whose mails are kept in an array, unless the story says otherwise. */
export async function aListener(options: Partial<IntakeOptions> = {}): Promise<Intake & { received: MailIn[] }> {
  const received: MailIn[] = [];
  const intake = await openIntake({
    port: 0,
    host: "127.0.0.1",
    domain: DOMAIN,
    isOurs: (address) => recipientOf(address, returnAddresses, NOW) !== null,
    receive: async (mail) => void received.push(mail),
    log: openLog({ level: "silent" }),
    ...options,
  });
  opened.push({ close: () => intake.close({ graceMs: 1_000 }) });
  return { ...intake, received };
}

/** A client that was greeted and has introduced itself. */
export async function aClient({ port }: { port: number }): Promise<SmtpClient> {
  const client = await anSmtpClient(port);
  opened.push({ close: () => client.hangUp() });
  expect(await client.answer()).toBe(`220 ${DOMAIN} ESMTP`);
  await client.say("EHLO mx.far.example");
  return client;
}

/** Says the envelope and DATA. */
export async function begin(client: SmtpClient, to = OURS, mail = FROM_NOBODY): Promise<void> {
  expect([code(await client.say(mail)), code(await client.say(toOurs(to))), code(await client.say("DATA"))]).toEqual([
    "250",
    "250",
    "354",
  ]);
}
