import type { Audit, AuditEntry } from "../store/audit.ts";

export type Needs = { audit: Pick<Audit, "note" | "outcome"> };

/**
 * Does something because the operator wants it, and leaves an audit line. The line comes first, so that what a crash cuts short
 * has one as well; what came of it is added afterwards.
 *
 * @param said what the line tells of the outcome, without addresses
 */
export async function asOperator<T>(
  { audit }: Needs,
  entry: AuditEntry,
  work: () => Promise<T>,
  said: (outcome: T) => AuditEntry["details"] = () => ({}),
): Promise<T> {
  const id = await audit.note(entry);
  let outcome: T;
  try {
    outcome = await work();
  } catch (error) {
    // Whoever asked hears of the fault itself; what it says may name an address.
    await audit.outcome(id, { failed: true }).catch(() => {});
    throw error;
  }
  await audit.outcome(id, said(outcome));
  return outcome;
}
