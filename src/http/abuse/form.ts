/** What a form has for the guard, and what the guard has for the form. */
import type { Response } from "express";
import type { Address } from "../../core/email-address.ts";
import { meantDomain } from "../../core/mistyped-domain.ts";
import type { Say } from "../../core/text.ts";
import type { Admission, Brought, Guard } from "../abuse.ts";
import type { FormBody } from "../bodies.ts";
import type { View } from "../pages.ts";
import { CONTENT_WITH_PROOF } from "../security.ts";

/** Names of fields in templates/pages/parts/guard.hbs and meant.hbs. */
const FIELDS = { honeypot: "homepage", solution: "altcha", instead: "instead", kept: "kept" } as const;

export function broughtBy(body: FormBody): Brought {
  return { solution: lastOf(body, "solution"), honeypot: lastOf(body, "honeypot") };
}

/** When a request is to be answered, for its action. */
export function whenOf(admission: Admission): { notBefore?: Date } {
  return admission.kind === "later" ? { notBefore: admission.notBefore } : {};
}

/** What the form shows of the guard: the field nobody sees, and where a proof of work is asked for, what solves it. */
export function openGuardView(guard: Guard, assetUrl: (name: string) => string): (res: Response) => Promise<View> {
  const hrefs = {
    challengeHref: "/api/v1/challenge",
    scriptHref: assetUrl("proof.js"),
    workerHref: assetUrl("proof-worker.js"),
  };
  return async (res) => {
    const isProofAsked = await guard.isProofAsked();
    if (isProofAsked) res.set("Content-Security-Policy", CONTENT_WITH_PROOF);
    return { isProofAsked, ...hrefs };
  };
}

/** An address that was probably meant, and the domain that was typed. */
export interface Meant {
  readonly address: string;
  readonly typed: string;
}

/** Null when there is nothing to ask about: the domain is fine, or its owner said so. */
export function meantAddress({ typed, domain }: Address, body: FormBody): Meant | null {
  const meant = meantDomain(domain);
  if (meant === null || lastOf(body, "kept") === domain) return null;
  return { address: `${typed.slice(0, typed.lastIndexOf("@"))}@${meant}`, typed: domain };
}

export function meantView(say: Say, { address, typed }: Meant): View {
  const hint = say("page.form.meantHint", { domain: typed, subscribe: say("page.home.subscribe") });
  return { address, typed, hint };
}

/** The suggestion was pressed: it takes the place of what stands in the field. */
export function instead(body: FormBody): { email?: string } {
  const email = lastOf(body, "instead");
  return email === "" ? {} : { email };
}

function lastOf(body: FormBody, field: keyof typeof FIELDS): string {
  return [body[FIELDS[field]] ?? ""].flat().at(-1) ?? "";
}
