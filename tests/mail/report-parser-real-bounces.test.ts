import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { classOf, type ReportClass } from "../../src/core/reports.ts";
import { parseReport } from "../../src/mail/report-parser.ts";
import { sharedData } from "../support/shared-data.ts";

type Label = "hard" | "soft" | "complaint" | "auto-reply" | "neither" | "not-bounce" | "unlabelled";

interface Seen {
  readonly file: string;
  readonly label: Label;
  readonly class: ReportClass;
}

describe.skipIf(sharedData === null)("B1: over real bounces (skipped where ../shared/data is missing)", () => {
  let all: Seen[] = [];
  const labelled = (...labels: Label[]) => all.filter(({ label }) => labels.includes(label));
  const classed = (seen: readonly Seen[], ...classes: ReportClass[]) =>
    seen.filter((one) => classes.includes(one.class));
  const failures: ReportClass[] = ["hard", "domain", "soft", "ours"];

  beforeAll(async () => {
    const folder = join(sharedData ?? "", "bounces");
    const manifest: { file: string; label: Label }[] = JSON.parse(readFileSync(join(folder, "manifest.json"), "utf8"));
    const read = async ({ file, label }: { file: string; label: Label }) => {
      return { file, label, class: classOf(await parseReport(readFileSync(join(folder, file)))) };
    };
    all = await Promise.all(manifest.map(read));
    const counts = [
      ["failures recognised", classed(labelled("hard", "soft"), ...failures), labelled("hard", "soft")],
      ["hard agreed", classed(labelled("hard"), "hard"), labelled("hard")],
      ["soft called hard", classed(labelled("soft"), "hard"), labelled("soft")],
      ["complaints recognised", classed(labelled("complaint"), "complaint"), labelled("complaint")],
      ["replies taken for reports", classed(answers(), ...failures, "complaint"), answers()],
    ] as const;
    console.log(counts.map(([what, some, of]) => `${what}: ${some.length} of ${of.length}`).join("\n"));
  });

  const answers = () => labelled("auto-reply", "neither", "not-bounce");

  test("95 % of the failures are recognised", () => {
    const missed = labelled("hard", "soft").filter((one) => !failures.includes(one.class));
    expect(missed.length / labelled("hard", "soft").length).toBeLessThanOrEqual(0.05);
  });

  test("85 % of the hard ones are agreed on", () => {
    expect(classed(labelled("hard"), "hard").length / labelled("hard").length).toBeGreaterThanOrEqual(0.85);
  });

  test("at most two of the 32 soft ones are called hard", () => {
    expect(labelled("soft").length).toBe(32);
    expect(classed(labelled("soft"), "hard").length).toBeLessThanOrEqual(2);
  });

  test("B4: all eight complaints are recognised, and nothing else is one", () => {
    expect(classed(all, "complaint").map(({ file }) => file)).toEqual(labelled("complaint").map(({ file }) => file));
    expect(labelled("complaint").length).toBe(8);
  });

  test("B4: no reply, challenge or authentication report is taken for a bounce or a complaint", () => {
    expect(answers().length).toBeGreaterThan(4);
    expect(answers().filter((one) => one.class !== "nothing")).toEqual([]);
  });
});
