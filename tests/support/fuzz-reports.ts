import fc from "fast-check";
import { expect } from "vitest";
import { classOf } from "../../src/core/reports.ts";
import { parseReport } from "../../src/mail/report-parser.ts";
import { hostileReport } from "./hostile-reports.ts";

/**
 * Reads so many hostile reports and holds each to what a MailReport promises.
 *
 * @returns milliseconds of this process's CPU for each, ascending
 */
export async function fuzzReports(runs: number): Promise<number[]> {
  const costs: number[] = [];
  await fc.assert(
    fc.asyncProperty(hostileReport, async (raw) => {
      const read = async () => {
        const before = process.cpuUsage();
        const report = await parseReport(raw, { to: "bounce+x@bounce.paper.example", from: "" });
        const found = classOf(report);
        const { user, system } = process.cpuUsage(before);
        return { report, found, ms: (user + system) / 1_000 };
      };
      const { report, found, ms } = await read();
      // A collection of garbage or a compiler at work is not what this report costs: what seems dear is read again.
      costs.push(ms < DEAR_MS ? ms : Math.min(ms, (await read()).ms, (await read()).ms));

      expect(["failed", "delayed", "complaint", "nothing", "unreadable"]).toContain(report.kind);
      expect(report.status ?? "5.0.0").toMatch(/^[245]\.\d\.\d{1,3}$/);
      expect(report.text).not.toMatch(ACTING);
      expect(report.text.length).toBeLessThanOrEqual(1_000);
      expect(report.keys.returnAddresses[0]).toBe("bounce+x@bounce.paper.example");
      const keys = [...report.keys.returnAddresses, ...report.keys.messageIds];
      expect(keys.filter((key) => key.length > 320 || ACTING.test(key))).toEqual([]);
      expect(keys.length).toBeLessThanOrEqual(80);
      if (report.kind === "nothing") expect(found).toBe("nothing");
    }),
    { numRuns: runs },
  );
  return costs.sort((one, other) => one - other);
}

const DEAR_MS = 20;

/** Controls, line ends, directions, hidden marks: what would act on whatever the text is shown in. */
const ACTING = /[\p{Cc}\p{Cs}\u2028\u2029\u202A-\u202E\u2066-\u2069\u200E\u200F\uFEFF]/u;

/** The value that this share of them does not pass. */
export function percentile(ascending: readonly number[], share: number): number {
  return ascending[Math.min(ascending.length - 1, Math.floor(ascending.length * share))] ?? 0;
}
