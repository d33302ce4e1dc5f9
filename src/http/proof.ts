/** How something was asked for on a page: what proves consent later. */
import type { Request } from "express";
import type { Proof } from "../actions/request-subscription.ts";
import type { Texts } from "../core/text.ts";

/** What somebody reads who asks and confirms: the form, what /privacy says, the mail and the page with the button. */
const WORDS = ["page.home", "page.form", "page.privacy", "mail.confirm", "page.press.confirm"];

/**
 * @param page path of the page or the part of the API, without anything a visitor chose
 * @param language of the words that were shown; for the API, which shows none, of the mail that follows
 */
export function proofOf({ texts }: { readonly texts: Texts }, req: Request, page: string, language: string): Proof {
  return { page, textVersion: texts.versionOf(language, WORDS), ip: req.ip ?? null };
}
