/** Looks, before anything else and each minute from then on, whether the database was restored from a backup. */
import { type Needs, noticeRestore } from "../src/actions/notice-restore.ts";
import type { HighWater } from "../src/store/high-water.ts";

export type WatchApp = Needs & { highWater: HighWater };

const MINUTE_MS = 60_000;

/**
 * In every process, web or worker: each machine has its own journal of who left.
 *
 * @throws {Temporary} when the database does not answer the first look
 */
export async function watchDatabase(app: WatchApp): Promise<{ close(): void }> {
  const look = async () => {
    await noticeRestore(app);
    await app.highWater.rise();
  };
  await look();
  // A database that is away for a minute is asked again the next.
  const timer = setInterval(
    () => void look().catch((err) => app.log.warn({ err }, "could not look whether the database was restored")),
    MINUTE_MS,
  );
  return { close: () => clearInterval(timer) };
}
