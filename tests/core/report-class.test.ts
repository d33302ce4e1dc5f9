import { describe, expect, test } from "vitest";
import { type MailReport, NO_KEYS } from "../../src/core/mail-report.ts";
import { classOfStatus, enhancedStatus } from "../../src/core/report-class.ts";
import { classOf, namesNoUser } from "../../src/core/reports.ts";

function aFailure(status: string | null, text: string, rest: Partial<MailReport> = {}): MailReport {
  return { kind: "failed", status, text, lasting: null, keys: NO_KEYS, ...rest };
}

const classed = (cases: readonly (readonly [string | null, string])[]) =>
  cases.map(([status, text]) => [status, text, classOf(aFailure(status, text))]);

test("B3: a code without words is read as its class", () => {
  const codes = {
    ...{ "5.1.1": "hard", "5.1.3": "hard", "5.1.6": "hard", "5.1.10": "hard", "5.2.1": "hard" },
    ...{ "5.1.2": "domain", "5.4.4": "domain", "5.4.310": "domain" },
    ...{
      "5.2.2": "soft",
      "5.2.3": "soft",
      "5.4.1": "soft",
      "5.4.7": "soft",
      "4.0.0": "soft",
      "4.1.1": "soft",
      "4.7.1": "soft",
    },
    ...{ "5.3.4": "ours", "5.5.2": "ours", "5.6.1": "ours", "5.7.1": "ours", "5.7.606": "ours", "5.1.8": "ours" },
    ...{ "5.0.0": "unknown", "5.1.0": "unknown", "5.9.1": "unknown" },
  };
  expect(Object.fromEntries(Object.keys(codes).map((code) => [code, classOfStatus(code)]))).toEqual(codes);
  expect(classOf(aFailure("5.1.1", ""))).toBe("hard");
});

describe("B3: where code and words disagree, the words win", () => {
  test.each([
    ["5.1.1", "550 5.1.1 mailbox is full", "soft"],
    ["5.1.1", "550 5.1.1 rejected as spam", "ours"],
    ["5.1.1", "550 5.1.1 Greylisted, please come back", "soft"],
    ["5.1.1", "Host or domain name not found. Name service error for name=far.example", "domain"],
    ["5.2.1", "550 5.2.1 account temporarily disabled", "soft"],
    ["5.7.1", "550 5.7.1 unknown recipient", "hard"],
    ["5.2.2", "552 5.2.2 user does not exist", "hard"],
    ["4.1.1", "450 4.1.1 User unknown in local recipient table", "hard"],
    ["4.4.3", "Host not found, try again", "soft"],
  ])("%s %s", (status, text, expected) => {
    expect(classOf(aFailure(status, text))).toBe(expected);
  });
});

test("no second report is awaited where words name no such user, unless the code denies it", () => {
  const cases = ["5.1.1", "5.0.0", null, "5.7.1", "5.2.2", "4.1.1"].map((status) => [
    status,
    namesNoUser(aFailure(status, "no such user here")),
  ]);
  expect(cases).toEqual([
    ["5.1.1", true],
    ["5.0.0", true],
    [null, true],
    ["5.7.1", false],
    ["5.2.2", false],
    ["4.1.1", false],
  ]);
  expect(namesNoUser(aFailure("5.1.1", "550 5.1.1 refused"))).toBe(false);
});

describe("what mail servers are known to say", () => {
  const none = (text: string) => [null, text] as const;

  test("no such user", () => {
    const said = [
      "550 Requested action not taken: no such user here",
      "550-5.1.1 The email account that you tried to reach does not exist",
      "550 Invalid recipient",
      "553 sorry, that domain isn't known here, no mailbox here by that name",
      "550 <ines@far.example> is not a valid mailbox",
      "550 Recipient not found",
      "User ines not listed in public Name & Address Book",
      "550 RecipNotFound",
      "550 Adresse d'au moins un destinataire invalide",
      "Benutzer unbekannt",
      "usuario desconocido",
      "нет такого пользователя",
      "ユーザーが見つかりません",
      "收件人不存在",
    ].map(none);
    expect(classed(said)).toEqual(said.map(([status, text]) => [status, text, "hard"]));
  });

  test("it will pass", () => {
    const said = [
      "552 Mailbox over quota",
      "The recipient's inbox is currently full",
      "452 insufficient system storage",
      "421 too many connections, try again later",
      "retry timeout exceeded",
      "Le compte: boîte aux lettres pleine",
      "メールボックスが一杯です",
      "收件箱已满",
      "550 Refused due to recipient preferences",
    ].map(none);
    expect(classed(said)).toEqual(said.map(([status, text]) => [status, text, "soft"]));
  });

  test("it is about us", () => {
    const said = [
      "554 Your IP is listed at zen.spamhaus.org",
      "550 Sender address rejected: user unknown",
      "550 sender verify failed",
      "554 relay access denied",
      "550 5.7.26 DMARC policy of the domain",
      "550 reverse DNS lookup failed",
      "554 message content rejected",
      "550 Access denied, banned sending IP",
      "550 You do not have permission to send to this group, or it does not exist",
    ].map(none);
    expect(classed(said)).toEqual(said.map(([status, text]) => [status, text, "ours"]));
  });

  test("a host name or a footer that holds such a word says nothing", () => {
    const said = [
      ["5.1.1", "550 5.1.1 antispam.far.example does not like it"],
      ["5.1.1", "spf.far.example refused; the original message follows as an attachment"],
    ] as const;
    expect(classed(said)).toEqual(said.map(([status, text]) => [status, text, "hard"]));
  });
});

test("a provider's own word counts where the code says little, and a passing trouble stays one", () => {
  expect([
    classOf(aFailure(null, "", { lasting: "permanent" })),
    classOf(aFailure(null, "", { lasting: "transient" })),
    classOf(aFailure("5.1.1", "user unknown", { lasting: "transient" })),
    classOf(aFailure("5.7.1", "blocked", { lasting: "permanent" })),
    classOf(aFailure(null, "")),
  ]).toEqual(["hard", "soft", "soft", "ours", "unknown"]);
});

test("B4: kinds that are no failure keep their meaning, whatever stands in them", () => {
  const kinds = ["complaint", "unsubscribed", "nothing", "unreadable", "delayed"] as const;
  const classes = kinds.map((kind) => classOf(aFailure("5.1.1", "user unknown", { kind })));
  expect(classes).toEqual(["complaint", "left", "nothing", "unknown", "soft"]);
});

test("a status code is told from versions and addresses", () => {
  const texts = [
    "550 5.1.1 x",
    "(#5.2.2)",
    "Postfix 5.1.1.2",
    "192.5.1.1",
    "5.5.1960.3",
    "8.14.4",
    "v 4.90",
    "5.7.606",
  ];
  expect(texts.map(enhancedStatus)).toEqual(["5.1.1", "5.2.2", null, null, null, null, null, "5.7.606"]);
});
