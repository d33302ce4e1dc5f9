/** Every command that a document, a message or an example names is there, with the options it is named with. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { expect, test } from "vitest";
import { allOf } from "../../src/cli/program.ts";
import { aProgram } from "../support/program.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const filesIn = (folder: string, kind: RegExp) =>
  readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && kind.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length));
const DOCUMENTS = ["README.md", "CONTRIBUTING.md", "src/README.md", ".env.example", ...filesIn("docs", /\.md$/)];
const CODE = [...filesIn("src", /\.ts$/), ...filesIn("workers", /\.ts$/)];

/** What follows `paperboy`: in backticks (those of a template string too), or as a line of a block; also behind `npm run`. */
function toldIn(text: string): string[] {
  const spans = [...text.matchAll(/\\?`(?:npm run (?:--silent )?paperboy --|paperboy) ([^`\\]+)\\?`/g)];
  const lines = [...text.matchAll(/^(?:[A-Z_]+=\S+ )*(?:npm run (?:--silent )?paperboy --|paperboy) (.+)$/gm)];
  return [...spans, ...lines].map(([, told]) => told!.replace(/\s+/g, " "));
}

/** What is wrong with it; null when there is such a command with these options. */
function faultIn(program: Command, told: string): string | null {
  // Behind these another program, or a remark, begins.
  const words = told.split(/ (?:[|&>#;]|&&|\|\|)(?: |$)/)[0]!.split(" ");
  let command = program;
  for (const word of words) {
    const next = command.commands.find((each) => each.name() === word);
    if (!next) break;
    command = next;
  }
  if (command === program && words[0] !== "COMMAND" && words[0] !== "help" && !words[0]!.startsWith("--"))
    return `there is no command ${words[0]}`;
  const options = ["--help", ...command.options.map(({ long }) => long)];
  const named = [...words.join(" ").matchAll(/(?<![\w-])--[a-z][\w-]*/g)].map(([option]) => option);
  const unknown = named.filter((option) => !options.includes(option));
  return unknown.length === 0 ? null : `${command.name()} has no ${unknown.join(", ")}`;
}

/** `subscribers import` */
const nameOf = (command: Command): string =>
  command.parent?.parent ? `${nameOf(command.parent)} ${command.name()}` : command.name();
const faultsOf = (told: readonly string[]) =>
  told.map((each) => [each, faultIn(aProgram(), each)]).filter(([, fault]) => fault !== null);

test("in the documents", () => {
  const told = DOCUMENTS.flatMap((file) => toldIn(readFileSync(join(root, file), "utf8")));
  expect(told.length).toBeGreaterThan(30);
  expect(faultsOf(told)).toEqual([]);
});

test("in docs/promises.md, where each stands", () => {
  const [section] = readFileSync(join(root, "docs/promises.md"), "utf8").split("## 1. Commands")[1]!.split("\n## ");
  const cells = [...section!.matchAll(/^\| (`.*?) (?<!\\)\|/gm)].map(([, cell]) => cell!);
  const promised = cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, told]) => told!));
  expect(faultsOf(promised)).toEqual([]);
  const leaves = allOf(aProgram()).filter(({ commands }) => commands.length === 0);
  const isPromised = (leaf: Command) => promised.some((told) => `${told} `.startsWith(`${nameOf(leaf)} `));
  expect(leaves.filter((leaf) => !isPromised(leaf)).map(nameOf)).toEqual([]);
});

test("in what the program says to people", () => {
  const told = CODE.flatMap((file) => toldIn(readFileSync(join(root, file), "utf8"))).filter(
    // Which one, is decided when it is said.
    (each) => !each.startsWith("${"),
  );
  expect(told.length).toBeGreaterThan(20);
  expect(faultsOf(told)).toEqual([]);
});

test("in the examples of --help", async () => {
  let help = "";
  const program = aProgram((text) => {
    help += text;
  });
  for (const command of allOf(program)) command.outputHelp();
  const told = [...help.matchAll(/^ {2}\$ (.*)$/gm)].map(([, line]) => /^(?:\w+=\S+ )*paperboy (.*)$/.exec(line!)![1]!);
  expect(told.length).toBeGreaterThan(30);
  expect(faultsOf(told)).toEqual([]);
});

test("one that is not there would be noticed, and an option that is not", () => {
  expect(
    toldIn("`paperboy dance` and `paperboy edition --dat D`\n\n    x\nnpm run paperboy -- pause --why x\n"),
  ).toEqual([...["dance", "edition --dat D", "pause --why x"]]);
  expect(faultsOf(["dance", "edition --dat D", "edition --date D", "suppress list --all | head"])).toEqual([
    ["dance", "there is no command dance"],
    ["edition --dat D", "edition has no --dat"],
  ]);
});
