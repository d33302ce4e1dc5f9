/** Who counts doubles has to see one: what the long runs rest on, on runs of three mails. */
import { describe, expect, test } from "vitest";
import type { LedgerRow } from "./campaign.ts";
import type { FarMail } from "./far-end.ts";
import { blame, type Happened } from "./mischief.ts";
import { tally } from "./tally.ts";

const aMail = (given: Partial<FarMail> = {}): FarMail => ({
  ...{
    messageId: "digest.2026-11-22.1@x",
    sha256: "a",
    bytes: 10,
    to: "ada@example.org",
    door: 0,
    connection: 1,
    at: 1_000,
  },
  ...{ answer: "accepted", id: "F1" },
  ...given,
});
const aRow = (given: Partial<LedgerRow> = {}): LedgerRow => ({
  ...{ id: "1", email: "ada@example.org", state: "accepted", reason: null, attempts: 1, wasUncertain: false },
  answer: "250 OK: queued as F1",
  ...given,
});
const sound = {
  ...{ planned: 1, mails: 1, lost: [], doubled: 0, doubles: [], otherBytes: 0, tripled: 0, astray: [] },
  disagreeing: [],
};

describe("the tally", () => {
  test("one delivery, one mail: nothing to say", () => {
    expect(tally([aRow()], [aMail()])).toEqual(sound);
  });

  test("a mail that was deferred and refused before it was accepted came once", () => {
    const mails = [aMail({ answer: "deferred", id: "F7" }), aMail({ answer: "refused", id: "F8" }), aMail()];
    expect(tally([aRow()], mails)).toEqual(sound);
  });

  test("a delivery is lost that was accepted by nobody, that still waits, or that ended without a reason", () => {
    const rows = [
      aRow({ email: "nobody@example.org" }),
      aRow({ state: "retry", reason: "deferred" }),
      aRow({ state: "expired" }),
      aRow({ state: "refused", reason: "refused-by-server", email: "bob@example.org" }),
      aRow(),
    ];
    expect(tally(rows, [aMail()])).toMatchObject({ lost: rows.slice(0, 3), disagreeing: rows.slice(0, 1) });
  });

  test("three copies of a mail are two doubles; a changed byte and another delivery's Message-ID show", () => {
    const [first, second, third] = [aMail(), aMail({ answer: "deserted", sha256: "b" }), aMail({ sha256: "b" })];
    const other = aMail({ messageId: "digest.2026-11-22.2@x" });
    expect(tally([aRow()], [first, second, third, other])).toEqual({
      ...sound,
      ...{ mails: 2, doubled: 1, tripled: 1, otherBytes: 1, astray: [other] },
      doubles: [
        { first, second },
        { first: second, second: third },
      ],
    });
  });

  test("an acceptance with an answer the far end never gave shows", () => {
    const row = aRow({ answer: "250 OK: queued as F9" });
    expect(tally([row], [aMail()]).disagreeing).toEqual([row]);
  });
});

describe("the blame", () => {
  const killed: Happened = { kind: "kill worker", door: 0, at: 1_200, until: 1_200 };
  const flushed: Happened = { kind: "flush Redis", door: null, at: 1_100, until: 1_100 };
  const asleep: Happened = { kind: "freeze worker past its claims", door: 2, at: 900, until: 250_000 };
  const double = (first: Partial<FarMail>, second: Partial<FarMail> = {}) => ({
    first: aMail(first),
    second: aMail({ door: 1, at: 200_000, ...second }),
  });

  test("falls on the worker that was killed after its mail, connection by connection", () => {
    const doubles = [double({}), double({ connection: 2 }), double({ connection: 2 })];
    expect(blame(doubles, [flushed, killed])).toEqual({
      ...{ unexplained: [], byHappening: [{ happened: killed, doubles: 3 }], mostOnAConnection: 2 },
    });
  });

  test("falls on nothing that happened to others, long after, before, or to Redis", () => {
    const doubles = [double({ door: 5 }), double({ at: 1_200 - 60_000 }), double({ at: 1_200 + 60_000 })];
    expect(blame(doubles, [flushed, killed]).unexplained).toEqual(doubles);
  });

  test("falls on the sleeper, whose copy came first or, when it woke up, second", () => {
    const doubles = [double({ door: 2, at: 900 }), double({ door: 1, at: 100_000 }, { door: 2, at: 250_100 })];
    expect(blame(doubles, [asleep]).byHappening).toEqual([{ happened: asleep, doubles: 2 }]);
  });
});
