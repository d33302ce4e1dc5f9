import { Command } from "commander";
import { json, type Terminal, table } from "../terminal.ts";

export const topics = (terminal: Terminal) =>
  new Command("topics")
    .description("list the topics readers can choose")
    .option("--json", "print one JSON object")
    .action(async (options: { json?: boolean }) => {
      const all = await terminal.withApp(async (app) => app.catalogue.topics);
      if (options.json)
        terminal.print(json({ topics: all.map(({ id, name, description }) => ({ id, name, description })) }));
      else terminal.print(table(all.map(({ id, name, description }) => [id, name, description])));
    });
