import { judgeVanguard, MOST_REFUSED } from "../core/wave.ts";
import type { Log } from "../log.ts";
import type { Queue } from "../queue/queue.ts";
import type { Gate } from "../store/gate.ts";
import type { Waves } from "../store/waves.ts";
import { ringDoorbells } from "./doorbells.ts";

export type Needs = {
  waves: Pick<Waves, "holding" | "tally" | "widen" | "release">;
  gate: Pick<Gate, "brake">;
  queue: Pick<Queue, "ring">;
  log: Log;
};

/**
 * Looks at each edition whose first digests went ahead: lets the others follow, or stops it. Where nothing is held this is
 * one look into a table of a few rows, so it may come every few seconds.
 */
export async function judgeWaves({ waves, gate, queue, log }: Needs): Promise<void> {
  for (const edition of await waves.holding()) {
    const tally = await waves.tally(edition);
    const verdict = judgeVanguard(tally);
    if (verdict === "stop")
      await gate.brake(
        edition,
        `Mail servers refused ${tally.refused} of the first ${tally.answered} digests of edition ${edition}, more than ${MOST_REFUSED * 100} %: it was stopped.`,
      );
    if (verdict === "widen") {
      const more = await waves.widen(edition);
      if (more) await ringDoorbells(queue, more);
    }
    if (verdict !== "release") continue;
    const held = await waves.release(edition);
    if (!held) continue;
    log.info({ edition, ...tally }, "the first digests were taken well; the others follow");
    for (const range of held) await ringDoorbells(queue, range);
  }
}
