/** A day of the operator's, at a prompt and in a browser: the product as `npm start` runs it, real mail, ten thousand readers. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addDays, utcDayOf } from "../../src/core/day.ts";
import { freePort } from "../support/free-port.ts";
import { anOperator, type Operator } from "../support/operator.ts";
import { aDsn } from "../support/reports.ts";
import { runInShell } from "../support/shell.ts";
import { openSmtp } from "../support/smtp.ts";
import { anSmtpClient } from "../support/smtp-client.ts";
import { aWebProcessToBe, type WebProcess } from "../support/web-process.ts";
import { linkIn } from "../support/world.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const PASSWORD = "correct horse battery staple";
const READERS = 10_000;
const [REFUSED, BOUNCED, FORGOTTEN] = ["refused@far.example", "bounced@far.example", "forgotten@far.example"];
let web: WebProcess;
let folder: string;
let bouncePort: number;
let admin: Operator;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-day-"));
  bouncePort = await freePort();
  web = await aWebProcessToBe(
    {
      ...{ ADMIN_PASSWORD: PASSWORD, MAIL_FROM: "Paperboy <digest@paperboy.example>", LOG_LEVEL: "warn" },
      ...{ BOUNCE_DOMAIN: "bounce.paperboy.example", BOUNCE_SMTP_PORT: String(bouncePort) },
      // Slow enough for a look at the middle of it, however fast the machine is.
      SEND_RATE: "900",
    },
    openSmtp((step, _, said) =>
      step === "rcpt" && said.includes(REFUSED) ? `550 5.1.1 <${REFUSED}>: User unknown` : undefined,
    ),
  );
}, 240_000);
afterAll(async () => {
  await web?.close();
  await rm(folder, { recursive: true, force: true });
});

/** A command typed at a prompt in the folder of the day. */
const type = (command: string) =>
  runInShell(`"${process.execPath}" "${root}bin/paperboy.js" ${command}`, { cwd: folder, env: web.env });
/** What one prints that does what it should. */
async function paperboy(command: string): Promise<string> {
  const ran = await type(command);
  expect(ran).toMatchObject({ ended: "well" });
  return ran.output.trim();
}
const mailsTo = (address: string) => web.smtp.taken.filter(({ to }) => to.includes(address));
const digests = () => web.smtp.taken.filter(({ raw }) => /^List-Unsubscribe:/im.test(raw));
/** Readers who were handed over more than one digest. */
const twice = () => {
  const counts = new Map<string, number>();
  for (const { to } of digests()) counts.set(to[0]!, (counts.get(to[0]!) ?? 0) + 1);
  return [...counts].filter(([, count]) => count > 1);
};
/** Each audit line: when, by whom, what, about what, details. */
const doneThatDay = () => admin.rows("/admin/audit");
const idOf = async (address: string) => {
  await admin.press("/admin/readers", "/admin/readers/find", { who: address });
  return /^\/admin\/readers\/(\d+)$/.exec(admin.where())![1]!;
};

