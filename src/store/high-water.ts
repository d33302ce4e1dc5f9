/**
 * The high-water mark: how far this database has come, noted in `DATA_DIR` too. A database that stands behind it was put
 * back from a backup, whatever tool did that.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readFile, rename } from "node:fs/promises";
import { join } from "node:path";
import { z } from "zod";
import type { PrismaClient } from "../../prisma/client/client.ts";
import { Invalid } from "../errors.ts";

/** What stands in `DATA_DIR`. Numbers of rows are text: they outgrow what JSON keeps exactly. */
const markSchema = z.object({
  databaseId: z.uuid(),
  /** Whose row in the database this mark is the twin of. */
  witness: z.uuid(),
  height: z.int(),
  restorations: z.int(),
  at: z.string(),
  /** The last number given out, for each kind of thing that links and Message-IDs name. */
  lastIds: z.record(z.string(), z.string().regex(/^\d+$/u)),
});
export type Mark = Readonly<z.infer<typeof markSchema>>;

/** `restored`: it was put back from a backup, and another process has seen to that. */
export type Standing = { readonly is: "level" | "behind" } | { readonly is: "restored"; readonly restorations: number };

export interface HighWater {
  /** The same for a database and its restored copies. */
  readonly databaseId: string;
  /** Null before the first one, and for a process that keeps none. */
  mark(): Mark | null;
  standing(): Promise<Standing>;
  /** Whether whoever keeps this mark had looked at the database by the time that it shows. */
  wasThere(): Promise<boolean>;
  /** Notes how far the database has come; not when it stands behind, which is for {@link standing} to tell. */
  rise(): Promise<void>;
  /** Goes on from a restored database as it is now. */
  adopt(restorations: number): Promise<void>;
  close(): Promise<void>;
}

/** How long the last note may hold up a process that ends. */
const LAST_NOTE_MS = 2_000;

/**
 * @param folder where the marks are kept, one a database; null: none is kept, as for a database that is gone afterwards
 * @throws {Invalid} when the mark that is there cannot be read: without it a restored database would go unnoticed
 */
export async function openHighWater(prisma: PrismaClient, folder: string | null): Promise<HighWater> {
  const databaseId = await identify(prisma);
  const path = folder === null ? null : join(folder, `${databaseId}.json`);
  let mark = path === null ? null : await readMark(path);
  const witness = mark?.witness ?? randomUUID();

  const note = async (row: Noted | undefined) => {
    if (row === undefined || path === null) return;
    const { height, restorations, at, ...ids } = row;
    const lastIds = Object.fromEntries(Object.entries(ids).map(([name, id]) => [name, String(id)]));
    mark = { databaseId, witness, height: Number(height), restorations, at: at.toISOString(), lastIds };
    await writeWhole(path, `${JSON.stringify(mark, null, 2)}\n`);
  };

  const highWater: HighWater = {
    databaseId,
    mark: () => mark,
    async standing() {
      if (!mark) return { is: "level" };
      const [row] = await prisma.$queryRaw<{ height: bigint | null; restorations: number }[]>`
        SELECT (SELECT height FROM witnesses WHERE id = ${witness}::uuid) AS height,
          (SELECT coalesce(max(number), 0) FROM restorations) AS restorations`;
      const { height, restorations } = row!;
      if (restorations > mark.restorations) return { is: "restored", restorations };
      const isBehind = restorations < mark.restorations || height === null || height < mark.height;
      return { is: isBehind ? "behind" : "level" };
    },
    async wasThere() {
      if (!mark) return false;
      const rows = await prisma.$queryRaw<object[]>`SELECT 1 AS one FROM witnesses WHERE id = ${witness}::uuid`;
      return rows.length > 0;
    },
    async rise() {
      if (path === null) return;
      const [noted] = mark
        ? await prisma.$queryRaw<Noted[]>`
            UPDATE witnesses SET height = height + 1, risen_at = paperboy_now()
            WHERE id = ${witness}::uuid AND height >= ${mark.height}
              AND ${mark.restorations} = (SELECT coalesce(max(number), 0) FROM restorations)
            RETURNING height, risen_at AS at, ${mark.restorations}::int AS restorations,
              (SELECT last_value FROM deliveries_id_seq) AS deliveries, (SELECT last_value FROM requests_id_seq) AS requests,
              (SELECT last_value FROM subscriptions_id_seq) AS subscriptions, (SELECT last_value FROM papers_id_seq) AS papers`
        : await begin(prisma, witness, 1);
      await note(noted);
    },
    async adopt(restorations) {
      const [noted] = await begin(prisma, witness, (mark?.height ?? 0) + 1);
      await note(noted && { ...noted, restorations });
    },
    async close() {
      // A mark that is a minute old serves as well; a database that does not answer must not keep a process from ending.
      let timer: NodeJS.Timeout | undefined;
      const enough = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, LAST_NOTE_MS);
      });
      await Promise.race([highWater.rise().catch(() => {}), enough]);
      clearTimeout(timer);
    },
  };
  return highWater;
}

interface Noted {
  height: bigint;
  at: Date;
  restorations: number;
  deliveries: bigint;
  requests: bigint;
  subscriptions: bigint;
  papers: bigint;
}

function begin(prisma: PrismaClient, witness: string, height: number): Promise<Noted[]> {
  return prisma.$queryRaw<Noted[]>`
    INSERT INTO witnesses AS w (id, height, risen_at) VALUES (${witness}::uuid, ${height}, paperboy_now())
    ON CONFLICT (id) DO UPDATE SET height = greatest(w.height, EXCLUDED.height), risen_at = EXCLUDED.risen_at
    RETURNING height, risen_at AS at, (SELECT coalesce(max(number), 0) FROM restorations) AS restorations,
      (SELECT last_value FROM deliveries_id_seq) AS deliveries, (SELECT last_value FROM requests_id_seq) AS requests,
      (SELECT last_value FROM subscriptions_id_seq) AS subscriptions, (SELECT last_value FROM papers_id_seq) AS papers`;
}

/** Drawn by the first process and not by a migration: rows loaded into a migrated, empty database bring theirs. */
async function identify(prisma: PrismaClient): Promise<string> {
  await prisma.$executeRaw`INSERT INTO database_identity (id) VALUES (gen_random_uuid()) ON CONFLICT DO NOTHING`;
  const [row] = await prisma.$queryRaw<{ id: string }[]>`SELECT id::text AS id FROM database_identity`;
  return row!.id;
}

async function readMark(path: string): Promise<Mark | null> {
  const text = await readFile(path, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return null;
    throw error;
  });
  if (text === null) return null;
  try {
    return markSchema.parse(JSON.parse(text));
  } catch (cause) {
    throw new Invalid(
      `${path} is not the high-water mark it should be. Put it back from a backup; if this database was not restored since, delete it.`,
      [],
      { cause },
    );
  }
}

/** Whole or not at all, and on the disk before the database can be copied back. */
async function writeWhole(path: string, text: string): Promise<void> {
  await mkdir(join(path, ".."), { recursive: true, mode: 0o700 });
  const draft = `${path}.${randomUUID()}`; // several jobs, and several processes, may note at once
  const file = await open(draft, "w", 0o600);
  try {
    await file.writeFile(text);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(draft, path);
}
