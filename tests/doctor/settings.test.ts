import { expect, test } from "vitest";
import { judgeAlarms } from "../../src/doctor/settings.ts";

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
  expect(judgeAlarms(alertTo, heartbeatUrl, isPublic)).toEqual({
    ...{ level, found: expect.stringMatching(found), advice: advice && expect.stringMatching(advice) },
  });
});
