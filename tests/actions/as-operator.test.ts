import { expect, test } from "vitest";
import { asOperator } from "../../src/actions/as-operator.ts";
import type { AuditEntry } from "../../src/store/audit.ts";

const entry: AuditEntry = { by: "cli", what: "erase", about: "key of somebody", details: {} };

/** Remembers what it was told. */
function anAudit(isAway = false) {
  const told: unknown[] = [];
  const audit = {
    note: async (line: AuditEntry) => {
      told.push(line.what);
      return 7n;
    },
    outcome: async (id: bigint, details: AuditEntry["details"]) => {
      told.push([id, details]);
      if (isAway) throw new Error("the database is away");
      return 1;
    },
  };
  return { audit, told };
}

test("what is done leaves a line before and its outcome after", async () => {
  const { audit, told } = anAudit();
  const done = await asOperator(
    { audit },
    entry,
    async () => told.push("work"),
    () => ({ erased: 1 }),
  );
  expect([done, told]).toEqual([2, ["erase", "work", [7n, { erased: 1 }]]]);
});

test("what fails is noted as that, and its fault is the one that is heard of", async () => {
  const { audit, told } = anAudit(true);
  const failing = asOperator({ audit }, entry, () => Promise.reject(new Error("no room")));
  await expect(failing).rejects.toThrow("no room");
  expect(told).toEqual(["erase", [7n, { failed: true }]]);
});

test("what was done is never noted as failed, even when its outcome cannot be noted", async () => {
  const { audit, told } = anAudit(true);
  await expect(asOperator({ audit }, entry, async () => "done")).rejects.toThrow("the database is away");
  expect(told).toEqual(["erase", [7n, {}]]);
});