test("an operator's day", { timeout: 480_000 }, async () => {
  // The evening before: the database's clock shows ten minutes to the hour that is now.
  const now = new Date();
  const yesterday = addDays(utcDayOf(now), -1);
  const back = now.getTime() - now.setUTCMinutes(0, 0, 0) + 600_000;
  await web.sql(`CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE
    AS 'SELECT now() - interval ''${back} milliseconds'''`);

  // Import.
  const others = Array.from({ length: READERS - 3 }, (_, n) => `reader${n}@example.org`);
  const lines = [REFUSED, BOUNCED, FORGOTTEN, ...others].map(
    (email, n) => `${email},form ${n} of the fair in 2025,${now.getUTCHours()},UTC,text`,
  );
  await writeFile(
    join(folder, "readers.csv"),
    ["email,consent,hour,zone,format", ...lines, lines[0], "nobody"].join("\n"),
  );
  expect(await paperboy("subscribers import readers.csv --dry-run")).toMatch(
    /^line 10003: .*\nOf 10002 lines 10000 would be taken in, 1 were readers already, 1 refused\.$/,
  );
  expect(await paperboy("subscribers import readers.csv")).toMatch(
    /^line 10003: .*\nOf 10002 lines 10000 were taken in, 1 were readers already, 1 refused\.$/,
  );
  expect(await paperboy("subscribers import readers.csv --json")).toContain('"added":0,"already":10001');

  // The edition is closed, the hour comes, Paperboy is started.
  const papers = ["Agents that plan", "Looms and mills", "Video from words"].map((title, n) => ({
    ...{ id: `2611.0000${n + 1}`, title, authors: ["Ada Lovelace"] },
    ...{ summary: `${title}, and what follows.`, upvotes: 90 - n },
  }));
  await writeFile(join(folder, "papers.jsonl"), papers.map((paper) => JSON.stringify(paper)).join("\n"));
  expect(await paperboy(`import papers.jsonl --listed-on ${yesterday}`)).toBe(
    "papers.jsonl: 3 added, 0 merged, 0 refused",
  );
  expect(await paperboy(`edition --date ${yesterday} --close`)).toMatch(
    new RegExp(`^Edition ${yesterday}, closed, 3 papers\\n.*Agents that plan`),
  );
  await web.sql("CREATE OR REPLACE FUNCTION paperboy_now() RETURNS timestamptz LANGUAGE sql STABLE AS 'SELECT now()'");
  await web.start();
  admin = await anOperator(web.url, PASSWORD);

  // Watch an edition go out.
  const progress = async () => {
    const [, done = "0", all = "0"] = /([\d,]+) of ([\d,]+) done/.exec(await admin.read("/admin")) ?? [];
    return { done: Number(done.replaceAll(",", "")), all: Number(all.replaceAll(",", "")) };
  };
  await until(async () => (await progress()).done > 1_000);
  expect((await progress()).all).toBe(READERS);

  // Pause, in the browser; two seconds later nothing goes.
  expect(await admin.press("/admin", "/admin/pause", { because: "the provider called" })).toMatch(
    /Sending is paused, in every process within two seconds\..*All digests, since .* UTC: the provider called/,
  );
  await sleep(3_000);
  const paused = web.smtp.taken.length;
  expect(paused).toBeGreaterThanOrEqual(1_000);
  expect(paused).toBeLessThan(READERS - 1_000);
  expect(await paperboy("pause")).toMatch(/^It was paused already, since .*: the provider called$/);
  expect(await paperboy("deliver")).toBe("0 planned, 0 accepted by the mail server");
  expect([web.smtp.taken.length, (await progress()).done]).toEqual([paused, paused + 1]);

  // Resume, at the prompt.
  expect(await paperboy("resume")).toMatch(/^The pause is over\. Stopped since .*: the provider called$/);
  await until(async () => (await progress()).done === READERS);
  expect(await admin.read("/admin")).not.toContain("Held back");
  expect(digests()).toHaveLength(READERS - 1);
  expect([twice(), mailsTo(REFUSED)]).toEqual([[], []]);

  // Find one reader.
  await until(async () => /suspended/.test(await paperboy(`subscribers show ${REFUSED}`)));
  expect(await paperboy(`subscribers show ${REFUSED}`)).toMatch(/5\.1\.1/);
  expect(await paperboy(`subscribers show ${REFUSED.toUpperCase()}`)).toMatch(/User unknown/);

  // Read a bounce.
  await sendBack(mailsTo(BOUNCED)[0]!.from, BOUNCED);
  const bounced = await idOf(BOUNCED);
  await until(async () => /bounces/.test(await admin.read(`/admin/readers/${bounced}`)));
  const reports = await admin.read(`/admin/reports?reader=${bounced}`);
  const report = /\b(\d+) \d{4}-\d\d-\d\d \d\d:\d\d smtp applied/.exec(reports)![1]!;
  expect(await admin.read(`/admin/reports/${report}`)).toMatch(
    /5\.1\.1.*Undelivered Mail Returned to Sender.*no such user here/,
  );

  // Lift a suppression: they may ask again, and nobody is subscribed by that.
  expect(
    await admin.press("/admin/suppressions", "/admin/suppressions/lift", {
      who: BOUNCED,
      note: "their mailbox is back",
    }),
  ).toContain("Lifted: its owner may ask again. Nobody is subscribed by that.");
  expect(await admin.read(`/admin/readers/${bounced}`)).not.toMatch(/\bactive\b/);
  await subscribe(BOUNCED);
  const confirmation = await mail(BOUNCED, 2);
  const link = linkIn(confirmation, "confirm");
  expect((await fetch(link, { method: "POST", headers: { connection: "close" } })).status).toBe(200);
  expect(await admin.read(`/admin/readers/${bounced}`)).toMatch(/\bactive\b/);

  // Export.
  expect(await paperboy("subscribers export readers-now.csv")).toBe(`readers-now.csv: ${READERS - 1} readers`);
  const exported = await readFile(join(folder, "readers-now.csv"), "utf8");
  expect([BOUNCED, FORGOTTEN, REFUSED].map((address) => exported.includes(address))).toEqual([true, true, false]);

  // Back up.
  expect(await paperboy("backup day.backup")).toMatch(/^day\.backup: .*readers: 10000, deliveries: 10000\./);

  // Erase, in the browser, after one more question.
  const forgotten = await idOf(FORGOTTEN);
  expect(await admin.press(`/admin/readers/${forgotten}/erase`, `/admin/readers/${forgotten}/erase`)).toContain(
    "Erased. The key of the address stays.",
  );
  expect((await doneThatDay())[0]!.slice(1, 3)).toEqual(["admin", "erased a reader"]);

  // Restore: not beside a process that runs, and then the erasure of after the backup holds.
  const refused = await type("restore day.backup --replace --yes");
  expect(refused).toMatchObject({ ended: "with 2", output: expect.stringContaining("is running on this database") });
  await web.stop();
  expect(await paperboy("restore day.backup --replace --yes")).toMatch(/^Restored: .*1 erased\./s);
  await web.start();
  admin = await anOperator(web.url, PASSWORD);
  expect(await admin.press("/admin/readers", "/admin/readers/find", { who: FORGOTTEN })).toContain("Reader");
  expect(await admin.read(`/admin/readers/${forgotten}`)).toContain("erased");
  expect(await paperboy("subscribers export - | grep -c far.example")).toBe("1");
  expect(await paperboy("subscribers import readers.csv --dry-run")).toMatch(/1 were erased/);

  // Everything that was done that day, newest first. What came after the backup is told by the line of the restoration.
  const done = await doneThatDay();
  expect(done.map(([, by, what]) => `${by} ${what}`)).toEqual([
    ...["cli imported readers", "cli exported readers", "admin logged in", "cli restored a backup"],
    ...["cli backed up", "cli exported readers", "admin lifted a suppression"],
    ...["cli resumed sending", "cli paused sending", "admin paused sending", "admin logged in"],
    ...["cli closed an edition", "cli imported papers"],
    ...["cli imported readers", "cli imported readers", "cli imported readers"],
  ]);
  expect(done[3]![4]).toMatch(/\berased: 1\b/);

  // And whoever looks for something that is due finds nothing: nobody had a second digest.
  expect(await paperboy("deliver")).toBe("0 planned, 0 accepted by the mail server");
  expect([digests().length, twice()]).toEqual([READERS - 1, []]);
});

