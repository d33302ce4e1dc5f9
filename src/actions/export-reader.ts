import type { LeavingReasons, ReasonRecord } from "../store/leaving-reasons.ts";
import type {
  ChangeRecord,
  DeliveryCursor,
  DeliveryRecord,
  ReaderRecords,
  ReportRecord,
  RequestRecord,
  VerdictRecord,
} from "../store/reader-records.ts";
import type { Subscription } from "../store/subscriptions.ts";

export type Needs = { readerRecords: ReaderRecords; leavingReasons: Pick<LeavingReasons, "ofReader"> };

/**
 * The form of an export, told by `format`: fields may be added to it, none changes its meaning. Times are in UTC.
 *
 * @example {"format": "paperboy-reader/1", "exportedAt": …, "address": …, "addressKey": …, "subscription": …, "suppression": …,
 *   "changes": […], "requests": […], "deliveries": […], "verdicts": […], "reports": […],
 *   "leavings": […]}
 */
const FORMAT = "paperboy-reader/1";

/** Rows read at a time: what a reader has gathered in ten years fits into memory page by page. */
const PAGE = 100;

/**
 * Everything held on a reader, as the pieces of one JSON object, read while it is written:
 *
 * - `address` as it was typed, and `addressKey`, which is what stays of it after erasure
 * - `subscription`: state, every preference, since when, and how it ended
 * - `suppression`: why we do not write to this address, if so
 * - `changes`: every choice with when and how; `requestId` leads to the request that was confirmed
 * - `requests`: when, on which page, under which version of its words and from which network address (hashed) it was asked
 * - `deliveries`: each digest with its papers, when it was due, what became of it; newest first
 * - `verdicts` and `reports`: what came back from mails, and what was made of it; `bytes` in base64 until they are dropped
 * - `leavings`: why they left, if they said so
 */
export async function* exportReader(
  { readerRecords: records, leavingReasons }: Needs,
  { id, email, state, preferences, pausedUntil, elsewhere, endedAt, version }: Subscription,
  now: Date,
): AsyncGenerator<string> {
  const standing = await records.standing(id);
  if (!standing) return;
  const { addressKey, createdAt, confirmedAt, endedBecause, toldQuietAt, suppression } = standing;
  const head = {
    ...{ format: FORMAT, exportedAt: now, address: email, addressKey },
    subscription: {
      ...{ id, state, version, createdAt, confirmedAt, pausedUntil, elsewhere, endedAt, endedBecause, toldQuietAt },
      preferences,
    },
    suppression,
  };
  yield json(head).slice(0, -1);
  yield* list<ChangeRecord, number>(
    "changes",
    (after = 0) => records.changes(id, after, PAGE),
    ({ version: it }) => it,
  );
  yield* list<RequestRecord, bigint>(
    "requests",
    (after = 0n) => records.requests(addressKey, after, PAGE),
    (request) => request.id,
  );
  yield* list<DeliveryRecord, DeliveryCursor>(
    "deliveries",
    (before) => records.deliveries(id, before ?? null, PAGE),
    (delivery) => delivery,
  );
  yield* list<VerdictRecord, bigint>(
    "verdicts",
    (after = 0n) => records.verdicts(id, after, PAGE),
    (verdict) => verdict.id,
  );
  yield* list<ReportRecord, bigint>(
    "reports",
    (after = 0n) => records.reports(id, after, PAGE),
    (report) => report.id,
    async (report) => ({ ...report, bytes: await records.reportBytes(id, report.id) }),
  );
  yield* list<ReasonRecord, Date>(
    "leavings",
    (after = new Date(0)) => leavingReasons.ofReader(id, after, PAGE),
    ({ leftAt }) => leftAt,
  );
  yield "}\n";
}

/** One field with a list in it, page by page. */
async function* list<Row, Cursor>(
  name: string,
  pageAfter: (cursor?: Cursor) => Promise<Row[]>,
  cursorOf: (last: Row) => Cursor,
  complete: (row: Row) => unknown = (row) => row,
): AsyncGenerator<string> {
  yield `,${json(name)}:[`;
  let cursor: Cursor | undefined;
  for (let isFirst = true; ; ) {
    const page = await pageAfter(cursor);
    for (const row of page) {
      yield `${isFirst ? "\n" : ",\n"}${json(await complete(row))}`;
      isFirst = false;
    }
    if (page.length < PAGE) break;
    cursor = cursorOf(page.at(-1)!);
  }
  yield "]";
}

/** Numbers of rows are texts: JSON's numbers end at 2^53. */
function json(value: unknown): string {
  return JSON.stringify(value, (_, it) => (typeof it === "bigint" ? String(it) : it));
}
