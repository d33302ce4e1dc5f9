import { Command } from "commander";
import { collectPapers } from "../../actions/collect-papers.ts";
import { json, type Terminal } from "../terminal.ts";

export const collect = (terminal: Terminal) =>
  new Command("collect")
    .description("read every source once, now")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const done = await terminal.withApp((app) => collectPapers(app));
      const { read, added, refused, failed } = done;
      terminal.print(
        options.json ? json(done) : `${read} read, ${added} of them new, ${refused} refused, ${failed} requests failed`,
      );
      if (read > 0 || failed === 0) return;
      terminal.complain(
        "No source answered: the log says why. `paperboy import FILE` takes papers from a file meanwhile.",
      );
      process.exitCode = 1;
    });
