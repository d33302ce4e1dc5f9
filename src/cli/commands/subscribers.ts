import { Command } from "commander";
import { examples, type ListTerminal } from "../terminal.ts";
import { exportCommand } from "./subscribers/export.ts";
import { importCommand } from "./subscribers/import.ts";
import { show } from "./subscribers/show.ts";

export const subscribers = (terminal: ListTerminal) =>
  new Command("subscribers")
    .description("readers: take a list in, take one along, look at one")
    .addHelpText(
      "after",
      examples("paperboy subscribers import readers.csv", "paperboy subscribers show reader@example.org"),
    )
    .addCommand(importCommand(terminal).exitOverride())
    .addCommand(exportCommand(terminal).exitOverride())
    .addCommand(show(terminal).exitOverride());