/** What the form of the first page does. */
async function subscribe(email: string): Promise<void> {
  const answer = await fetch(`${web.url}/subscriptions`, {
    ...{ method: "POST", body: new URLSearchParams({ email }), headers: { connection: "close" } },
  });
  await answer.text();
  expect(answer.status).toBe(200);
}

async function mail(address: string, count: number) {
  await until(async () => mailsTo(address).length >= count);
  return PostalMime.parse(mailsTo(address)[count - 1]!.raw);
}

/** A far server gives a mail back that it had taken. */
async function sendBack(to: string, recipient: string): Promise<void> {
  const client = await anSmtpClient(bouncePort);
  await client.answer();
  const dsn = aDsn({ to, recipient, said: "550 5.1.1 no such user here" }).toString("latin1");
  for (const line of ["EHLO far.example", "MAIL FROM:<>", `RCPT TO:<${to}>`, "DATA"]) await client.say(line);
  expect((await client.say(`${dsn}\r\n.`)).slice(0, 3)).toBe("250");
  await client.quit();
}

const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function until(isTrue: () => Promise<boolean>): Promise<void> {
  for (let waitedMs = 0; waitedMs < 60_000; waitedMs += 200) {
    if (await isTrue()) return;
    await sleep(200);
  }
  throw new Error("it did not become true in a minute");
}
