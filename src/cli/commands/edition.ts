import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { closeEdition, lastCompleteDay } from "../../actions/close-edition.ts";
import { Invalid } from "../../errors.ts";
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
      const { found, wasDecided } = await terminal.withApp(async (app) => {
        const date = options.date ?? lastCompleteDay(app.now());
        if (options.close && date > lastCompleteDay(app.now()))
          throw new Invalid(
            `The day ${date} is not over (UTC), so no edition is made of it. Write --date with an earlier one.`,
          );
        const decision =
          options.close &&
          (await asOperator(
            app,
            { by: "cli", what: "close-edition", about: `edition ${date}`, details: {} },
            async () => closeEdition(app, date, await app.databaseNow(), { force: true }),
            (decision) => ({ outcome: typeof decision === "string" ? decision : decision.state }),
          ));
        return { found: await app.editions.find(date), wasDecided: decision === "already-decided" };
      });
      if (!found) {
        terminal.complain(
          "There is no edition of that day. `paperboy edition --close` makes one of the papers there are.",
        );
        process.exitCode = 1;
        return;
      }
      if (wasDecided)
        terminal.complain(
          "It was decided already, and stays as it is. /admin opens one again of which no digest is planned.",
        );
      if (found.state === "broken") {
        terminal.complain(
          "It is broken: no source gave this day's papers, and no mail is made from it. The next edition has the papers that come\nlater. `paperboy doctor` says what is wrong with the sources.",
        );
        if (options.close) process.exitCode = 1;
      }
      if (options.json) terminal.print(json(found));
      else {
        terminal.print(`Edition ${found.date}, ${found.state}, ${found.papers.length} papers`);
        terminal.print(
          table(
            found.papers.map((p) => [p.rank, p.score.toFixed(2), p.upvotes, p.listedOn, p.id, p.title.slice(0, 70)]),
          ),
        );
      }
    });
