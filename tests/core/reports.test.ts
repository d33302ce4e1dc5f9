import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type ClassedReport, judge, type ReportClass, type ReportedReader } from "../../src/core/reports.ts";
import { at } from "../support/time.ts";

const hour = 3_600_000;
const day = 24 * hour;
const start = at("2026-03-02T07:00Z");
/** So many days after the first mail. */
const on = (days: number) => new Date(start.getTime() + days * day);

function aReport(found: ReportClass, days: number, rest: Partial<ClassedReport> = {}): ClassedReport {
  const mailAt = on(days);
  return { class: found, namesNoUser: false, mailAt, at: new Date(mailAt.getTime() + hour), ...rest };
}

/** Judges the last of these reports, an hour after it came. */
function judged(reports: ClassedReport[], rest: Partial<ReportedReader> = {}) {
  const newest = reports.at(-1)?.at ?? start;
  const now = new Date(newest.getTime() + hour);
  return judge({ now, reports, accepted: [], state: "active", suspendedAt: null, ...rest });
}

const later = (report: ClassedReport, days: number) => new Date(report.at.getTime() + days * day);
const counted = (because: ReportClass) => ({ verdict: "count", because, tryAgainAt: null });
const suppressed = { verdict: "suppress", because: "bounces", tryAgainAt: null };

describe("a hard bounce", () => {
  const first = aReport("hard", 0);

  test("suspends at once, until a try on the third day", () => {
    expect(judged([first])).toEqual({ verdict: "suspend", because: "hard", tryAgainAt: later(first, 3) });
  });

  test("suppresses at once when its words name no such user", () => {
    expect(judged([aReport("hard", 0, { namesNoUser: true })])).toEqual(suppressed);
  });

  test("suppresses when the try comes back too", () => {
    const tried = aReport("hard", 3.5);
    expect(judged([first, tried], { state: "suspended", suspendedAt: first.at })).toEqual(suppressed);
  });

  test("is the same one when a second notice of the same mail comes, or of a mail that was under way", () => {
    const untilThirdDay = { verdict: "suspend", because: "hard", tryAgainAt: later(first, 3) };
    const again = aReport("hard", 0, { at: on(5) });
    const underWay = aReport("hard", 0.01);
    expect(judged([first, again], { state: "suspended", suspendedAt: first.at })).toEqual(untilThirdDay);
    expect(judged([first, underWay], { state: "suspended", suspendedAt: first.at })).toEqual(untilThirdDay);
  });

  test("is a first one again after a mail got through", () => {
    const much = aReport("hard", 40);
    expect(judged([first, much], { accepted: [on(5)] })).toEqual({
      verdict: "suspend",
      because: "hard",
      tryAgainAt: later(much, 3),
    });
  });

  test("is not outweighed by a mail that was accepted after the one that came back: it may come back yet", () => {
    const tried = aReport("hard", 3.5);
    expect(judged([first, tried], { accepted: [on(4)] })).toEqual(suppressed);
  });
});

describe("a domain that is not found", () => {
  test("is counted until it lasted three days, then it is as hard as any", () => {
    const reports = [0, 1, 2].map((days) => aReport("domain", days));
    expect(judged(reports)).toEqual(counted("domain"));
    const third = aReport("domain", 3);
    expect(judged([...reports, third])).toEqual({ verdict: "suspend", because: "domain", tryAgainAt: later(third, 3) });
  });

  test("suppresses when the try comes back too", () => {
    const reports = [0, 3, 6.5].map((days) => aReport("domain", days));
    expect(judged(reports, { state: "suspended", suspendedAt: reports[1]!.at })).toEqual(suppressed);
  });

  test("starts anew when a mail got through in between", () => {
    expect(judged([aReport("domain", 0), aReport("domain", 5)], { accepted: [on(2)] })).toEqual(counted("domain"));
  });
});

describe("B3: soft bounces", () => {
  const five = [0, 2, 4, 6, 8].map((days) => aReport("soft", days));

  test("suspend on the fifth day in fourteen, until a try a week later", () => {
    expect(judged(five.slice(0, 4))).toEqual(counted("soft"));
    expect(judged(five)).toEqual({ verdict: "suspend", because: "soft", tryAgainAt: later(five[4]!, 7) });
  });

  test("count once a day, and once a mail however many notices it brings", () => {
    const oneDay = [0, 0.1, 0.2, 0.3, 0.4].map((days) => aReport("soft", days));
    const oneMail = [0, 1, 2, 3, 4].map((days) => aReport("soft", 0, { at: on(days) }));
    expect(judged(oneDay)).toEqual(counted("soft"));
    expect(judged(oneMail)).toEqual(counted("soft"));
  });

  test("fade: those of more than fourteen days ago, and those before a mail that got through", () => {
    const slow = [0, 4, 8, 12, 16].map((days) => aReport("soft", days));
    expect(judged(slow)).toEqual(counted("soft"));
    expect(judged(five, { accepted: [on(5)] })).toEqual(counted("soft"));
  });

  test("are not forgiven by mails that were accepted since, whose own notices may still be on their way", () => {
    expect(judged(five, { accepted: [on(8.1)] }).verdict).toBe("suspend");
  });

  test("of a reader who is suspended move the try to the next week, and end them after sixty days", () => {
    const suspendedAt = five[4]!.at;
    const reader = { state: "active", suspendedAt } as const;
    const weekly = aReport("soft", 15.5);
    const late = aReport("soft", 8 + 56.5);
    expect(judged([...five, weekly], reader)).toEqual({
      verdict: "suspend",
      because: "soft",
      tryAgainAt: new Date(suspendedAt.getTime() + 14 * day),
    });
    expect(judged([late], { ...reader, now: new Date(suspendedAt.getTime() + 60 * day) })).toEqual({
      verdict: "end",
      because: "soft",
      tryAgainAt: null,
    });
  });

  test("count from one again once a try got through", () => {
    const reader = { suspendedAt: five[4]!.at, accepted: [on(15.5)] };
    expect(judged([...five, aReport("soft", 17)], reader)).toEqual(counted("soft"));
  });

  test("what nobody can read counts with them", () => {
    expect(judged([...five.slice(0, 4), aReport("unknown", 8)]).verdict).toBe("suspend");
  });
});

