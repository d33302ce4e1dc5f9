import { Command, InvalidArgumentError } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { liftSuppression } from "../../actions/lift-suppression.ts";
import { suppress as suppressAddress } from "../../actions/suppress.ts";
import type { App } from "../../app.ts";
import { parseAddress } from "../../core/email-address.ts";
import { Invalid } from "../../errors.ts";
import type { Suppression } from "../../store/suppressions.ts";
import { examples, json, type Terminal, table } from "../terminal.ts";

/** Rows a page; `--after` shows the next. */
const PAGE = 100;

export const suppress = (terminal: Terminal) =>
  new Command("suppress")
    .description("addresses that are not written to; they are known by a key alone, from which no address can be read")
    .addHelpText("after", examples("paperboy suppress list"))
    .addCommand(add(terminal).exitOverride())
    .addCommand(lift(terminal).exitOverride())
    .addCommand(list(terminal).exitOverride());

const add = (terminal: Terminal) =>
  new Command("add")
    .description("never write to an address; its subscription ends")
    .argument("<address>", "an address, or its key")
    .option("--note <text>", "why, for whoever finds it")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples('paperboy suppress add reader@example.org --note "asked by phone"'))
    .action(async (who: string, { note, json: asJson }: { note?: string; json?: boolean }) => {
      const { addressKey, outcome } = await terminal.withApp(async (app) => {
        const key = keyOf(app, who);
        const now = await app.databaseNow();
        const outcome = await asOperator(
          app,
          { by: "cli", what: "suppress", about: `key ${key}`, details: { hasNote: note !== undefined } },
          () => suppressAddress(app, key, note ?? null, now),
          (done) => ({ outcome: done }),
        );
        return { addressKey: key, outcome };
      });
      if (asJson) terminal.print(json({ addressKey, suppressed: outcome === "suppressed" }));
      else if (outcome === "suppressed") terminal.print(`Suppressed: ${addressKey}`);
      else terminal.print(`It was suppressed already: ${addressKey}`);
    });

const lift = (terminal: Terminal) =>
  new Command("lift")
    .description("write to an address again, once its owner asks to subscribe and confirms")
    .argument("<address>", "an address, or its key")
    .requiredOption("--note <text>", "why that is right; it is kept")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples('paperboy suppress lift reader@example.org --note "asked by phone"'))
    .action(async (who: string, { note, json: asJson }: { note: string; json?: boolean }) => {
      if (note.trim() === "") throw new Invalid("--note is empty. Write why this address may be written to again.");
      const { addressKey, lifted } = await terminal.withApp(async (app) => {
        const key = keyOf(app, who);
        const found = await asOperator(
          app,
          { by: "cli", what: "lift", about: `key ${key}`, details: {} },
          async () => liftSuppression(app, key, note, await app.databaseNow()),
          (one) => ({ lifted: one !== null, because: one?.because ?? null }),
        );
        return { addressKey: key, lifted: found };
      });
      if (asJson) terminal.print(json({ addressKey, lifted: lifted !== null, because: lifted?.because ?? null }));
      else if (lifted)
        terminal.print(
          `Lifted: ${addressKey}, suppressed since ${minute(lifted.at)} (${lifted.because}). Nobody is subscribed by that: its owner may ask again.`,
        );
      else terminal.print(`It is not suppressed: ${addressKey}`);
    });

const list = (terminal: Terminal) =>
  new Command("list")
    .description("list them, newest first")
    .option("--all", "those that were lifted too")
    .option("--limit <rows>", `at most so many, ${PAGE} unless said`, rows, PAGE)
    .option("--after <key>", "go on behind this one, the last of the page before")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy suppress list", "paperboy suppress list --all --json"))
    .action(async ({ all = false, limit, after, json: asJson }: ListOptions) => {
      const place = after === undefined ? null : { key: after, isBack: false };
      const { rows: shown, next: behind } = await terminal.withApp((app) =>
        app.suppressions.list({ place, limit, withLifted: all }),
      );
      const next = behind?.key ?? null;
      if (asJson) terminal.print(json({ suppressions: shown, next }));
      else if (shown.length === 0) terminal.print("No address is suppressed.");
      else {
        terminal.print(table(shown.map((one) => rowOf(one, all))));
        if (next !== null) terminal.print(`There are more: --after ${next}`);
      }
    });

interface ListOptions {
  readonly all?: boolean;
  readonly limit: number;
  readonly after?: string;
  readonly json?: boolean;
}

function rowOf({ at, because, addressKey, note, liftedAt, liftedNote }: Suppression, all: boolean): string[] {
  const lifted = liftedAt === null ? "" : `lifted ${minute(liftedAt)}: ${liftedNote ?? ""}`;
  return [minute(at), because, addressKey, ...(all ? [lifted] : []), note ?? ""];
}

/** @throws {Invalid} for what is neither an address nor the key of one */
function keyOf(app: App, who: string): string {
  return /^[0-9a-f]{64}$/.test(who) ? who : app.addressKey(parseAddress(who));
}

function rows(text: string): number {
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 10_000) return count;
  throw new InvalidArgumentError("Write a whole number from 1 to 10000.");
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`;
}
