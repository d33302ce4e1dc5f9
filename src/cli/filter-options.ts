/** A filter as options: one watch. */
import type { Command } from "commander";
import { type Filter, parseFilter } from "../core/filter.ts";
import type { Catalogue } from "../core/topics.ts";

export interface FilterOptions {
  readonly topics?: string[];
  readonly categories?: string[];
  readonly include?: string[];
  readonly exclude?: string[];
  readonly authors?: string[];
  readonly minUpvotes?: number;
  readonly onlyWithCode?: boolean;
}

const list = (value: string, before: string[] = []) => [...before, ...value.split(",").map((part) => part.trim())];
const one = (value: string, before: string[] = []) => [...before, value];

export function withFilterOptions(command: Command): Command {
  return command
    .option("--topics <ids>", "topic ids, separated by commas", list)
    .option("--categories <categories>", "arXiv categories, separated by commas", list)
    .option("--include <phrase>", "a phrase that must occur; may be given again", one)
    .option("--exclude <phrase>", "a phrase that must not occur; may be given again", one)
    .option("--authors <name>", "an author; may be given again", one)
    .option("--min-upvotes <count>", "votes at least", Number)
    .option("--only-with-code", "only papers with a repository");
}

/** @throws {Invalid} with a problem for each option at fault */
export function filterFrom(options: FilterOptions, catalogue: Catalogue): Filter {
  const { topics, categories, include, exclude, authors, minUpvotes, onlyWithCode } = options;
  const given = Object.entries({ topics, categories, include, exclude, authors, minUpvotes, onlyWithCode });
  const watch = Object.fromEntries(given.filter(([, value]) => value !== undefined));
  return parseFilter({ watches: Object.keys(watch).length === 0 ? [] : [watch] }, catalogue);
}
