/** What every command keeps (docs/promises.md §1): help with examples, JSON for programs, exit codes. */
import { execFile } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Command } from "commander";
import { afterEach, expect, test } from "vitest";
import { runProgram } from "../../src/cli/program.ts";
import { aProgram } from "../support/program.ts";

let said = "";
afterEach(() => {
  said = "";
  process.exitCode = undefined;
});

const say = (text: string) => {
  said += `${text}\n`;
};
const run = (...args: string[]) => runProgram(aProgram(say), args, say);

/** `subscribers import`: the names that lead to each command. */
const all = (() => {
  const names: string[][] = [];
  const walk = (command: Command, path: string[]) => {
    names.push(path);
    for (const one of command.commands) walk(one, [...path, one.name()]);
  };
  walk(aProgram(), []);
  return names;
})();
const isGroup = (path: string[]) =>
  all.some((other) => other.length > path.length && path.every((name, at) => other[at] === name));
const leaves = all.filter((path) => !isGroup(path));

/** What a command cannot do without. */
const NEEDED: Readonly<Record<string, string[]>> = {
  import: ["papers.json"],
  replay: ["folder"],
  erase: ["reader@example.org", "--yes"],
  backup: ["paperboy.backup"],
  restore: ["paperboy.backup"],
  "suppress add": ["reader@example.org"],
  "suppress lift": ["reader@example.org", "--note", "why"],
  "subscribers import": ["readers.csv"],
  "subscribers show": ["reader@example.org"],
};

test("these are the commands", () => {
  expect(leaves.map((path) => path.join(" "))).toEqual([
    ...["web", "worker", "migrate", "collect", "import", "preview", "edition", "deliver", "pause", "resume"],
    ...["suppress add", "suppress lift", "suppress list", "topics", "erase"],
    ...[
      "subscribers import",
      "subscribers export",
      "subscribers show",
      "today",
      "replay",
      "backup",
      "restore",
      "doctor",
    ],
  ]);
});

test.each(all.map((path) => [path.join(" "), path] as const))(
  "paperboy %s --help says what it does and shows an example",
  async (_, path) => {
    expect([await run(...path, "--help"), said]).toEqual([
      0,
      expect.stringMatching(/^Usage: paperboy.*\nExamples:\n(?: {2}\$ .*paperboy .*\n)+/s),
    ]);
  },
);

test.each(leaves.map((path) => [path.join(" "), path] as const))(
  "paperboy %s: 2 when it is misused, 1 when it fails",
  async (name, path) => {
    expect(await run(...path, ...(NEEDED[name] ?? []), "--no-such-option")).toBe(2);
    expect(said).toContain("unknown option '--no-such-option'");
    said = "";
    expect([await run(...path, ...(NEEDED[name] ?? [])), said]).toEqual([1, "everything is down\n"]);
  },
);

test.each(
  leaves.filter(([name]) => name !== "web" && name !== "worker").map((path) => [path.join(" "), path] as const),
)("paperboy %s speaks JSON", async (_, path) => {
  await run(...path, "--help");
  expect(said).toMatch(/^ {2}--json +print one JSON object/m);
});

test.each([
  [["no-such-command"]],
  [["edition", "--date", "yesterday"]],
  [["deliver", "--date", "2026-02-30T"]],
  [["import"]],
  [["import", "papers.json", "--listed-on", "2026-13-01"]],
  [["preview", "--papers", "0"]],
  [["preview", "--format", "pdf"]],
  [["today", "--max-papers", "many"]],
  [["suppress", "list", "--limit", "0"]],
  [["suppress", "lift", "reader@example.org"]],
  [["subscribers"]],
  [["subscribers", "export", "--state", "asleep"]],
  [["subscribers", "export", "--json"]],
])("%j is misuse", async (args) => {
  expect(await run(...args)).toBe(2);
});

test("the program ends with these codes", async () => {
  const root = fileURLToPath(new URL("../..", import.meta.url));
  const codeOf = (...args: string[]) =>
    new Promise((resolve) => {
      const env = { PATH: process.env.PATH, DATABASE_URL: "postgres://nobody@127.0.0.1:9/none" };
      execFile(process.execPath, ["bin/paperboy.js", ...args], { cwd: root, env }, (error) =>
        resolve(error?.code ?? 0),
      );
    });
  expect(await Promise.all([codeOf("help"), codeOf("migrate"), codeOf("today", "--nonsense")])).toEqual([0, 1, 2]);
}, 60_000);
