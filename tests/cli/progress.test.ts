import { expect, test } from "vitest";
import { openProgress } from "../../src/cli/progress.ts";

function aTerminal(isTTY: boolean) {
  const written: string[] = [];
  let ms = 0;
  const progress = openProgress({ isTTY, write: (text) => written.push(text) }, () => ms);
  const pass = (by: number) => {
    ms += by;
  };
  return { written, progress, pass };
}

test("who looks on sees one line that is written over, with a bar, how far it is and how long it takes yet", () => {
  const { written, progress, pass } = aTerminal(true);
  progress.bar({ what: "importing", share: 0, detail: "0 lines" });
  pass(10_000);
  progress.bar({ what: "importing", share: 0.25, detail: "250 lines" });
  pass(30_000);
  progress.bar({ what: "importing", share: 1, detail: "1,000 lines" });
  progress.done();
  expect(written).toEqual([
    `\r\u001b[Kimporting [${"·".repeat(24)}] 0 %, 0 lines`,
    `\r\u001b[Kimporting [${"#".repeat(6)}${"·".repeat(18)}] 25 %, 250 lines, 30 s left`,
    `\r\u001b[Kimporting [${"#".repeat(24)}] 100 %, 1,000 lines`,
    "\r\u001b[K",
  ]);
});

test("at most ten times a second, and always at the end", () => {
  const { written, progress, pass } = aTerminal(true);
  for (let n = 0; n <= 1_000; n++) {
    progress.bar({ what: "x", share: n / 1_000, detail: "" });
    pass(1);
  }
  expect(written.length).toBe(11);
  expect(written.at(-1)).toContain("100 %");
});

test("where nobody looks on, not a letter is written", () => {
  const { written, progress } = aTerminal(false);
  progress.show("reading");
  progress.bar({ what: "importing", share: 0.5, detail: "" });
  progress.done();
  expect(written).toEqual([]);
});
