import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { PrismaPg } from "@prisma/adapter-pg";
import { bindMigrationAwareSqlAdapterFactory } from "@prisma/driver-adapter-utils";
import * as bindings from "@prisma/schema-engine-wasm/schema_engine_bg";
import type pg from "pg";

/** One folder of `prisma/migrations`. */
export type Migration = { name: string; script: string };

export type Engine = {
  /** Applies those of `migrations` that the database has not had, and notes them in `_prisma_migrations`. */
  apply(migrations: readonly Migration[]): Promise<void>;
};

/**
 * Prisma's schema engine, as WebAssembly from npm: the command line's native one is a download of its own.
 * Every statement of it goes through `pool`.
 */
export async function openEngine(pool: pg.Pool): Promise<Engine> {
  await instantiate();
  // The engine asks the schema for nothing but the kind of database.
  const datamodel: [string, string] = ["schema.prisma", 'datasource db { provider = "postgresql" }'];
  const scripts = new WholeScripts(pool);
  const adapter = bindMigrationAwareSqlAdapterFactory(scripts);
  const engine = await bindings.SchemaEngine.new({ datamodels: [datamodel] }, () => {}, adapter);
  return {
    async apply(migrations) {
      const applying = engine.applyMigrations({
        filters: { externalTables: [], externalEnums: [] },
        migrationsList: {
          baseDir: "prisma/migrations",
          lockfile: { path: "migration_lock.toml", content: 'provider = "postgresql"' },
          shadowDbInitScript: "",
          migrationDirectories: migrations.map(({ name, script }) => ({
            path: name,
            migrationFile: { path: "migration.sql", content: { tag: "ok", value: script } },
          })),
        },
      });
      // What the engine throws is its own stack; the words that help are PostgreSQL's.
      await applying.catch((error) => {
        throw scripts.failure ?? error;
      });
    },
  };
}

/** The adapter cuts a script at every semicolon, also inside `$$ … $$`. PostgreSQL takes it in one piece. */
class WholeScripts extends PrismaPg {
  failure: Error | undefined;

  override async connect() {
    const adapter = await super.connect();
    const pool = adapter.underlyingDriver();
    // Not through `executeRaw`: with parameters, even none, PostgreSQL takes one statement only.
    adapter.executeScript = async (script) => {
      await pool.query(script).catch((error: pg.DatabaseError) => {
        this.failure = inWords(error, script);
        throw error;
      });
    };
    return adapter;
  }
}

function inWords(error: pg.DatabaseError, script: string): Error {
  const line = error.position && script.slice(0, Number(error.position)).split("\n").length;
  const where = line ? ` (line ${line})` : "";
  const more = [error.detail, error.hint, error.where].filter(Boolean).join(". ");
  return new Error(`${error.message}${where}${more && `. ${more}`}`, { cause: error });
}

// TypeScript keeps this in its library for browsers, which we leave out.
declare const WebAssembly: {
  instantiate(code: Uint8Array, imports: object): Promise<{ instance: { exports: Record<string, unknown> } }>;
};

let instance: Promise<void> | undefined;

/** 5 MB of code that most starts do not need, so it is loaded by the first that does; once a process. */
function instantiate(): Promise<void> {
  instance ??= (async () => {
    const name = "@prisma/schema-engine-wasm/schema_engine_bg";
    const folder = dirname(createRequire(import.meta.url).resolve(name));
    const code = await readFile(join(folder, "schema_engine_bg.wasm"));
    const { exports } = (await WebAssembly.instantiate(code, { "./schema_engine_bg.js": imports() })).instance;
    bindings.__wbg_set_wasm(exports);
    (exports.__wbindgen_start as () => void)();
  })();
  return instance;
}

/** The engine never clears its ten-second lock timer, which would keep a finished `paperboy migrate` alive that long. */
function imports(): object {
  const timers = Object.entries(bindings).filter(([name]) => name.startsWith("__wbg_setTimeout_"));
  const quiet = timers.map(([name, set]) => {
    const start = set as unknown as (callback: () => void, ms: number) => NodeJS.Timeout;
    return [name, (callback: () => void, ms: number) => start(callback, ms).unref()] as const;
  });
  return { ...bindings, ...Object.fromEntries(quiet) };
}
