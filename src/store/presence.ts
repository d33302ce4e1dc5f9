/**
 * Says to whoever would put a backup into the database that a process is running on it: a lock that lives as long as the
 * session that holds it, so that nobody has to clean up after a kill.
 */
import { Socket } from "node:net";
import pg from "pg";
import type { Log } from "../log.ts";
import { PRESENCE_LOCK } from "./locks.ts";
import { connectionFault } from "./usable.ts";

const RETRY_MS = 5_000;
const PATIENCE_MS = 1_000;

/**
 * Waits while a backup is being restored, so that nobody meets half of it. A session that breaks is opened anew for as long
 * as the process stays.
 *
 * @param name shown to the operator: `paperboy worker`
 * @throws {Temporary} when the database cannot be reached, {@link Permanent} when it refuses us
 */
export async function openPresence({ url, name, log }: { url: string; name: string; log: Log }): Promise<{
  close(): Promise<void>;
}> {
  let isClosed = false;
  let timer: NodeJS.Timeout | undefined;
  let session: pg.Client;
  let socket: Socket;
  const enter = async () => {
    const line = new Socket();
    const client = new pg.Client({
      connectionString: url,
      application_name: name,
      keepAlive: true,
      stream: () => line,
    });
    socket = line;
    client.on("error", () => {}); // `end` follows, or what is awaited rejects
    session = client;
    await client.connect();
    const patience = setTimeout(() => log.info("A backup is being restored; waiting for it"), PATIENCE_MS);
    await client.query("SELECT pg_advisory_lock_shared($1)", [PRESENCE_LOCK]).finally(() => clearTimeout(patience));
    client.once("end", again);
  };
  const again = () => {
    if (isClosed) return;
    timer = setTimeout(() => {
      void enter().catch(again); // the database is away: whoever needs it says so
    }, RETRY_MS);
    timer.unref();
  };
  try {
    await enter();
  } catch (error) {
    await session!.end().catch(() => {});
    throw connectionFault(error, url);
  }
  return {
    async close() {
      isClosed = true;
      clearTimeout(timer);
      // A database that does not answer must not keep a process from ending.
      const cut = setTimeout(() => socket.destroy(), PATIENCE_MS);
      await session.end().catch(() => {});
      clearTimeout(cut);
    },
  };
}

/** Who is there, as the operator knows them: `paperboy worker (10.0.0.3)`. */
export async function present(db: Pick<pg.ClientBase, "query">): Promise<string[]> {
  const { rows } = await db.query<{ who: string }>(
    `SELECT a.application_name || CASE WHEN a.client_addr IS NULL THEN '' ELSE ' (' || host(a.client_addr) || ')' END AS who
     FROM pg_locks l JOIN pg_stat_activity a USING (pid)
     WHERE l.locktype = 'advisory' AND l.granted AND l.pid <> pg_backend_pid() AND l.objsubid = 1
       AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND (l.classid::bigint << 32 | l.objid::bigint) = $1 ORDER BY who`,
    [PRESENCE_LOCK],
  );
  return rows.map(({ who }) => who);
}
