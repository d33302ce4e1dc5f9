import { csvRow } from "../core/csv.ts";
import { EXPORTED, exportedRow } from "../core/reader-list.ts";
import type { SubscriptionState } from "../core/subscription.ts";
import type { ReaderExports, ReaderForExport } from "../store/reader-exports.ts";

export type Needs = { readerExports: Pick<ReaderExports, "page"> };

/** Readers read at a time: few enough that what they are made of dies young, as in an import. */
const PAGE = 100;

/**
 * The readers in these states as a file of comma-separated values, which `importReaders` reads again, piece by piece; no
 * field is a formula.
 *
 * @param onRead told how many readers were read so far
 */
export async function* exportReaders(
  { readerExports }: Needs,
  states: readonly SubscriptionState[],
  onRead: (readers: number) => void = () => {},
): AsyncGenerator<string> {
  yield csvRow(EXPORTED);
  let readers = 0;
  for (let after = 0n; ; ) {
    const page = await readerExports.page(states, after, PAGE);
    if (page.length > 0)
      yield page.map((reader) => csvRow(exportedRow({ ...reader, consent: consentOf(reader.proof) }))).join("");
    readers += page.length;
    onRead(readers);
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/** "2026-04-15T05:00:00.000Z confirmed by the link in a mail; asked 2026-04-15T04:58:00.000Z by form on / (words en-0123456789ab)" */
function consentOf(proof: ReaderForExport["proof"]): string | null {
  if (proof === null) return null;
  const { consent, askedBy, askedAt, confirmedAt, page, textVersion } = proof;
  if (consent !== null) return consent;
  const where = page === null ? "" : ` on ${page}`;
  const words = textVersion === null ? "" : ` (words ${textVersion})`;
  const confirmed = confirmedAt === null ? "" : `${confirmedAt.toISOString()} confirmed by the link in a mail; `;
  return `${confirmed}asked ${askedAt.toISOString()} by ${askedBy}${where}${words}`;
}
