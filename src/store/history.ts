/** What readers were sent before: read for a page of them at once, in the sending hour, for every digest there is. */
import type pg from "pg";
import type { Day } from "../core/paper.ts";
import { asFault } from "./faults.ts";

export type History = ReturnType<typeof history>;

/** Keys of the papers that some readers were sent, by the number of their subscription. */
export class Sent {
  // By plain numbers: a Map walks five times as long to a bigint.
  readonly #keys = new Map<number, number[]>();

  /** Empty for who was sent nothing. */
  of(subscriptionId: bigint): readonly number[] {
    return this.#keys.get(Number(subscriptionId)) ?? NOTHING;
  }

  keysOf(subscriptionId: number): number[] {
    let keys = this.#keys.get(subscriptionId);
    if (keys === undefined) {
      keys = [];
      this.#keys.set(subscriptionId, keys);
    }
    return keys;
  }
}

const NOTHING: readonly number[] = [];

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
     * `since`, the first local day that can hold a paper of the edition at hand.
     */
    async sentTo(subscriptionIds: readonly bigint[], since: Day): Promise<Sent> {
      try {
        const { rows } = await pool.query<{ sent: string | null }>(SENT, [`{${subscriptionIds.join(",")}}`, since]);
        return readSent(rows[0]!.sent ?? "");
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

/** By hand, letter by letter: `split` would make a text of each number first. */
function readSent(text: string): Sent {
  const sent = new Sent();
  let keys: number[] = [];
  let number = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= ZERO && code <= NINE) number = 10 * number + code - ZERO;
    else {
      if (code === OPEN) keys = sent.keysOf(number);
      else if (code === COMMA || text.charCodeAt(at - 1) !== OPEN) keys.push(number);
      number = 0;
    }
  }
  return sent;
}

const [ZERO, NINE, COMMA, OPEN] = [48, 57, 44, 123];
