import { type Stage, stageOf, type Untold } from "../core/alarms.ts";
import { type Log, mask } from "../log.ts";
import type { Post } from "../mail/post.ts";
import type { Outcome } from "../mail/sender.ts";
import type { Alarms } from "../store/alarms.ts";

export type Needs = {
  alarms: Alarms;
  post: Pick<Post, "sendAlarm">;
  /** Addresses of the operator; empty: nobody is told by mail. */
  alertTo: readonly string[];
  now: () => Date;
  log: Log;
};

/**
 * Writes to the operator what began and what is over: one mail for all there is to say of a kind. What no mail server takes
 * is tried again within ten. Nothing holds these mails back: neither `paperboy pause` nor the brake, a pace or a suppression.
 *
 * @returns how many mails were taken
 */
export async function tellIncidents(needs: Needs): Promise<number> {
  const { alarms, alertTo } = needs;
  if (alertTo.length === 0) return 0;
  await alarms.letPass();
  let mails = 0;
  for (let claimed = await alarms.claim(); claimed.length > 0; claimed = await alarms.claim()) {
    const taken = await tell(needs, claimed);
    mails += taken.mails;
    // An address that takes no mail for as long as it lasts does not keep the others from hearing that it is over.
    const settled = claimed.filter((each) => taken.isWhole || (stageOf(each) === "begun" && each.endedAt !== null));
    await alarms.told(byStage(settled));
    await alarms.tellLater(claimed.filter((each) => !settled.includes(each)).map(({ id }) => id));
  }
  return mails;
}

/** One mail an address, about what that address has not been told. */
async function tell(needs: Needs, claimed: readonly Untold[]): Promise<{ mails: number; isWhole: boolean }> {
  const { alarms, alertTo, log } = needs;
  let mails = 0;
  let isWhole = true;
  for (const address of alertTo) {
    const theirs = claimed.filter(({ toldTo }) => !toldTo.includes(address));
    if (theirs.length === 0) continue;
    const outcome = await send(needs, address, theirs);
    const incidents = theirs.map(({ id }) => String(id));
    if (outcome.kind === "temporary" || outcome.kind === "unsent") {
      isWhole = false;
      log.warn({ incidents, outcome }, "an alarm was not taken by a mail server; it is tried again");
      // Where no server is reached for one address, none is for another.
      if (outcome.kind === "unsent") break;
      continue;
    }
    if (outcome.kind === "refused")
      log.error({ incidents, answer: outcome.response }, "an address of ALERT_TO takes no mail: correct it");
    else mails += 1;
    if (alertTo.length > 1)
      await alarms.toldTo(
        theirs.map(({ id }) => id),
        address,
      );
  }
  return { mails, isWhole };
}

/** Once more when the answer was lost after DATA: a double is better than a loss. */
async function send({ post, now, log }: Needs, email: string, incidents: readonly Untold[]): Promise<Outcome> {
  const alarm = {
    email,
    // What a far end said may hold an address.
    incidents: incidents.map((each) => ({ ...each, words: mask(each.words), stage: stageOf(each) })),
    at: now(),
  };
  try {
    const first = await post.sendAlarm(alarm);
    return first.kind === "uncertain" ? await post.sendAlarm(alarm) : first;
  } catch (err) {
    // A signature that fails, say: others may still be told, and this one later.
    log.error({ err }, "an alarm could not be made");
    return { kind: "unsent", cause: "connection" };
  }
}

function byStage(claimed: readonly Untold[]): Record<Stage, bigint[]> {
  const of = (stage: Stage) => claimed.filter((each) => stageOf(each) === stage).map(({ id }) => id);
  return { begun: of("begun"), over: of("over"), both: of("both") };
}
