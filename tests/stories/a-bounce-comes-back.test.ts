/** Digests go out through a real Postfix, and what it cannot deliver comes back to the listener of the bounce domain. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, describe, expect } from "vitest";
import { type Intake, openIntake } from "../../src/mail/intake.ts";
import { startIntake } from "../../workers/intake.ts";
import { aSighting } from "../support/builders.ts";
import { freePort } from "../support/free-port.ts";
import { needs } from "../support/needs.ts";
import { noPostfix, type Postfix, startPostfix } from "../support/postfix.ts";
import { aReaderOf } from "../support/readers.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";
import { anSmtpClient } from "../support/smtp-client.ts";
import { at } from "../support/time.ts";
import { aWorld, type World } from "../support/world.ts";

const DOMAIN = "bounce.paperboy.example";
/** What the mail server of each domain says of its only reader; null: it takes the mail. */
const FAR_ENDS = {
  "unknown.example": ["rcpt", "550 5.1.1 <reader@unknown.example>: User unknown"],
  "closed.example": ["rcpt", "550 5.2.1 The mailbox is disabled"],
  "full.example": ["dot", "552 5.2.2 The mailbox is full"],
  "ours.example": ["dot", "554 5.7.1 Message refused as spam"],
  "fine.example": null,
} as const;
const readers = Object.keys(FAR_ENDS).map((domain) => `reader@${domain}`);

const withPostfix = needs(noPostfix === null, noPostfix ?? "");

