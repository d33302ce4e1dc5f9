import { Argument, Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { lastCompleteDay } from "../../actions/close-edition.ts";
import { importPapers } from "../../actions/import-papers.ts";
import { utcDayOf } from "../../core/day.ts";
import { Invalid } from "../../errors.ts";
import { day } from "../option-values.ts";
import { examples, json, type Terminal } from "../terminal.ts";

/** Refusals shown one by one; `--json` has them all. */
const SHOWN = 20;

export const importFiles = (terminal: Terminal) =>
  new Command("import")
    .description("take papers from files: Hugging Face or arXiv answers, feeds, OAI-PMH, JSON lines, page text")
    .addArgument(new Argument("<file...>", "the format is recognised by what is in the file"))
    .option(
      "--listed-on <date>",
      "the day that papers without a date count as listed on (default: the last complete UTC day)",
      day,
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy import papers.json", "paperboy import page.txt --listed-on 2026-04-30"))
    .action(async (files: string[], options: { listedOn?: string; json?: boolean }) => {
      const results = await terminal.withApp(async (app) => {
        const listedOn = options.listedOn ?? lastCompleteDay(app.now());
        if (listedOn > utcDayOf(app.now()))
          throw new Invalid(
            `--listed-on ${listedOn} is still to come (UTC): nothing was listed on it. Write an earlier day.`,
          );
        const importAll = async () => {
          const done = [];
          for (const file of files) done.push(await importPapers(app, file, { listedOn, seenAt: app.now() }));
          return done;
        };
        return asOperator(
          app,
          { by: "cli", what: "import", about: null, details: { files: files.length, listedOn } },
          importAll,
          (done) => ({
            added: done.reduce((sum, { added }) => sum + added, 0),
            merged: done.reduce((sum, { merged }) => sum + merged, 0),
            refused: done.reduce((sum, { refusals }) => sum + refusals.length, 0),
          }),
        );
      });
      if (options.json) terminal.print(json({ files: results }));
      else
        for (const { path, added, merged, refusals, problem } of results) {
          terminal.print(`${path}: ${added} added, ${merged} merged, ${refusals.length} refused`);
          for (const { where, reason } of refusals.slice(0, SHOWN)) terminal.print(`  refused ${where}: ${reason}`);
          if (refusals.length > SHOWN) terminal.print(`  and ${refusals.length - SHOWN} more`);
          if (problem !== null) terminal.complain(problem);
        }
      if (results.some((file) => file.problem !== null)) process.exitCode = 1;
    });
