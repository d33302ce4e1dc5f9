import { createHash } from "node:crypto";
import type { Queue } from "../queue/queue.ts";
import type { NewReport, Reports } from "../store/reports.ts";

export type Needs = { reports: Pick<Reports, "keep">; queue: Pick<Queue, "ring"> };

/** A bounce, complaint or reply, as it came in. */
export interface Incoming {
  readonly via: NewReport["via"];
  readonly raw: Uint8Array;
  /** Bytes that whoever read it left out. */
  readonly cut: number;
  /** What the provider calls this event: it is kept once. */
  readonly eventKey: string | null;
  /** Of mail that came by SMTP. */
  readonly envelope: { readonly to: string | null; readonly from: string | null } | null;
}

/** docs/promises.md §3: intake takes 2 MB. */
const MOST_BYTES = 2 * 1024 * 1024;
/** An address is 254 letters at most (RFC 5321 4.5.3.1.3). */
const ENVELOPE_LETTERS = 400;

/**
 * Keeps a report, before anybody is answered, and rings for it. `known` when this event was kept before.
 *
 * @throws {Temporary} when it could not be kept: whoever brought it must bring it again
 */
export async function receiveReport({ reports, queue }: Needs, incoming: Incoming): Promise<"kept" | "known"> {
  const { via, raw, cut, eventKey, envelope } = incoming;
  const id = await reports.keep({
    via,
    raw: raw.subarray(0, MOST_BYTES),
    cut: cut + Math.max(0, raw.length - MOST_BYTES),
    eventKey: eventKey && (eventKey.length > 100 ? digestOf(eventKey) : storable(eventKey)),
    envelopeTo: envelope && storable(envelope.to),
    envelopeFrom: envelope && storable(envelope.from),
  });
  if (id === null) return "known";
  await queue.ring("apply-report", { reportId: String(id) });
  return "kept";
}

/** PostgreSQL keeps neither NUL nor half a surrogate pair. */
function storable(text: string | null): string | null {
  return text?.slice(0, ENVELOPE_LETTERS).replace(/[\0\p{Cs}]/gu, "") ?? null;
}

function digestOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}
