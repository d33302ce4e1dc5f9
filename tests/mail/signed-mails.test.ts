import { afterAll, describe, expect, test } from "vitest";
import { Permanent } from "../../src/errors.ts";
import type { PostOptions } from "../../src/mail/post.ts";
import { aKeyFolder, anEdKey, anRsaKey, aSigner, verdicts } from "../support/dkim.ts";
import { everyMail } from "../support/outbox.ts";

const folder = aKeyFolder();
afterAll(() => folder.remove());
const signer = await aSigner(`s1:${folder.write("s1", anRsaKey())},ed:${folder.write("ed", anEdKey())}`, {
  senders: { MAIL_FROM: "digest@paperboy.example", CONFIRM_FROM: "hello@confirm.paperboy.example" },
});
const mails = await everyMail({ signer });
const BOTH = ["s1 rsa-sha256 pass", "ed ed25519-sha256 pass"];
const NEITHER = ["s1 rsa-sha256 fail", "ed ed25519-sha256 fail"];

describe.each(mails.map((mail) => [mail.name, mail.bytes.toString("latin1")] as const))("%s", (name, bytes) => {
  test("leaves with a signature of each key that a stranger's verifier passes", async () => {
    expect(await verdicts(bytes, signer.records)).toEqual(BOTH);
  });

  const isDigest = name.startsWith("digest");
  const changes: (readonly [string, RegExp, string])[] = isDigest
    ? [
        ["List-Unsubscribe changed", /^(List-Unsubscribe:\s+<https:\/\/paperboy\.example\/unsubscribe\/)./m, "$1_"],
        ["List-Unsubscribe gone", /^List-Unsubscribe:.*\r\n(?:[ \t].*\r\n)*/m, ""],
        ["its mailto changed", /(<mailto:unsubscribe\+)./, "$1z"],
        ["List-Unsubscribe-Post changed", /=One-Click$/m, "=Two-Clicks"],
        ["List-Unsubscribe-Post gone", /^List-Unsubscribe-Post: .*\r\n/m, ""],
      ]
    : [
        ["List-Unsubscribe put in", /^(Subject:)/m, "List-Unsubscribe: <https://elsewhere.example/>\r\n$1"],
        ["List-Unsubscribe-Post put in", /^(Subject:)/m, "List-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n$1"],
      ];
  test.each(changes)("with %s neither signature holds", async (_, from, to) => {
    const changed = bytes.replace(from, to);
    expect(changed).not.toBe(bytes);
    expect(await verdicts(changed, signer.records)).toEqual(NEITHER);
  });
});

describe("what is not signed as it should be does not leave", () => {
  const signature = (h: string) => `DKIM-Signature: v=1; a=rsa-sha256; d=paperboy.example;\r\n h=${h};\r\n bh=; b=\r\n`;
  const whole = signature("From:List-Unsubscribe:List-Unsubscribe-Post");
  /** Hands over a signer that makes this of each mail, and counts what a server was given. */
  async function given(head: string, count: number) {
    let handedOver = 0;
    const sender: PostOptions["sender"] = {
      async send() {
        handedOver += 1;
        return { kind: "accepted", response: "250 ok" };
      },
    };
    const broken = { signatures: async () => Buffer.from(head), count };
    const sending = everyMail({ signer: broken, sender, letterSender: sender });
    return {
      fault: await sending.then(
        () => null,
        (fault: unknown) => fault,
      ),
      handedOver,
    };
  }

  test.each([
    ["nothing at all", "", 1],
    ["one signature of two", whole, 2],
    ["something that is no signature", "X-Signature: v=1; h=List-Unsubscribe:List-Unsubscribe-Post;\r\n", 1],
    ["a signature without List-Unsubscribe", signature("From:List-Unsubscribe-Post"), 1],
    ["a signature without List-Unsubscribe-Post", signature("From:List-Unsubscribe"), 1],
    ["a good one and a bad one", whole + signature("From"), 2],
  ])("%s", async (_, head, count) => {
    expect(await given(head, count)).toEqual({ fault: expect.any(Permanent), handedOver: 0 });
  });

  test("and what is, does", async () => {
    expect(await given(whole, 1)).toEqual({ fault: null, handedOver: mails.length });
    expect(await given(whole + whole, 2)).toEqual({ fault: null, handedOver: mails.length });
  });
});
