/** What is kept about readers, why, for how long, and what they can do about it: in words for them, with the numbers in force. */
import { Router } from "express";
import { inertLine } from "../core/inert.ts";
import { CONSENT_DAYS, RAW_REPORTS_DAYS, UNCONFIRMED_DAYS } from "../core/retention.ts";
import { answer } from "./methods.ts";
import type { Pages } from "./pages.ts";

/** @param postalAddress of whoever runs this and answers for it; null until they set one */
export function privacyRoutes(
  { retentionDays, postalAddress }: { readonly retentionDays: number; readonly postalAddress: string | null },
  pages: Pages,
): Router {
  const router = Router();
  answer(router, "/privacy", {
    get(req, res) {
      const say = pages.say(req);
      pages.send(res, say, "privacy", {
        title: say("page.privacy.heading"),
        description: say("page.privacy.lead"),
        ...{ retentionDays, unconfirmedDays: UNCONFIRMED_DAYS, rawDays: RAW_REPORTS_DAYS },
        consentYears: Math.round(CONSENT_DAYS / 365),
        operator: postalAddress === null ? "" : inertLine(postalAddress, 300),
      });
    },
  });
  return router;
}
