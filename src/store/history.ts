/** What readers were sent before: read for a page of them at once, in the sending hour, for every digest there is. */
import type pg from "pg";
import type { Day } from "../core/paper.ts";
import { asFault } from "./faults.ts";

/** Keys of the papers one reader was sent. */
export class SentPapers {
  readonly keys: number[] = [];

  /** A week holds some seventy keys: walking them is faster than making a set of them. */
  has(key: number): boolean {
    return this.keys.includes(key);
  }
}

export type History = ReturnType<typeof history>;

/**
 * All rows as one text, `17{481,502}18{481}`: seven rows a reader are too many for a driver to make objects of. The readers
 * are one parameter, so that the index is walked once, in its order.
 */
const SENT = `
  SELECT string_agg(subscription_id || paper_ids::text, '') AS sent FROM deliveries
  WHERE subscription_id = ANY ($1::bigint[]) AND local_day >= $2::date
    AND (state IN ('accepted', 'uncertain') OR was_uncertain) AND paper_ids IS NOT NULL`;

export function history(pool: pg.Pool) {
  return {
    /**
     * Papers these readers were ever sent, under the keys they had then: from accepted and uncertain deliveries since
     * `since`, the first local day that can hold a paper of the edition at hand. Who was sent nothing is not in it.
     */
    async sentTo(subscriptionIds: readonly bigint[], since: Day): Promise<Map<bigint, SentPapers>> {
      try {
        const { rows } = await pool.query<{ sent: string | null }>(SENT, [`{${subscriptionIds.join(",")}}`, since]);
        return byReader(rows[0]!.sent ?? "");
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

function byReader(sent: string): Map<bigint, SentPapers> {
  const readers = new Map<bigint, SentPapers>();
  for (let at = 0; at < sent.length; ) {
    const open = sent.indexOf("{", at);
    const close = sent.indexOf("}", open);
    const id = BigInt(sent.slice(at, open));
    let papers = readers.get(id);
    if (papers === undefined) {
      papers = new SentPapers();
      readers.set(id, papers);
    }
    readNumbers(sent, open + 1, close, papers.keys);
    at = close + 1;
  }
  return readers;
}

/** Appends the numbers of `481,502` between two places of a text. By hand, for `split` makes a text of each first. */
function readNumbers(text: string, from: number, to: number, numbers: number[]): void {
  if (from === to) return;
  let number = 0;
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === COMMA) {
      numbers.push(number);
      number = 0;
    } else number = 10 * number + code - ZERO;
  }
  numbers.push(number);
}

const COMMA = 44;
const ZERO = 48;
