/** The far end that the long runs count at: it remembers what it was given, and misbehaves as it was told. */
import { createHash } from "node:crypto";
import { connect } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { afterAll, beforeAll, beforeEach, expect, test } from "vitest";
import { type FarEnd, type Manners, startFarEnd } from "./far-end.ts";

const polite: Manners = {
  ...{ later: 0, never: 0, hangUpAtMail: 0, hangUpInData: 0, hangUpAfterDot: 0 },
  ...{ latencyMs: [0, 0], shut: false, away: false },
};
let farEnd: FarEnd;
beforeAll(async () => {
  farEnd = await startFarEnd({ doors: 2 });
});
afterAll(() => farEnd.close());
beforeEach(async () => {
  await farEnd.behave(polite);
  await farEnd.forget();
});

const body = "Message-ID:\r\n <1@example.org>\r\n\r\nHello\r\n..\r\n";
const mail = ["MAIL FROM:<a@b.example>", "RCPT TO:<c@d.example>", "DATA", `${body}.`];

/** Says all this at once, as a pipelining sender may. @returns the codes of the answers until it hangs up */
async function session(lines: readonly string[], url = farEnd.url): Promise<string> {
  const socket = connect(Number(new URL(url).port), "127.0.0.1");
  let heard = "";
  socket.setEncoding("latin1").on("data", (text) => {
    heard += text;
  });
  const closed = new Promise<void>((resolve) => socket.once("close", () => resolve()));
  socket.on("error", () => {
    heard += "gone \r\n";
  });
  socket.write(`${["EHLO me", ...lines, "QUIT"].join("\r\n")}\r\n`);
  await closed;
  return [...heard.matchAll(/^(\w+) /gm)].map(([, code]) => code).join(" ");
}
const answers = async () => (await farEnd.mails()).map(({ answer }) => answer);

test("two mails in one write are answered in order, and remembered with their bytes and their door", async () => {
  expect(await session([...mail, ...mail], farEnd.urls[1])).toBe("220 250 250 250 354 250 250 250 354 250 221");
  const [first, second] = await farEnd.mails();
  const sha256 = createHash("sha256").update(body).digest("base64url");
  expect([first!.at, second!.at].every((at) => Math.abs(Date.now() - at) < 20_000)).toBe(true);
  const expected = { messageId: "1@example.org", sha256, bytes: body.length, to: "c@d.example", door: 1 };
  expect([first, second]).toEqual([
    { ...expected, answer: "accepted", at: first!.at, connection: first!.connection, id: first!.id },
    { ...expected, answer: "accepted", at: second!.at, connection: first!.connection, id: second!.id },
  ]);
  expect(first!.id).not.toBe(second!.id);
});

test("4yz and 5yz come at RCPT or at the dot; what is refused at RCPT is no mail", async () => {
  for (const [manner, early, late] of [
    ["later", "450", "451"],
    ["never", "550", "554"],
  ] as const) {
    await farEnd.behave({ ...polite, [manner]: 1 });
    const said = new Set<string>();
    for (let n = 0; n < 20; n += 1) said.add(await session([...mail.slice(0, 3), ...mail.slice(3)]));
    expect([...said].some((codes) => codes.includes(`${early} 503`))).toBe(true);
    expect([...said].some((codes) => codes.includes(`354 ${late}`))).toBe(true);
  }
  expect(new Set(await answers())).toEqual(new Set(["deferred", "refused"]));
});

test("it hangs up at MAIL, in DATA or after the dot, and keeps the mail of the last alone", async () => {
  for (const [manner, heard, kept] of [
    ["hangUpAtMail", /^220 250( gone)?$/, []],
    ["hangUpInData", /^220 250 250 250 354( gone)?$/, []],
    ["hangUpAfterDot", /^220 250 250 250 354( gone)?$/, ["hung-up"]],
  ] as const) {
    await farEnd.behave({ ...polite, [manner]: 1 });
    expect(await session(mail)).toMatch(heard);
    expect(await answers()).toEqual(kept);
  }
});

test("shut, it says 421; away, it refuses connections, and cuts those whose mail it has not answered", async () => {
  await farEnd.behave({ shut: true });
  expect(await session(mail)).toMatch(/^421( gone)?$/);
  await farEnd.behave({ shut: false, latencyMs: [60_000, 60_000] });
  const cut = session(mail);
  while (farEnd.count() === 0) await sleep(10);
  await farEnd.behave({ away: true });
  expect(await cut).toMatch(/^220 250 250 250 354( gone)?$/);
  expect(await session(mail)).toBe("gone");
  await farEnd.behave(polite);
  expect(await session(mail)).toBe("220 250 250 250 354 250 221");
});
