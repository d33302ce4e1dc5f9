import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  msToNextDay,
  parseDomainRates,
  parseRamp,
  parseRate,
  permitsIn,
  rampAllowance,
  rateTo,
  SLOT_MS,
  slotWithPermit,
} from "../../src/core/pace.ts";
import { at } from "../support/time.ts";

const slots = (from: number, count: number) => Array.from({ length: count }, (_, n) => from + n);
const aRate = fc.double({ min: 0.01, max: 5_000, noNaN: true });
const aSlot = fc.integer({ min: 0, max: 30_000_000_000 });

describe("permits of slots", () => {
  test("25 a second are two or three a tenth of a second", () => {
    expect(slots(0, 10).map((slot) => permitsIn(25, slot))).toEqual([2, 3, 2, 3, 2, 3, 2, 3, 2, 3]);
  });

  test("one in two seconds is one slot of twenty", () => {
    const withOne = slots(1_000, 60).filter((slot) => permitsIn(0.5, slot) > 0);
    expect(withOne).toEqual([1_019, 1_039, 1_059]);
    expect(slotWithPermit(0.5, 1_020)).toBe(1_039);
    expect(slotWithPermit(0.5, 1_039)).toBe(1_039);
  });

  test("no window holds more than the rate, a slot's share and one", () => {
    fc.assert(
      fc.property(aRate, aSlot, fc.integer({ min: 1, max: 50 }), (rate, from, count) => {
        const permits = slots(from, count).reduce((sum, slot) => sum + permitsIn(rate, slot), 0);
        const share = (rate * count * SLOT_MS) / 1000;
        expect(permits).toBeGreaterThanOrEqual(Math.floor(share));
        expect(permits).toBeLessThanOrEqual(Math.ceil(share));
      }),
    );
  });

  test("the next slot with a permit has one, and none before it has", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.01, max: 30, noNaN: true }), aSlot, (rate, from) => {
        const next = slotWithPermit(rate, from);
        expect(permitsIn(rate, next)).toBeGreaterThan(0);
        expect(slots(from, Math.min(next - from, 200)).filter((slot) => permitsIn(rate, slot) > 0)).toEqual([]);
        // From the other side: the last hundred before it.
        const late = Math.max(from, next - 100);
        expect(slots(late, next - late).filter((slot) => permitsIn(rate, slot) > 0)).toEqual([]);
      }),
    );
  });
});

describe("a rate", () => {
  test.each([
    ["20", 20],
    [" 0.5 ", 0.5],
    ["0", null],
    ["0.001", null],
    ["-1", null],
    ["1e3", null],
    ["100001", null],
    ["20/s", null],
    ["", null],
  ])("%j is %j", (text, rate) => expect(parseRate(text)).toBe(rate));
});

describe("rates to domains", () => {
  test("one number holds for each domain", () => {
    const rates = parseDomainRates("5")!;
    expect([rateTo(rates, "gmail.com"), rateTo(rates, "example.org")]).toEqual([5, 5]);
  });

  test("named domains have their own, whatever their case, a star the others", () => {
    const rates = parseDomainRates("gmail.com=20, Outlook.com=0.5 ,*=50")!;
    expect(["Gmail.COM", "outlook.com", "example.org"].map((domain) => rateTo(rates, domain))).toEqual([20, 0.5, 50]);
  });

  test("without a star the others have no bound", () => {
    expect(rateTo(parseDomainRates("gmail.com=20")!, "example.org")).toBeNull();
  });

  test.each([
    "gmail.com",
    "gmail.com=",
    "gmail.com=0",
    "gmail=5",
    "@gmail.com=5",
    "a.com=1,a.com=2",
    "a.com=1,",
    "a=b=1",
    "",
  ])("%j is none", (text) => expect(parseDomainRates(text)).toBeNull());
});

describe("a ramp", () => {
  const ramp = parseRamp("2026-12-01:500")!;

  test("doubles each day from its first; the days before count as the first", () => {
    const days = ["2026-11-20", "2026-12-01", "2026-12-02", "2026-12-03", "2026-12-15"];
    expect(days.map((day) => rampAllowance(ramp, day))).toEqual([500, 500, 1_000, 2_000, 8_192_000]);
  });

  test("is over once it allows more than anybody sends", () => {
    expect([rampAllowance(ramp, "2026-12-16"), rampAllowance(ramp, "2126-12-01")]).toEqual([null, null]);
  });

  test.each(["2026-12-01", "2026-12-01:0", "2026-02-30:500", "2026-13-01:5", "1.12.2026:500", "2026-12-01:5.5", "500"])(
    "%j is none",
    (text) => expect(parseRamp(text)).toBeNull(),
  );

  test("what does not fit waits for the next UTC day", () => {
    expect(msToNextDay(at("2026-12-01T23:59:59.250Z"))).toBe(750);
    expect(msToNextDay(at("2026-12-02T00:00Z"))).toBe(86_400_000);
  });
});
