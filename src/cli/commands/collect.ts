import { Command } from "commander";
import { collectPapers } from "../../actions/collect-papers.ts";
import { json, type Terminal } from "../terminal.ts";

export const collect = (terminal: Terminal) =>
  new Command("collect")
    .description("read every source once, now")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const done = await terminal.withApp((app) => collectPapers(app));
      terminal.print(
        options.json ? json(done) : `${done.read} read, ${done.added} of them new, ${done.refused} refused`,
      );
    });
