/** Reads a DKIM signature back from a finished message, as its receiver will. Pure. */
import { createHash, type KeyObject, verify } from "node:crypto";
import { bodyHash, cover, openMessage } from "./dkim-message.ts";

/**
 * Whether the message carries a signature of this selector that the public key verifies.
 *
 * Reads signatures as we write them (relaxed/simple, `b=` last) and is no verifier for strangers' mail.
 */
export function isSigned(
  message: Buffer,
  { selector, publicKey }: { selector: string; publicKey: KeyObject },
): boolean {
  const { fields, body } = openMessage(message);
  return (fields.get("dkim-signature") ?? []).some((field) => {
    const tags = tagsOf(field);
    if (tags.get("s") !== selector || tags.get("bh") !== bodyHash(body)) return false;
    const unsigned = field.replace(/\bb=[^;]*$/u, "b=");
    const text = Buffer.from(cover(fields, tags.get("h")!.split(":")).fields + unsigned, "latin1");
    const signature = Buffer.from(tags.get("b")!, "base64");
    return publicKey.asymmetricKeyType === "ed25519"
      ? verify(null, createHash("sha256").update(text).digest(), publicKey, signature)
      : verify("sha256", text, publicKey, signature);
  });
}

/** How many signatures these header lines are, of those that cover both headers of one-click leaving (RFC 8058 section 4). */
export function countSignatures(head: Buffer): number {
  const fields = head.toString("latin1").split(/\r\n(?![ \t])/u);
  return fields.filter((field) => {
    const covered = /^DKIM-Signature:[\s\S]*;\s*h=([^;]*);/u.exec(field)?.[1]?.split(/\s*:\s*/u) ?? [];
    return covered.includes("List-Unsubscribe") && covered.includes("List-Unsubscribe-Post");
  }).length;
}

function tagsOf(field: string): ReadonlyMap<string, string> {
  const list = field.slice(field.indexOf(":") + 1).replaceAll(" ", "");
  return new Map(list.split(";").map((tag) => [tag.slice(0, tag.indexOf("=")), tag.slice(tag.indexOf("=") + 1)]));
}
