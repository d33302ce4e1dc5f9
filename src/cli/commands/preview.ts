import { Command, Option } from "commander";
import { preview as previewOf } from "../../actions/preview.ts";
import { type FilterOptions, filterFrom, withFilterOptions } from "../filter-options.ts";
import { papersAtMost } from "../option-values.ts";
import { examples, json, type Terminal } from "../terminal.ts";

interface Options extends FilterOptions {
  readonly papers: number;
  readonly format: "text" | "html" | "eml";
  readonly json?: boolean;
}

export const preview = (terminal: Terminal) =>
  withFilterOptions(new Command("preview"))
    .description("the digest of the newest edition for a filter, as its reader would get it")
    .option("--papers <count>", "papers at most, 1–50", papersAtMost, 10)
    .addOption(new Option("--format <format>", "what to print").choices(["text", "html", "eml"]).default("text"))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      examples(
        "paperboy preview --topics agents,reasoning",
        'paperboy preview --include "kv cache" --format html > digest.html',
      ),
    )
    .action(async ({ papers, format, json: asJson, ...watch }: Options) => {
      await terminal.withApp(async (app) => {
        const filter = filterFrom(watch, app.catalogue);
        const { edition, digest, papersPerDay } = await previewOf(app, filter, papers);
        if (!edition || !digest) {
          terminal.complain(
            "There is no edition with papers yet. `paperboy collect` reads the sources and `paperboy edition --close` makes one of the last complete day; a weekend has none, `--date` names another day.",
          );
          process.exitCode = 1;
          return;
        }
        if (asJson) {
          terminal.print(
            json({
              date: edition.date,
              papersPerDay,
              papers: digest.items.map(({ paper, because }) => ({ id: paper.id, title: paper.title, because })),
            }),
          );
          return;
        }
        const preferences = {
          filter,
          cadence: "daily",
          hour: 7,
          zone: "UTC",
          maxPapers: papers,
          language: "en",
          format: format === "text" ? "text" : "html",
        } as const;
        const delivery = {
          id: 0n,
          localDay: edition.date,
          subscriptionId: 0n,
          email: "reader@example.com",
          preferences,
        };
        const fitting = app.post.fitDigest({ digest, edition, delivery });
        terminal.print(await app.post.show({ digest: fitting, edition, delivery, composedAt: app.now() }, format));
      });
    });