test("B3: a refusal of what we are or sent alarms the operator and leaves the reader alone", () => {
  const many = Array.from({ length: 20 }, (_, days) => aReport("ours", days));
  expect(judged(many)).toEqual({ verdict: "alarm", because: "ours", tryAgainAt: null });
});

test("B4: one complaint suppresses at once, in every state", () => {
  const states = ["active", "paused", "suspended", "ended"] as const;
  const verdicts = states.map((state) => judged([aReport("complaint", 0)], { state }));
  expect(verdicts).toEqual(states.map(() => ({ verdict: "suppress", because: "complaint", tryAgainAt: null })));
});

test("B4: a reply says nothing; leaving through a provider ends once", () => {
  expect(judged([aReport("nothing", 0)])).toEqual({ verdict: "nothing", because: "nothing", tryAgainAt: null });
  expect(judged([aReport("left", 0)]).verdict).toBe("leave");
  expect(judged([aReport("left", 0)], { state: "ended" }).verdict).toBe("nothing");
  expect(judged([]).verdict).toBe("nothing");
});

test("a paused reader is not suspended, since a pause is theirs to end; an ended one is only counted", () => {
  expect(judged([aReport("hard", 0)], { state: "paused" })).toEqual(counted("hard"));
  expect(judged([aReport("hard", 0, { namesNoUser: true })], { state: "paused" })).toEqual(suppressed);
  expect(judged([aReport("hard", 0, { namesNoUser: true })], { state: "ended" })).toEqual(counted("hard"));
});

describe("for every history", () => {
  const someReport = (...classes: ReportClass[]) =>
    fc.record({
      class: fc.constantFrom(...classes),
      namesNoUser: fc.boolean(),
      mailAt: fc.integer({ min: 0, max: 24 * 80 }).map((hours) => on(hours / 24)),
      lateHours: fc.integer({ min: 0, max: 24 * 6 }),
    });
  const history = (...classes: ReportClass[]) =>
    fc
      .array(someReport(...classes), { minLength: 1, maxLength: 40 })
      .map((reports) =>
        reports
          .map(({ lateHours, ...report }) => ({ ...report, at: new Date(report.mailAt.getTime() + lateHours * hour) }))
          .sort((one, other) => one.at.getTime() - other.at.getTime()),
      );
  const situation = fc.record({
    state: fc.constantFrom("active" as const, "paused" as const, "suspended" as const, "ended" as const),
    accepted: fc.array(
      fc.integer({ min: 0, max: 24 * 80 }).map((hours) => on(hours / 24)),
      { maxLength: 20 },
    ),
    suspendedAt: fc.option(fc.integer({ min: 0, max: 80 }).map(on)),
  });

  test("soft, unknown and our own troubles never suppress, nor do replies", () => {
    fc.assert(
      fc.property(history("soft", "unknown", "ours", "nothing"), situation, (reports, reader) => {
        const softened = reports.map((report) => ({ ...report, namesNoUser: false }));
        expect(judged(softened, reader).verdict).not.toBe("suppress");
      }),
      { numRuns: 1_000 },
    );
  });

  test("a complaint always suppresses, whatever came before", () => {
    const all = history("hard", "domain", "soft", "unknown", "ours", "nothing", "left", "complaint");
    fc.assert(
      fc.property(all, situation, (reports, reader) => {
        const complaint = aReport("complaint", 90);
        expect(judged([...reports, complaint], reader).verdict).toBe("suppress");
      }),
    );
  });

  test("judging twice, or a notice that came twice, gives the same answer", () => {
    const all = history("hard", "domain", "soft", "unknown");
    fc.assert(
      fc.property(all, situation, (reports, reader) => {
        const once = judged(reports, reader);
        expect(judged(reports, reader)).toEqual(once);
        expect(judged([...reports, reports.at(-1)!], reader)).toEqual(once);
      }),
    );
  });

  test("a time to try again is named by a suspension, and by nothing else", () => {
    const all = history("hard", "domain", "soft", "unknown", "ours", "nothing", "left", "complaint");
    fc.assert(
      fc.property(all, situation, (reports, reader) => {
        const { verdict, tryAgainAt } = judged(reports, reader);
        expect(tryAgainAt !== null).toBe(verdict === "suspend");
      }),
    );
  });
});