describe("what a real Postfix sends back", () => {
  let world: World;
  let intake: Intake;
  let postfix: Postfix;
  const farEnds = new Map<string, SmtpServer>();

  beforeAll(async () => {
    if (noPostfix !== null) return;
    for (const [domain, [step, answer] = []] of Object.entries(FAR_ENDS).map(
      ([name, says]) => [name, says ?? []] as const,
    ))
      farEnds.set(domain, await openSmtp((reached) => (reached === step ? answer : undefined)));
    const port = await freePort();
    world = await aWorld({
      start: at("2026-04-15T09:00Z"),
      offline: true,
      env: { SMTP_URL: `smtp://127.0.0.1:${port}`, BOUNCE_DOMAIN: DOMAIN },
    });
    intake = (await startIntake({
      ...world.app,
      openIntake: (door) => openIntake({ ...door, port: 0, host: "127.0.0.1", domain: DOMAIN, log: world.app.log }),
    }))!;
    const ports = [...farEnds].map(([domain, { url }]) => [domain, new URL(url).port] as const);
    const transports = Object.fromEntries(
      [...ports, [DOMAIN, String(intake.port)] as const].map(([domain, to]) => [domain, `smtp:[127.0.0.1]:${to}`]),
    );
    // Postfix itself refuses this one, while we are still on the line.
    postfix = await startPostfix({
      port,
      transports: { ...transports, "refused.example": "error:5.1.1 User unknown" },
    });
  }, 240_000);
  afterAll(async () => {
    await postfix?.close();
    await intake?.close();
    await world?.close();
    for (const farEnd of farEnds.values()) await farEnd.close();
  });

  withPostfix(
    "each reader gets what follows from it: suppressed, suspended, counted, or nothing",
    async () => {
      for (const email of [...readers, "reader@refused.example"]) await aReaderOf(world.app, email);
      await morning("2026-04-16", 1);
      // Four DSNs and the answer to the sixth.
      await until(async () => (await world.sql("SELECT FROM reports")).length === 5);
      await world.settle();

      expect(
        await world.sql(`
          SELECT s.email, s.state, x.because AS suppressed, s.try_again_at AS "tryAgainAt", v.class, v.via
          FROM subscriptions s LEFT JOIN suppressions x USING (address_key) LEFT JOIN verdicts v ON v.subscription_id = s.id
          ORDER BY s.email`),
      ).toEqual([
        is("closed", { state: "suspended", tryAgainAt: at("2026-04-19T07:01Z"), class: "hard" }),
        is("fine", { class: null, via: null }),
        is("full", { class: "soft" }),
        is("ours", { class: "ours" }),
        is("refused", { state: "suspended", suppressed: "bounces", class: "hard", via: "smtp-answer" }),
        is("unknown", { state: "suspended", suppressed: "bounces", class: "hard" }),
      ]);

      // The next day goes to those alone who may still be written to.
      await morning("2026-04-17", 11);
      expect(
        await world.sql(
          "SELECT s.email FROM deliveries d JOIN subscriptions s ON s.id = d.subscription_id WHERE d.local_day = '2026-04-17' ORDER BY 1",
        ),
      ).toEqual(["fine", "full", "ours"].map((name) => ({ email: `reader@${name}.example` })));
    },
    180_000,
  );

  withPostfix(
    "a mail to the address in List-Unsubscribe leaves, whoever's program wrote it; an absence note to the same reader's bounce address does nothing",
    async () => {
      const { taken } = farEnds.get("fine.example")!;
      await until(async () => taken.length >= 1);
      const { from, raw } = taken[0]!;
      const mail = await PostalMime.parse(raw);
      const [, leave] = /<mailto:(unsubscribe[^>]+)>/.exec(
        mail.headers.find(({ key }) => key === "list-unsubscribe")!.value,
      )!;
      const note =
        "From: reader@fine.example\r\nSubject: I am away\r\nAuto-Submitted: auto-replied\r\n\r\nUntil May.\r\n";
      const wish = "From: reader@fine.example\r\nSubject: unsubscribe\r\nAuto-Submitted: auto-generated\r\n\r\n\r\n";
      const reports = async () => (await world.sql("SELECT FROM reports")).length;
      // Those of the first morning, and the full mailbox and the blame of the second.
      await until(async () => (await reports()) === 7);

      await post("", from, note);
      await until(async () => (await reports()) === 8);
      await world.settle();
      expect(await stateOf("reader@fine.example")).toEqual({ state: "active", because: null });

      await post("reader@fine.example", leave!, wish);
      await post("reader@fine.example", leave!, wish);
      await until(async () => (await stateOf("reader@fine.example"))?.state === "ended");
      expect(await stateOf("reader@fine.example")).toEqual({ state: "ended", because: "reader" });
      expect(
        await world.sql("SELECT what, via FROM subscription_changes WHERE what = 'ended' AND via = 'mailto'"),
      ).toEqual([{ what: "ended", via: "mailto" }]);
    },
    180_000,
  );

  function is(name: string, given: object) {
    return {
      email: `reader@${name}.example`,
      state: "active",
      suppressed: null,
      tryAgainAt: null,
      via: "smtp",
      ...given,
    };
  }

  /** A paper of yesterday, and everything that is due at seven. */
  async function morning(day: string, number: number): Promise<void> {
    const eve = new Date(Date.parse(day) - 86_400_000).toISOString().slice(0, 10);
    const paper = {
      source: "file",
      arxivId: `2604.${String(number).padStart(5, "0")}`,
      title: `Of ${day}`,
      listedOn: eve,
    };
    await world.clock.set(at(`${eve}T12:00Z`));
    await world.app.papers.add([aSighting(paper)], world.clock.now());
    await world.clock.set(at(`${day}T01:05Z`));
    await world.settle();
    await world.clock.set(at(`${day}T07:01Z`));
    await world.settle();
  }

  async function stateOf(email: string) {
    const [row] = await world.sql<{ state: string; because: string | null }>(
      "SELECT state, ended_because AS because FROM subscriptions WHERE email = $1",
      [email],
    );
    return row;
  }

  /** Hands a mail to Postfix, as the reader's own server would to its. */
  async function post(from: string, to: string, mail: string): Promise<void> {
    const client = await anSmtpClient(Number(new URL(postfix.url).port));
    await client.answer();
    const answers = [];
    for (const line of ["EHLO fine.example", `MAIL FROM:<${from}>`, `RCPT TO:<${to}>`, "DATA", `${mail}.`])
      answers.push((await client.say(line)).slice(0, 3));
    await client.quit();
    expect(answers).toEqual(["250", "250", "250", "354", "250"]);
  }
});

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 15_000; waitedMs += 50) {
    if (await isTrue()) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error("it did not become true in 15 s");
}
