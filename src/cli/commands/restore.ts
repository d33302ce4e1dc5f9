import { Command } from "commander";
import { type CheckedBackup, checkBackup, permit, type Restored, restoreBackup } from "../../actions/restore-backup.ts";
import { Invalid } from "../../errors.ts";
import type { Occupant } from "../../store/backup/load.ts";
import { examples, json } from "../terminal.ts";
import { count, rowsShown, type Vaults } from "../vaults.ts";

interface Options {
  readonly replace?: boolean;
  readonly yes?: boolean;
  readonly withoutKeys?: boolean;
  readonly json?: boolean;
}

export const restore = (terminal: Vaults) =>
  new Command("restore")
    .description("put a backup into the database, while Paperboy is stopped: all of it, or nothing")
    .argument("<file>", "what `paperboy backup` wrote")
    .option("--replace", "let go of what is in the database, readers and all")
    .option("--yes", "do not ask")
    .option("--without-keys", "keep the keys that are here, whichever the backup has")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      examples("paperboy restore paperboy.backup", "paperboy restore paperboy.backup --replace --yes"),
    )
    .action(async (file: string, { replace = false, yes = false, withoutKeys = false, json: asJson }: Options) => {
      if (file === "-")
        throw new Invalid("A backup is read twice, so that a broken one changes nothing. Write it to a file first.");
      const done = await terminal.withVault(async (vault) => {
        terminal.progress.show("checking the file");
        const checked = await checkBackup(vault, file, !withoutKeys);
        terminal.progress.done();
        const occupant = await vault.occupant();
        permit(occupant, replace);
        if (!yes && !(await isMeant(terminal, occupant, checked))) return null;
        const all = Object.values(checked.rows).reduce((sum, rows) => sum + rows, 0);
        const progress = rowsShown(terminal.progress, "loading");
        const restored = await restoreBackup(vault, checked, {
          mayReplace: replace,
          tell: (rows) => progress(rows, all),
        }).finally(() => terminal.progress.done());
        return { checked, restored };
      });
      if (done === null) {
        terminal.complain("Nothing was changed.");
        process.exitCode = 1;
      } else terminal.print(asJson ? json(asObject(done)) : inWords(done));
    });

/**
 * Says what goes, and asks; not where nobody would miss it.
 *
 * @throws {Invalid} when nobody is there to be asked
 */
async function isMeant({ ask }: Vaults, occupant: Occupant, { manifest }: CheckedBackup): Promise<boolean> {
  if (occupant.is !== "ours") return true;
  const names = new Set(["_prisma_migrations", ...manifest.tables.map(({ name }) => name)]);
  const others = occupant.tables.filter((name) => !names.has(name));
  if (occupant.readers === 0 && others.length === 0) return true;
  const what = [
    `All that is in this database goes, and ${count(occupant.readers, "reader")} with it`,
    ...(others.length > 0 ? [`tables that the backup does not have go as well: ${others.join(", ")}`] : []),
  ].join("; ");
  const answer = await ask(`${what}. Put the backup of ${manifest.takenAt.slice(0, 16)}Z in its place? [y/N] `);
  if (answer === null) throw new Invalid(`${what}. Nobody is here to confirm it: write --yes.`);
  return answer;
}

interface Done {
  readonly checked: CheckedBackup;
  readonly restored: Restored;
}

function inWords({ checked: { manifest, rows, secrets, keysLost }, restored }: Done): string {
  const { settled, applied, leftOut, hasJournal, hasReplaced, keysKeptAs } = restored;
  const replayed = [
    `${settled.left} left`,
    `${settled.cameBack} came back`,
    `${settled.suppressed} suppressed`,
    `${settled.lifted} lifted`,
    `${settled.erased} erased`,
  ].join(", ");
  const since = `${manifest.takenAt.slice(0, 16)}Z`;
  return [
    `Restored: the database of ${since}, with ${count(rows.subscriptions ?? 0, "subscription")} and ${rows.deliveries ?? 0} deliveries.`,
    ...(applied.length > 0 ? [`Migrations since: ${applied.join(", ")}.`] : []),
    `Nothing that was due before now is sent: ${settled.deliveries} deliveries ended (before-restore), ${count(settled.requests, "request")} closed unanswered.`,
    hasJournal
      ? `The journal of this machine was replayed${hasReplaced ? ", and what the replaced database knew" : ""}: ${replayed}.`
      : hasReplaced
        ? `DATA_DIR has no journal of this database. What the replaced one knew was done again: ${replayed}.`
        : `DATA_DIR has no journal of this database: whoever left, complained or was erased after ${since} is back. If there is a journal.jsonl where it ran before, put it into DATA_DIR and restore again with --replace.`,
    ...(settled.unreadable > 0 ? [`Lines of the journal that could not be read: ${settled.unreadable}.`] : []),
    ...(secrets ? ["The keys of the backup are in DATA_DIR/secrets.json now."] : []),
    ...(keysKeptAs ? [`The keys that were there before are in ${keysKeptAs}.`] : []),
    ...(keysLost.length > 0 ? [`Links signed by key ${keysLost.join(", ")} do not open: it is not here.`] : []),
    ...(leftOut.length > 0 ? [`Left out, for they are not Paperboy's: ${leftOut.join(", ")}.`] : []),
    "What readers were sent after the backup is not known any more: such a paper may come to them once more.",
  ].join("\n");
}

function asObject({ checked: { manifest, rows, secrets, keysLost }, restored: { settled, ...rest } }: Done) {
  const { takenAt, version, migrations } = manifest;
  const { restorations, ...counted } = settled;
  return {
    ...{ takenAt, version, migration: migrations.at(-1), rows },
    ...{ hasNewKeys: secrets !== null, keysLost },
    ...{ restoration: restorations, settled: counted },
    ...rest,
  };
}
