import { inject } from "vitest";
import { createDatabase, dropDatabase } from "../../src/store/create-database.ts";
import { TEMPLATE } from "./global-setup.ts";

export type TestDatabase = { url: string; drop(): Promise<void> };

let count = 0;

/** A database of its own, migrated and empty of rows (or, without a template, of everything). About 100 ms. */
export async function aDatabase({ template = TEMPLATE }: { template?: string | null } = {}): Promise<TestDatabase> {
  const server = inject("databaseServer");
  const name = `test_${process.pid}_${++count}`;
  const url = await createDatabase(server, name, template === null ? {} : { template });
  return { url, drop: () => dropDatabase(server, name) };
}
