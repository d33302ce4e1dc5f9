import { type Digest, digestOf, pickDigest } from "../core/digest.ts";
import type { Day } from "../core/paper.ts";
import type { Log } from "../log.ts";
import type { Post } from "../mail/post.ts";
import type { Claimed, Claims, Outcome } from "../store/claims.ts";
import type { History } from "../store/history.ts";
import type { Recorder } from "../store/recorder.ts";
import type { Shelf, Shelved } from "../store/shelf.ts";

export type Needs = {
  deliveries: Pick<Claims, "fix">;
  history: Pick<History, "sentTo">;
  recorder: Recorder;
  shelf: Pick<Shelf, "get">;
  post: Pick<Post, "fitDigest">;
  log: Log;
  now: () => Date;
};

/** A claimed delivery with its papers fixed. */
export interface Ready {
  readonly delivery: Claimed;
  readonly shelved: Shelved;
  readonly digest: Digest;
  readonly composedAt: Date;
}

/**
 * Picks each reader's papers and fixes them before anything is sent, so that a retry sends the same; who has none is done.
 *
 * @returns what is to be sent, and what could not be put together
 */
export async function fixDigests(
  needs: Needs,
  claimed: readonly Claimed[],
): Promise<{ readonly ready: Ready[]; readonly broken: Claimed[] }> {
  const ready: Ready[] = [];
  const fresh: Ready[] = [];
  const broken: Claimed[] = [];
  const empty: Promise<unknown>[] = [];
  for (const [date, group] of byEdition(claimed)) {
    const shelved = await needs.shelf.get(date);
    if (!shelved) throw new Error(`there are deliveries of edition ${date}, but no such edition`);
    const unfixed = group.filter((delivery) => delivery.fixed === null);
    const since = shelved.edition.historySince ?? date;
    const sent = unfixed.length > 0 ? await needs.history.sentTo(unfixed.map(readerOf), since) : null;
    for (const delivery of group) {
      const wanted = { ...shelved, filter: delivery.preferences.filter, cadence: delivery.cadence };
      if (delivery.fixed) {
        const digest = digestOf({ ...wanted, keys: delivery.fixed.paperKeys });
        if (digest.items.length === 0) {
          empty.push(needs.recorder.record(delivery, ended("papers-withdrawn")));
          continue;
        }
        ready.push({ delivery, shelved, digest, composedAt: delivery.fixed.composedAt });
        continue;
      }
      const sentKeys = sent?.of(delivery.subscriptionId) ?? NO_KEYS;
      const picked = pickDigest({ ...wanted, maxPapers: delivery.preferences.maxPapers, sentKeys });
      if (picked.items.length === 0) {
        const everMatched = pickDigest({ ...wanted, maxPapers: 1, sentKeys: NO_KEYS }).items.length > 0;
        empty.push(needs.recorder.record(delivery, ended(everMatched ? "nothing-new" : "nothing-matched")));
        continue;
      }
      const digest = fitted(needs, { digest: picked, edition: shelved.edition, delivery });
      if (digest) fresh.push({ delivery, shelved, digest, composedAt: needs.now() });
      else broken.push(delivery);
    }
  }
  await Promise.all(empty);
  const fixed = await needs.deliveries.fix(
    fresh.map(({ delivery, digest, composedAt }) => ({
      delivery,
      paperKeys: digest.items.map((item) => item.paper.key),
      composedAt,
    })),
  );
  return { ready: [...ready, ...fresh.filter(({ delivery }) => fixed.has(delivery.id))], broken };
}

const NO_KEYS: readonly number[] = [];

const readerOf = (delivery: Claimed): bigint => delivery.subscriptionId;

function byEdition(claimed: readonly Claimed[]): Map<Day, Claimed[]> {
  const editions = new Map<Day, Claimed[]>();
  for (const delivery of claimed) {
    const group = editions.get(delivery.editionDate);
    if (group) group.push(delivery);
    else editions.set(delivery.editionDate, [delivery]);
  }
  return editions;
}

/** One digest that cannot be put together is logged, and stops no other. */
function fitted({ post, log }: Needs, of: Parameters<Post["fitDigest"]>[0] & { delivery: Claimed }): Digest | null {
  try {
    return post.fitDigest(of);
  } catch (err) {
    log.error({ delivery: String(of.delivery.id), err }, "a digest could not be made");
    return null;
  }
}

function ended(reason: string): Outcome {
  return { state: "empty", reason, nextTryAt: null, isUncertain: false, answer: null, serverId: null };
}
