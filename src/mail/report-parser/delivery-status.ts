/** RFC 3464 and its international twin, RFC 6533: what happened to each recipient. */
import { enhancedStatus } from "../../core/report-class.ts";

import { type Fields, readBlocks, withoutType } from "./fields.ts";
import type { OpenedMail } from "./open-mail.ts";
import type { Reading } from "./reading.ts";

const STATUS_PARTS: ReadonlySet<string> = new Set(["message/delivery-status", "message/global-delivery-status"]);

/** Blocks of the status parts; where there is none, those that some makes write into the text. */
export function statusBlocks(mail: OpenedMail, explanation: string): Fields[] {
  const parts = mail.parts.filter(({ type }) => STATUS_PARTS.has(type));
  if (parts.length > 0) return parts.flatMap(({ text }) => readBlocks(text));
  return readBlocks(explanation).filter(
    (block) => block.has("final-recipient") || (block.has("action") && block.has("status")),
  );
}

/** Null when the blocks tell the fate of nobody. */
export function readDeliveryStatus(blocks: readonly Fields[]): Reading | null {
  const fates = blocks.flatMap((block) => {
    const fate = fateOf(block);
    return fate === null ? [] : [{ fate, block }];
  });
  // Our mails have one recipient; where it was forwarded to several, the worst news counts.
  const worst = FATES.map((fate) => fates.find((one) => one.fate === fate)).find((one) => one !== undefined);
  if (worst === undefined) return null;
  const { fate, block } = worst;
  const diagnostic = withoutType(block.get("diagnostic-code") ?? "");
  const comment = /\(([^()]*)\)/.exec(block.get("status") ?? "")?.[1] ?? "";
  return { kind: fate, status: statusOf(block, diagnostic), said: [diagnostic, comment].filter(Boolean).join(" ") };
}

const FATES = ["failed", "delayed", "nothing"] as const;

/** RFC 3464 2.3.3: only `failed` is a failure; without an action the class of the status tells. */
function fateOf(block: Fields): (typeof FATES)[number] | null {
  const action = /^[a-z]+/.exec((block.get("action") ?? "").toLowerCase())?.[0] ?? "";
  if (action === "failed" || action === "delayed") return action;
  if (action === "delivered" || action === "relayed" || action === "expanded") return "nothing";
  const status = enhancedStatus(block.get("status") ?? "");
  if (status === null) return null;
  return status.startsWith("5") ? "failed" : status.startsWith("4") ? "delayed" : "nothing";
}

/** The status, or the code of the answer where the status is only its first digit's worth (`5.0.0`). */
function statusOf(block: Fields, diagnostic: string): string | null {
  const status = enhancedStatus(block.get("status") ?? "");
  return status === null || status.endsWith(".0.0") ? (enhancedStatus(diagnostic) ?? status) : status;
}
