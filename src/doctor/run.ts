/** Takes all looks side by side, each within its time. */
import { amber, type Finding, notLookedAt, OutOfSight, red, type Verdict } from "./finding.ts";

/** One look; several verdicts where there are several of a thing. */
export interface Check {
  readonly name: string;
  /** Needs the network: not taken offline. */
  readonly isRemote: boolean;
  look(): Promise<Verdict | readonly Verdict[]>;
}

/** @returns findings in the order of the checks, however long each took */
export async function runChecks(
  checks: readonly Check[],
  { isOffline, withinMs }: { isOffline: boolean; withinMs: number },
): Promise<Finding[]> {
  const findings = await Promise.all(
    checks.map(async ({ name: check, isRemote, look }) => {
      const verdicts =
        isOffline && isRemote ? notLookedAt("it needs the network") : await within(withinMs, () => careful(look));
      return [verdicts].flat().map((verdict): Finding => ({ check, ...verdict }));
    }),
  );
  return findings.flat();
}

async function careful(look: Check["look"]): Promise<Verdict | readonly Verdict[]> {
  try {
    return await look();
  } catch (error) {
    if (error instanceof OutOfSight) return notLookedAt(error.message);
    const words = error instanceof Error ? error.message : String(error);
    return red(`The look itself failed: ${words}.`, "Report this, with the settings but without their secrets.");
  }
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T | Verdict> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Verdict>((resolve) => {
    timer = setTimeout(() => resolve(amber(`Not looked at: no answer within ${ms / 1000} s.`)), ms);
  });
  try {
    return await Promise.race([work(), late]);
  } finally {
    clearTimeout(timer);
  }
}
