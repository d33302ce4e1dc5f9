/** The whole store on a database of its own, with a clock the test sets. */

import type { Preferences } from "../../src/core/subscription.ts";
import { openLog } from "../../src/log.ts";
import { openDatabase } from "../../src/store/database.ts";
import { openGate } from "../../src/store/gate.ts";
import { storeOn } from "../../src/store/store.ts";
import { preferences } from "./builders.ts";
import { aDatabase } from "./database.ts";
import { aClock, at } from "./time.ts";

export type TestStore = Awaited<ReturnType<typeof aStore>>;

/** @param on a migrated database that is there already, and stays when the store is closed */
export async function aStore(start = at("2026-04-15T07:00Z"), on: string | null = null) {
  const database = on === null ? await aDatabase() : { url: on, drop: async () => {} };
  const { prisma, pool, close } = await openDatabase({ url: database.url });
  const clock = await aClock(pool, start);
  const log = openLog({ level: "silent", pretty: false });
  const rooms = storeOn({ prisma, pool }, log);
  const gate = openGate({ ...rooms, log });
  let readers = 0;
  return {
    ...rooms,
    gate,
    prisma,
    pool,
    clock,
    url: database.url,
    /** Rows as the database has them: `await store.sql("SELECT state FROM deliveries")`. */
    async sql<T extends object>(text: string, values: unknown[] = []): Promise<T[]> {
      return (await pool.query<T>(text, values)).rows;
    },
    /** A confirmed reader, without a welcome digest. */
    async aReader(wanted: Preferences = preferences()): Promise<bigint> {
      readers += 1;
      const email = `reader${readers}@example.org`;
      const id = await rooms.requests.add({ email, addressKey: `key of ${email}`, wanted, askedBy: "form" });
      await rooms.requests.answered(id, "confirmation");
      const confirmed = await rooms.subscriptions.confirm(
        id,
        () => null,
        async () => {},
      );
      if (confirmed.outcome !== "confirmed") throw new Error(`the reader was not confirmed: ${confirmed.outcome}`);
      return confirmed.id;
    },
    async close() {
      await gate.close();
      await close();
      await database.drop();
    },
  };
}
