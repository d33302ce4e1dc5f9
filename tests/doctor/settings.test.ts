import { expect, test } from "vitest";
import { judgeAlarms, judgeSettings } from "../../src/doctor/settings.ts";

const MAILED = ["ops@example.org"];
const MONITOR = "https://monitor.example/ping";

test.each([
  ["both are set", MAILED, MONITOR, true, "green", /^What is wrong is mailed to ops@example\.org, and a monitor/, null],
  [
    "nobody is told",
    [],
    null,
    true,
    "amber",
    /^ALERT_TO and HEARTBEAT_URL are not set: .* nobody is written to\.$/,
    /^Write ALERT_TO=/,
  ],
  ["no mail", [], MONITOR, true, "amber", /^ALERT_TO is not set: /, /^Write ALERT_TO=/],
  [
    "no monitor",
    MAILED,
    null,
    true,
    "amber",
    /^HEARTBEAT_URL is not set: a machine that stands still/,
    /^Write HEARTBEAT_URL=/,
  ],
  [
    "at home",
    [],
    null,
    false,
    "green",
    /^ALERT_TO and HEARTBEAT_URL are not set: what is wrong stands in the log/,
    null,
  ],
] as const)("who hears of alarms: %s", (_, alertTo, heartbeatUrl, isPublic, level, found, advice) => {
  expect(judgeAlarms(alertTo, heartbeatUrl, { isPublic, hasAdmin: true })).toEqual({
    ...{ level, found: expect.stringMatching(found), advice: advice && expect.stringMatching(advice) },
  });
});

test("where there is no /admin, the doctor leads nobody there", () => {
  expect(judgeAlarms([], null, { isPublic: false, hasAdmin: false })).toEqual({
    ...{ level: "green", found: "ALERT_TO and HEARTBEAT_URL are not set: what is wrong stands in the log alone." },
    advice: null,
  });
});

test("a name that is nearly a setting's is told beside what is well, and beside what is wrong", () => {
  const near = [{ name: "DATABSE_URL", meant: "DATABASE_URL" }];
  const told = {
    ...{ level: "amber", found: "DATABSE_URL is no setting of Paperboy's and is not read." },
    advice: "Write DATABASE_URL if that is meant.",
  };
  expect(judgeSettings([], 2, near)).toEqual([
    { level: "green", found: "All 2 settings are ones that can be used.", advice: null },
    told,
  ]);
  expect(judgeSettings([{ field: "PORT", message: "PORT is not a port. Write 3000" }], 2, near)).toEqual([
    { level: "red", found: "PORT is not a port.", advice: "Write 3000" },
    told,
  ]);
});
