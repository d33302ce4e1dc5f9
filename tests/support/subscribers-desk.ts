/** `paperboy subscribers` on a store of its own, with a folder for its lists. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Readable, Writable } from "node:stream";
import { onTestFinished } from "vitest";
import type { App } from "../../src/app.ts";
import { subscribers } from "../../src/cli/commands/subscribers.ts";
import { openProgress } from "../../src/cli/progress.ts";
import type { ListTerminal } from "../../src/cli/terminal.ts";
import { parseDomainList } from "../../src/core/domain-list.ts";
import type { Address } from "../../src/core/email-address.ts";
import { openText } from "../../src/core/text.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { readCatalogues } from "../../src/mail/catalogues.ts";
import { aStore } from "./store.ts";
import { at } from "./time.ts";

export const NOW = at("2026-11-26T12:00Z");
const texts = openText(await readCatalogues("templates/text"));

/** Store and folder are gone after the test that asks for them. */
export async function aSubscribersDesk() {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-readers-"));
  const store = await aStore(NOW);
  onTestFinished(async () => {
    await store.close();
    rmSync(folder, { recursive: true });
    process.exitCode = undefined;
  });
  /** What the last command said, beside what it printed. */
  const told = { complained: [] as string[], output: "" };
  /** What stands in standard input. */
  const desk = { piped: [] as Buffer[] };

  /** @returns what it printed */
  const run = async (...args: string[]): Promise<string> => {
    const printed: string[] = [];
    Object.assign(told, { complained: [], output: "" });
    const terminal: ListTerminal = {
      print: (text) => void printed.push(text),
      complain: (text) => void told.complained.push(text),
      progress: openProgress({ write: () => {} }),
      input: () => Readable.from(desk.piped),
      output: new Writable({
        write(chunk, _, done) {
          told.output += String(chunk);
          done();
        },
      }),
      withApp: (work) =>
        work({
          ...{ ...store, addressKey: ({ key }: Pick<Address, "key">) => `key of ${key}`, texts },
          ...{ catalogue: defaultCatalogue, refusedDomains: parseDomainList("throwaway.example") },
          databaseNow: async () => store.clock.now(),
        } as unknown as App),
    };
    await subscribers(terminal).exitOverride().parseAsync(args, { from: "user" });
    return printed.join("\n");
  };
  const aList = (...lines: string[]): string => {
    const path = join(folder, "list.csv");
    writeFileSync(path, lines.join("\n"));
    return path;
  };
  return Object.assign(desk, {
    ...{ store, folder, told, run, aList },
    /** What became of the lines of a list, as JSON. */
    imported: async (...lines: string[]) => JSON.parse(await run("import", aList(...lines), "--json")),
  });
}
