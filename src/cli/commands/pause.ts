import { Command } from "commander";
import { asOperator } from "../../actions/as-operator.ts";
import { examples, json, type Terminal } from "../terminal.ts";

const NO_REASON = "the operator paused it";

interface Options {
  readonly because: string;
  readonly json?: boolean;
}

export const pause = (terminal: Terminal) =>
  new Command("pause")
    .description("stop sending digests, in every process, until `paperboy resume`")
    .option("--because <text>", "why, for whoever finds it stopped", NO_REASON)
    .option("--json", "print one JSON object")
    .addHelpText("after", examples('paperboy pause --because "the mail server moves"'))
    .action(async ({ because, json: asJson }: Options) => {
      const entry = { by: "cli", what: "pause", about: null, details: {} } as const;
      const stop = await terminal.withApp((app) =>
        asOperator(
          app,
          entry,
          () => app.gate.pause(because.trim() || NO_REASON),
          ({ isNew }) => ({ isNew }),
        ),
      );
      const since = `${stop.at.toISOString().slice(0, 16)}Z`;
      if (asJson) terminal.print(json({ paused: stop.isNew, since: stop.at, because: stop.because }));
      else if (stop.isNew)
        terminal.print(
          "Paused. Every process stops within two seconds; mails under way are finished. Confirmations and other answers\n" +
            "still go. Digests go on being planned, and wait: `paperboy resume` sends them. Who waits longer than 20 hours\n" +
            "(weekly: 72) past their hour gets none that day, with the reason kept.",
        );
      else terminal.print(`It was paused already, since ${since}: ${stop.because}`);
    });
