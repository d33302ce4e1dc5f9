import { type Digest, digestOf, pickDigest } from "../core/digest.ts";
import type { Day } from "../core/paper.ts";
import { QUIET_DAYS } from "../core/wider.ts";
import type { Log } from "../log.ts";
import type { Post } from "../mail/post.ts";
import type { Claimed, Claims, Outcome } from "../store/claims.ts";
import type { History } from "../store/history.ts";
import type { QuietReaders } from "../store/quiet-readers.ts";
import type { Recorder } from "../store/recorder.ts";
import type { Shelf, Shelved } from "../store/shelf.ts";

export type Needs = {
  deliveries: Pick<Claims, "fix">;
  history: Pick<History, "sentTo">;
  recorder: Recorder;
  quietReaders: Pick<QuietReaders, "tell">;
  shelf: Pick<Shelf, "get">;
  post: Pick<Post, "fitDigest">;
  log: Log;
  retentionDays: number;
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
 * Picks each reader's papers and fixes them before anything is sent, so that a retry sends the same; who has none is done,
 * and told so when it was like that for a month.
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
  /** Whose filter brought nothing; null where it was not that, or the claim had lapsed. */
  const empty: Promise<bigint | null>[] = [];
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
          empty.push(needs.recorder.record(delivery, ended("papers-withdrawn")).then(() => null));
          continue;
        }
        ready.push({ delivery, shelved, digest, composedAt: delivery.fixed.composedAt });
        continue;
      }
      const sentKeys = sent?.of(delivery.subscriptionId) ?? NO_KEYS;
      const picked = pickDigest({ ...wanted, maxPapers: delivery.preferences.maxPapers, sentKeys });
      if (picked.items.length === 0) {
        const everMatched = pickDigest({ ...wanted, maxPapers: 1, sentKeys: NO_KEYS }).items.length > 0;
        const end = needs.recorder.record(delivery, ended(everMatched ? "nothing-new" : "nothing-matched"));
        empty.push(end.then((isRecorded) => (isRecorded ? delivery.subscriptionId : null)));
        continue;
      }
      const digest = fitted(needs, { digest: picked, edition: shelved.edition, delivery });
      if (digest) fresh.push({ delivery, shelved, digest, composedAt: needs.now() });
      else broken.push(delivery);
    }
  }
  const without = (await Promise.all(empty)).filter((id) => id !== null);
  const [fixed] = await Promise.all([
    needs.deliveries.fix(
      fresh.map(({ delivery, digest, composedAt }) => ({
        delivery,
        paperKeys: digest.items.map((item) => item.paper.key),
        composedAt,
      })),
    ),
    tellQuiet(needs, without),
  ]);
  return { ready: [...ready, ...fresh.filter(({ delivery }) => fixed.has(delivery.id))], broken };
}

/** Digests do not wait for what goes wrong here: whoever was not told is told after the next one that is empty. */
async function tellQuiet({ quietReaders, retentionDays, log }: Needs, ids: readonly bigint[]): Promise<void> {
  // What was sent has to be kept for as long, or nobody knows.
  if (ids.length === 0 || retentionDays < QUIET_DAYS) return;
  await quietReaders.tell(ids, QUIET_DAYS).catch((err) => {
    log.error({ err }, "readers for whom nothing matched were not told so");
  });
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
