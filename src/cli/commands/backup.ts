import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { backUp } from "../../actions/back-up.ts";
import { Invalid } from "../../errors.ts";
import { examples, json } from "../terminal.ts";
import { count, rowsShown, type Vaults } from "../vaults.ts";

interface Options {
  readonly withoutKeys?: boolean;
  readonly json?: boolean;
}

export const backup = (terminal: Vaults) =>
  new Command("backup")
    .description(
      "write everything to one file, while Paperboy goes on: the database, and the keys that were made for it",
    )
    .argument("<file>", "a file that is made, or replaced once it is whole; - for standard output")
    .option("--without-keys", "leave the keys out: keep DATA_DIR/secrets.json elsewhere")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      examples("paperboy backup paperboy.backup", "paperboy backup - | ssh safe.example.org 'cat > paperboy.backup'"),
    )
    .action(async (file: string, { withoutKeys = false, json: asJson = false }: Options) => {
      if (file === "-" && process.stdout.isTTY)
        throw new Invalid(
          "A backup is nothing to look at. Write the name of a file, or lead standard output into one.",
        );
      const { manifest, rows } = await terminal.withVault((vault) =>
        asOperator(
          vault,
          { by: "cli", what: "backup", about: null, details: { withKeys: !withoutKeys } },
          () => backUp(vault, file, { withKeys: !withoutKeys, tell: rowsShown(terminal.progress, "writing") }),
          (written) => ({ readers: written.rows.subscriptions ?? 0 }),
        ),
      );
      terminal.progress.done();
      const all = Object.values(rows).reduce((sum, each) => sum + each, 0);
      // What stands on standard output is the backup.
      const say = file === "-" ? terminal.complain : terminal.print;
      const { takenAt, version, migrations, hasKeys, keys } = manifest;
      if (asJson) return say(json({ file, takenAt, version, migration: migrations.at(-1), hasKeys, rows }));
      say(
        [
          `${file === "-" ? "Written" : file}: ${count(all, "row")} of ${count(Object.keys(rows).length, "table")}, as of ${takenAt.slice(0, 19)}Z; readers: ${rows.subscriptions ?? 0}, deliveries: ${rows.deliveries ?? 0}.`,
          hasKeys
            ? "It holds the addresses of all readers, and the keys: whoever has it can open every link. Keep it where nobody else reads."
            : withoutKeys || keys === null
              ? "It holds the addresses of all readers, and no keys: without DATA_DIR/secrets.json no link in a mail already sent will open."
              : "It holds the addresses of all readers. SECRET_KEYS and SUPPRESSION_KEY, which are set, are not in it: keep them as well.",
        ].join("\n"),
      );
    });
