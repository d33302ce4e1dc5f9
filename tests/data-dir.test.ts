import { chown, mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openDataDir } from "../src/data-dir.ts";
import { Invalid } from "../src/errors.ts";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy data "));
});
afterAll(() => rm(folder, { recursive: true }));

test("a data directory is made with all above it, and is there the second time", async () => {
  const wanted = join(folder, "a b", "c");
  await openDataDir(wanted);
  await openDataDir(wanted);
  expect((await stat(wanted)).isDirectory()).toBe(true);
});

test("one that is a file, or lies behind one, is named with its setting and what to do", async () => {
  const file = join(folder, "file");
  await writeFile(file, "");
  await expect(openDataDir(file)).rejects.toThrow(
    new Invalid(`DATA_DIR: nothing can be kept in ${file} (EEXIST). It is a file. Write the name of a folder`),
  );
  const behind = join(file, "x");
  await expect(openDataDir(behind)).rejects.toThrow(
    new Invalid(
      `DATA_DIR: nothing can be kept in ${behind} (ENOTDIR). A file stands on the way to it. Write the name of a folder`,
    ),
  );
});

test("root is sent away from what another user's Paperboy keeps, and not from a folder that is merely another's", async () => {
  const theirs = await mkdtemp(join(folder, "theirs-"));
  const another = process.getuid?.() || 12_345;
  if (process.getuid?.() === 0) await chown(theirs, another, another);
  await openDataDir(theirs, 0);
  const secrets = join(theirs, "secrets.json");
  await writeFile(secrets, "{}");
  if (process.getuid?.() === 0) await chown(secrets, another, another);
  await expect(openDataDir(theirs, 0)).rejects.toThrow(
    new Invalid(
      `DATA_DIR: ${theirs} belongs to the user ${another}, whose Paperboy lives there. Give this command as that user, not as root (beside systemd's unit: deploy/paperboy COMMAND)`,
    ),
  );
  await openDataDir(theirs, another);
});
