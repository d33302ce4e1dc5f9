import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { defaultCatalogue } from "../src/core/topics.ts";
import { readTopicsFile } from "../src/topics-file.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-topics-"));
});
afterAll(() => rm(folder, { recursive: true }));

test("without a file it is our catalogue", async () => {
  expect(await readTopicsFile(null)).toBe(defaultCatalogue);
});

test.each([
  ["that is not there", null, "ENOENT: no such file or directory", []],
  ["that is no JSON", "# Topics", "Unexpected token '#'", []],
  ["that is no catalogue", '{"topics":[]}', "The topic catalogue cannot be used as it is.", ["families"]],
])("a file %s is named with its setting", async (name, text, says, fields) => {
  const path = join(folder, `${name}.json`);
  if (text !== null) await writeFile(path, text);
  const found = await readTopicsFile(path).catch((error) => error);
  expect(found.message.startsWith(`TOPICS_FILE, ${path}: ${says}`)).toBe(true);
  expect(found.problems.map(({ field }: { field: string }) => field)).toEqual(expect.arrayContaining(fields));
});
