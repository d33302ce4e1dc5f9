import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { resumeSending } from "../../actions/resume-sending.ts";
import { examples, json, type Terminal } from "../terminal.ts";

export const resume = (terminal: Terminal) =>
  new Command("resume")
    .description("send digests again: ends a pause, and lifts the brake of editions that were refused too often")
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy resume"))
    .action(async (options: { json?: boolean }) => {
      const entry = { by: "cli", what: "resume", about: null, details: {} } as const;
      const lifted = await terminal.withApp((app) =>
        asOperator(
          app,
          entry,
          () => resumeSending(app),
          (all) => ({ lifted: all.length }),
        ),
      );
      if (options.json) terminal.print(json({ lifted }));
      else if (lifted.length === 0) terminal.print("Nothing was stopped.");
      else
        for (const { editionDate, because, at } of lifted)
          terminal.print(
            `${editionDate === null ? "The pause is over" : `Edition ${editionDate} goes on`}. Stopped since ${at.toISOString().slice(0, 16)}Z: ${because}`,
          );
    });
