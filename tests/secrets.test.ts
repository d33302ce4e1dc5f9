import { mkdtemp, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Invalid } from "../src/errors.ts";
import { openSecrets } from "../src/secrets.ts";

let dir: string;
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "paperboy-secrets-"));
});
afterEach(() => rm(dir, { recursive: true }));

const file = () => join(dir, "data", "secrets.json");
const open = () => openSecrets(join(dir, "data"));

test("the first start makes secrets, and every later one finds the same", async () => {
  const made = await open();
  expect(made.secretKeys).toMatch(/^1:[0-9a-f]{64}$/);
  expect(made.suppressionKey).toMatch(/^[0-9a-f]{64}$/);
  expect(await open()).toEqual(made);
});

test("two installations do not share a secret, nor do two uses of one", async () => {
  const [a, b] = [await open(), await openSecrets(join(dir, "other"))];
  const all = [a.secretKeys.slice(2), a.suppressionKey, b.secretKeys.slice(2), b.suppressionKey];
  expect(new Set(all).size).toBe(4);
});

test("only their owner may read them", async () => {
  await open();
  expect((await stat(file())).mode & 0o777).toBe(0o600);
});

test.each([
  ["nothing", ""],
  ["half of it", '{"secretKeys":"1:aa'],
  ["something else", '{"secretKeys":"1:0123456789abcdef"}'],
])(
  "a file that holds %s stops the start and is left alone: new keys would break every link out there",
  async (_, content) => {
    await open();
    await writeFile(file(), content);
    const fault = await open().catch((error: unknown) => error);
    expect(fault).toBeInstanceOf(Invalid);
    expect((fault as Invalid).message).toBe(
      `${file()} does not hold the secrets it should. Put the file back from a backup; deleting it makes new ones, and every link in mails already sent stops working.`,
    );
    expect(await readFile(file(), "utf8")).toBe(content);
  },
);
