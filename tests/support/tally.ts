/** What the far end has, against what the ledger says. */

import type { LedgerRow } from "./campaign.ts";
import type { FarMail } from "./far-end.ts";

/** One mail that the far end took more often than once: two copies that follow each other. */
export interface Double {
  readonly first: FarMail;
  readonly second: FarMail;
}

export interface Tally {
  /** Deliveries in the ledger. */
  readonly planned: number;
  /** Mails the far end took, each counted once. */
  readonly mails: number;
  /** Deliveries that were neither taken nor ended for a reason that is written down. */
  readonly lost: readonly LedgerRow[];
  /** Mails taken twice or more. */
  readonly doubled: number;
  readonly doubles: readonly Double[];
  /** Of the doubles, those whose bytes differ. */
  readonly otherBytes: number;
  /** Mails taken three times or more. */
  readonly tripled: number;
  /** Mails whose Message-ID is not of the delivery to the reader they were handed over for, such as a second one. */
  readonly astray: readonly FarMail[];
  /** Deliveries the ledger calls accepted with an answer that the far end gave to no mail of theirs. */
  readonly disagreeing: readonly LedgerRow[];
}

export function tally(ledger: readonly LedgerRow[], mails: readonly FarMail[]): Tally {
  const taken = mails.filter(({ answer }) => answer !== "deferred" && answer !== "refused");
  const byReader = grouped(taken, ({ to }) => to);
  const byMail = grouped(taken, ({ messageId }) => messageId);
  const more = [...byMail.values()].filter((copies) => copies.length > 1);
  const doubles = more.flatMap((copies) => copies.slice(1).map((second, n) => ({ first: copies[n]!, second })));
  const idsOf = new Map(
    [...grouped(ledger, ({ email }) => email)].map(([email, rows]) => [email, rows.map(({ id }) => id)]),
  );
  const mailsOf = ({ email }: Pick<LedgerRow, "email">) => byReader.get(email) ?? [];
  return {
    planned: ledger.length,
    mails: byMail.size,
    lost: ledger.filter((row) => (mustBeTaken(row) ? mailsOf(row).length === 0 : !isEnded(row))),
    doubled: more.length,
    doubles,
    otherBytes: doubles.filter(({ first, second }) => first.sha256 !== second.sha256).length,
    tripled: more.filter((copies) => copies.length > 2).length,
    astray: taken.filter(({ to, messageId }) => !(idsOf.get(to) ?? []).some((id) => messageId.includes(`.${id}@`))),
    disagreeing: ledger.filter(
      ({ state, answer, ...row }) => state === "accepted" && !mailsOf(row).some((mail) => isAbout(answer, mail)),
    ),
  };
}

function isAbout(answer: string | null, mail: FarMail): boolean {
  return mail.answer === "accepted" && (answer ?? "").split(" ").includes(mail.id);
}

const mustBeTaken = ({ state }: LedgerRow): boolean => state === "accepted";

/** Not sent, or perhaps sent, for a reason that stands in the ledger. */
function isEnded({ state, reason }: LedgerRow): boolean {
  return !["planned", "claimed", "retry"].includes(state) && reason !== null;
}

function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const one of all) {
    const group = groups.get(keyOf(one));
    if (group) group.push(one);
    else groups.set(keyOf(one), [one]);
  }
  return groups;
}
