import { Command, Option } from "commander";
import { preview as previewOf } from "../../actions/preview.ts";
import { parseFilter } from "../../core/filter.ts";
import { json, type Terminal } from "../terminal.ts";

interface Options {
  readonly topics?: string[];
  readonly categories?: string[];
  readonly include?: string[];
  readonly exclude?: string[];
  readonly authors?: string[];
  readonly minUpvotes?: number;
  readonly onlyWithCode?: boolean;
  readonly papers: string;
  readonly format: "text" | "html" | "eml";
  readonly json?: boolean;
}

const list = (value: string, before: string[] = []) => [...before, ...value.split(",").map((part) => part.trim())];
const one = (value: string, before: string[] = []) => [...before, value];

export const preview = (terminal: Terminal) =>
  new Command("preview")
    .description("the digest of the newest edition for a filter, as its reader would get it")
    .option("--topics <ids>", "topic ids, separated by commas", list)
    .option("--categories <categories>", "arXiv categories, separated by commas", list)
    .option("--include <phrase>", "a phrase that must occur; may be given again", one)
    .option("--exclude <phrase>", "a phrase that must not occur; may be given again", one)
    .option("--authors <name>", "an author; may be given again", one)
    .option("--min-upvotes <count>", "votes at least", Number)
    .option("--only-with-code", "only papers with a repository")
    .option("--papers <count>", "papers at most, 1–50", "10")
    .addOption(new Option("--format <format>", "what to print").choices(["text", "html", "eml"]).default("text"))
    .option("--json", "print one JSON object")
    .action(async ({ papers, format, json: asJson, ...watch }: Options) => {
      await terminal.withApp(async (app) => {
        const isEmpty = Object.keys(watch).length === 0;
        const filter = parseFilter({ watches: isEmpty ? [] : [watch] }, app.catalogue);
        const { edition, digest, papersPerDay } = await previewOf(app, filter, Number(papers));
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
          maxPapers: Number(papers),
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
        terminal.print(await app.post.show({ digest, edition, delivery, composedAt: app.now() }, format));
      });
    });
