/** Takes what comes back by mail: the SMTP listener of the bounce domain, bound to its action. */
import { createHash } from "node:crypto";
import { type Needs, receiveMail } from "../src/actions/receive-mail.ts";
import { recipientOf } from "../src/core/incoming.ts";
import type { Intake, IntakeOptions, MailIn } from "../src/mail/intake.ts";

export type IntakeApp = Needs & {
  /** Null: no setting names a port. */
  readonly openIntake: ((door: Pick<IntakeOptions, "isOurs" | "receive">) => Promise<Intake>) | null;
};

/** @returns null when bounces come another way */
export async function startIntake(app: IntakeApp): Promise<Intake | null> {
  if (app.openIntake === null) return null;
  return app.openIntake({
    isOurs: (address) => recipientOf(address, app.returnAddresses, app.now()) !== null,
    receive: ({ raw, cut, to, from }) =>
      receiveMail(app, { via: "smtp", raw, cut, eventKey: keyOf({ raw, cut, to, from }), envelope: { to, from } }),
  });
}

/** A sender that missed our 250 sends the same bytes again. */
function keyOf({ raw, cut, to }: MailIn): string {
  return createHash("sha256").update(`${to.toLowerCase()}\0${cut}\0`).update(raw).digest("hex");
}
