import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { closeEdition, lastCompleteDay } from "../../actions/close-edition.ts";
import { day } from "../option-values.ts";
import { examples, json, type Terminal, table } from "../terminal.ts";

interface Options {
  readonly date?: string;
  readonly close?: boolean;
  readonly json?: boolean;
}

export const edition = (terminal: Terminal) =>
  new Command("edition")
    .description("show an edition's ranking, or close it now")
    .option("--date <date>", "UTC day, 2026-04-30 (default: the last complete one)", day)
    .option("--close", "decide it now, without waiting for sources")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy edition", "paperboy edition --date 2026-04-30 --close"))
    .action(async (options: Options) => {
      const found = await terminal.withApp(async (app) => {
        const date = options.date ?? lastCompleteDay(app.now());
        if (options.close)
          await asOperator(
            app,
            { by: "cli", what: "close-edition", about: `edition ${date}`, details: {} },
            async () => closeEdition(app, date, await app.databaseNow(), { force: true }),
            (decision) => ({ outcome: typeof decision === "string" ? decision : decision.state }),
          );
        return app.editions.find(date);
      });
      if (!found) {
        terminal.complain(
          "There is no edition of that day. `paperboy edition --close` makes one of the papers there are.",
        );
        process.exitCode = 1;
      } else if (options.json) terminal.print(json(found));
      else {
        terminal.print(`Edition ${found.date}, ${found.state}, ${found.papers.length} papers`);
        terminal.print(
          table(
            found.papers.map((p) => [p.rank, p.score.toFixed(2), p.upvotes, p.listedOn, p.id, p.title.slice(0, 70)]),
          ),
        );
      }
    });
