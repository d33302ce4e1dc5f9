/** Email addresses: parse, refuse, canonical form. */
// node:url reads nothing here: domainToASCII and domainToUnicode are UTS #46 as pure functions.
import { domainToASCII, domainToUnicode } from "node:url";
import { Invalid } from "../errors.ts";
import { isOneScript } from "./script.ts";

/** An address we can write to. `${local}@${domain}` is the envelope's form: ASCII throughout. */
export interface Address {
  /** As it was typed, without spaces around it: what a reader is shown. */
  readonly typed: string;
  /** Case as typed: only its server knows whether it matters. */
  readonly local: string;
  /** Lower case, A-labels (`xn--…`). */
  readonly domain: string;
  /** The same for every way to write the same address: what makes a subscription unique. */
  readonly key: string;
}

/** RFC 5321 section 4.5.3.1.1, and section 4.5.3.1.3 less its two angle brackets (RFC 3696, erratum 1690). */
const LONGEST = { local: 64, address: 254, label: 63 } as const;

/** RFC 5322 section 3.2.3, dot-atom. Quoted parts, comments and spaces are none. */
const DOT_ATOM = /^[a-z0-9!#$%&'*+/=?^_`{|}~-]+(?:\.[a-z0-9!#$%&'*+/=?^_`{|}~-]+)*$/i;
const LABEL = /^[a-z0-9](?:[a-z0-9-]*[a-z0-9])?$/;

/**
 * Reads one address. Letters beyond ASCII are fine in the domain, and refused before the @: they need SMTPUTF8 (RFC 6531)
 * at every server on the way.
 *
 * @throws {Invalid} with one problem for the field `email`, which does not repeat the address
 */
export function parseAddress(text: string): Address {
  const typed = text.replace(/^[ \t]+|[ \t]+$/g, "");
  if (typed === "") refuse("Write an email address.");
  if (typed.length > LONGEST.address) refuse(`An email address has at most ${LONGEST.address} characters.`);
  // Line breaks above all: they would begin a new header (docs/promises.md S10).
  if (/[\p{C}\p{Z}]/u.test(typed)) refuse("An email address has no spaces, line breaks or invisible characters.");

  const at = typed.lastIndexOf("@");
  if (at < 1 || at === typed.length - 1) refuse("An email address looks like name@example.org.");
  const local = typed.slice(0, at);
  const domain = asciiDomain(typed.slice(at + 1));

  if (/[^\x21-\x7e]/.test(local))
    refuse("Before the @ we can only write to addresses with the letters a to z, digits and marks.");
  if (local.length > LONGEST.local) refuse(`An email address has at most ${LONGEST.local} characters before the @.`);
  if (!DOT_ATOM.test(local))
    refuse(
      "Before the @ an address has letters, digits, marks and single dots between them, and no quotes or brackets.",
    );
  if (local.length + 1 + domain.length > LONGEST.address)
    refuse(`An email address has at most ${LONGEST.address} characters.`);
  return { typed, local, domain, key: `${local.toLowerCase()}@${domain}` };
}

/**
 * A coarser key under which the spellings of one mailbox meet where the provider ignores dots and what follows a plus.
 * Others do not ignore them, so it is for limits, never for telling readers apart.
 */
export function foldedKey(address: Pick<Address, "key">): string {
  const at = address.key.lastIndexOf("@");
  const local = address.key.slice(0, at);
  const folded = local.replace(/(?<=.)\+.*$/, "").replaceAll(".", "");
  return `${folded}${address.key.slice(at)}`;
}

/** `reader@example.com` → `r•••@example.com`: enough for the owner to know it, and as many dots whatever is hidden. */
export function maskAddress(address: string): string {
  const at = address.lastIndexOf("@");
  if (at < 0) return "•••";
  return `${at > 1 ? address.slice(0, 1) : ""}•••${address.slice(at)}`;
}

/** The domain in lower-case A-labels. */
function asciiDomain(typed: string): string {
  if (typed.startsWith("[")) refuse("Write the name of the mail server after the @, not its number.");
  // Only letters, marks and digits: the mapping to ASCII would undo %61, cut at a slash and drop invisible joiners.
  if (!/^[\p{L}\p{M}\p{N}.-]+$/u.test(typed)) refuse("After the @ an address has letters, digits, hyphens and dots.");
  const ascii = domainToASCII(typed.normalize("NFC"));
  const labels = ascii.split(".");
  const isName = labels.every((label) => label.length <= LONGEST.label && LABEL.test(label));
  if (!isName) refuse("After the @ an address has a domain such as example.org.");
  if (labels.length < 2) refuse("The domain after the @ has at least one dot, as in example.org.");
  if (!/[a-z]/.test(labels.at(-1) ?? "")) refuse("Write the name of the mail server after the @, not its number.");
  const letters = domainToUnicode(ascii).split(".");
  // An A-label that stands for nothing: Node 26 lets it through as it is.
  if (letters.some((label) => label.startsWith("xn--")))
    refuse("After the @ an address has a domain such as example.org.");
  if (!letters.every(isOneScript)) refuse("The domain after the @ mixes letters of several scripts.");
  return ascii;
}

function refuse(message: string): never {
  throw new Invalid(message, [{ field: "email", message }]);
}
