import type { HighWater } from "../store/high-water.ts";
import { type Needs as AfterNeeds, afterRestore } from "./after-restore.ts";

export type Needs = AfterNeeds & {
  highWater: Pick<HighWater, "standing" | "mark" | "adopt">;
  databaseNow: () => Promise<Date>;
};

/**
 * Asks whether the database was put back from a backup, and if so does what has to be done. One small query where all is
 * well: so that it can be asked before every batch of mails.
 */
export async function noticeRestore(needs: Needs): Promise<void> {
  const { highWater, restoration, journal, log } = needs;
  let standing = await highWater.standing();
  if (standing.is === "behind") {
    await afterRestore(needs, await needs.databaseNow());
    standing = await highWater.standing();
  }
  if (standing.is !== "restored") return;
  // Another machine settled it. What only this machine's journal knows is still to come.
  const done = await restoration.replay(journal.read());
  needs.shelf.forget();
  await highWater.adopt(standing.restorations);
  log.warn(done, "another process found the database restored from a backup: the journal of this machine was replayed");
}
