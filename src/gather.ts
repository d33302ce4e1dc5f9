import { Temporary } from "./errors.ts";

/** Answers the requests of a batch, each at its place. */
export type AskTogether<Q, A> = (batch: readonly Q[]) => Promise<readonly A[]>;

/**
 * One call is under way at a time; what comes meanwhile shares the next: who comes alone never waits for company, and a
 * crowd costs a call or two instead of one each.
 *
 * A batch that fails is asked again one by one, so that nobody fails for another's fault. Not when the fault is `Temporary`:
 * that is the other side's, and everybody's.
 *
 * @param most in one call
 */
export function gather<Q, A>(ask: AskTogether<Q, A>, { most }: { most: number }): (one: Q) => Promise<A> {
  let waiting: Waiting<Q, A>[] = [];
  let isRunning = false;

  const answer = async (batch: readonly Waiting<Q, A>[]): Promise<void> => {
    try {
      const answers = await ask(batch.map(({ one }) => one));
      batch.forEach(({ resolve }, index) => void resolve(answers[index]!));
    } catch (error) {
      if (batch.length > 1 && !(error instanceof Temporary)) for (const each of batch) await answer([each]);
      else for (const { reject } of batch) reject(error);
    }
  };

  const run = async () => {
    isRunning = true;
    while (waiting.length > 0) {
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      await answer(batch);
    }
    isRunning = false;
  };

  return (one) =>
    new Promise((resolve, reject) => {
      waiting.push({ one, resolve, reject });
      if (!isRunning) void run();
    });
}

interface Waiting<Q, A> {
  readonly one: Q;
  readonly resolve: (answer: A) => void;
  readonly reject: (error: unknown) => void;
}
