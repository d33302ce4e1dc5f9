import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Invalid } from "../../../src/errors.ts";
import { aSubscribersDesk } from "../../support/subscribers-desk.ts";

/** What becomes of a list, and what was told of its lines. */
async function bad(desk: Awaited<ReturnType<typeof aSubscribersDesk>>, ...lines: string[]) {
  const { lines: count, added, already, refused } = await desk.imported(...lines);
  return { count, added, already, refused, told: desk.told.complained };
}

test("a list comes from standard input as from a file, a byte at a time if it must", async () => {
  const desk = await aSubscribersDesk();
  const list = "\ufeffe-mail;Consent;topics\r\nä@example.org;2026-01-02;\r\nb@bücher.example;2026-01-02;agents\r\n";
  desk.piped = Array.from(Buffer.from(list), (byte) => Buffer.from([byte]));
  expect(JSON.parse(await desk.run("import", "-", "--json"))).toMatchObject({
    path: "-",
    lines: 2,
    added: 1,
    refused: 1,
  });
  desk.piped = [];
  await expect(desk.run("import", "-")).rejects.toThrow(
    new Invalid("Standard input is empty. Name a file whose first line names its columns."),
  );
});

test("a list put behind another, with the columns named again", async () => {
  const desk = await aSubscribersDesk();
  const list = ["Email,Consent", "a@example.org,2026-01-02"];
  expect(await bad(desk, ...list, "Email,Consent", "b@example.org,2026-01-02")).toEqual({
    ...{ count: 3, added: 2, already: 0, refused: 1 },
    told: ["line 3: It names the columns once more: was one list put behind another?"],
  });
});

test("a list is cut short within its last line: half an address is nobody's", async () => {
  const desk = await aSubscribersDesk();
  expect(await bad(desk, "consent,hour,email", "2026-01-02,7,a@example.org", "2026-01-02,7")).toEqual({
    ...{ count: 2, added: 1, already: 0, refused: 1 },
    told: ["line 3: The file ends within it: it has 2 of 3 fields, and no line end."],
  });
  // A line that is as short, and ended, has nothing to say in the last column.
  expect(await bad(desk, "email,consent,hour", "b@example.org,2026-01-02", "")).toMatchObject({ added: 1, refused: 0 });
  // Cut within a quote; repeated whole, it brings the rest.
  const whole = ["email,consent,hour", "c@example.org,2026-01-02,7", 'd@example.org,"2026-01-02, at a fair",7', ""];
  const cut = [...whole.slice(0, 2), 'd@example.org,"2026-01-02, at'];
  expect(await bad(desk, ...cut)).toEqual({
    ...{ count: 2, added: 1, already: 0, refused: 1 },
    told: ["line 3: The line cannot be read: a quote in it is not closed."],
  });
  expect(await bad(desk, ...whole)).toMatchObject({ added: 1, already: 1, refused: 0 });
});

test("a list is in Latin-1: whose letters are lost is told, and so is a file in UTF-16", async () => {
  const desk = await aSubscribersDesk();
  const path = join(desk.folder, "latin.csv");
  writeFileSync(path, Buffer.from("consent,email\nMärz 2026,a@example.org\n2026-03-01,b@example.org\n", "latin1"));
  expect(JSON.parse(await desk.run("import", path, "--json"))).toMatchObject({ lines: 2, added: 1, refused: 1 });
  expect(desk.told.complained).toEqual(["line 2: It is not in UTF-8. Save the file as UTF-8."]);
  writeFileSync(path, Buffer.from("\ufeffconsent,email\n2026-03-01,c@example.org\n", "utf16le"));
  await expect(desk.run("import", path)).rejects.toThrow(/is in UTF-16\. Save it as UTF-8/);
});

test("a list is broken by a line of 50 MB, in the middle or first of all", async () => {
  const desk = await aSubscribersDesk();
  const long = "x".repeat(50_000_000);
  const why = "it is longer than 64 kB, or a quote in it is not closed";
  expect(await bad(desk, "email,consent", long, "a@example.org,2026-01-02")).toEqual({
    ...{ count: 2, added: 1, already: 0, refused: 1 },
    told: [`line 2: The line cannot be read: ${why}.`],
  });
  await expect(desk.run("import", desk.aList(long))).rejects.toThrow(
    new Invalid(`The first line should name the columns, but ${why}.`),
  );
});

test("a list is refused by the line for what says no consent, or is no day", async () => {
  const desk = await aSubscribersDesk();
  const consents = ["opted-out", "withdrawn", "N/A", "???", "0000-00-00 00:00:00", "2025-13-45", "2026-01-02 25:00"];
  const told = await bad(desk, "email,consent", ...consents.map((consent, n) => `r${n}@example.org,${consent}`));
  expect(told).toEqual({
    ...{ count: 7, added: 0, already: 0, refused: 7 },
    told: [
      "line 2: The list says that no consent was given.",
      "line 3: The list says that no consent was given.",
      "line 4: The list says that no consent was given.",
      'line 5: "???" says neither when nor how consent was given. Write a date, or how.',
      'line 6: Consent begins with "0000-00-00", and there is no such day or time.',
      'line 7: Consent begins with "2025-13-45", and there is no such day or time.',
      'line 8: Consent begins with "2026-01-02", and there is no such day or time.',
    ],
  });
});

test("lines are refused for letters that the database has no room for", async () => {
  const desk = await aSubscribersDesk();
  const watches = ["\\u0000", "\\ud800", "kv \\u0000 cache"].map(
    (word) => `{""watches"":[{""include"":[""${word}""]}]}`,
  );
  const told = await bad(
    desk,
    "email,consent,filter,include,language",
    ...watches.map((filter, n) => `r${n}@example.org,2026-01-02,"${filter}",,`),
    "s@example.org,on a \u0000 form,,,",
    "t@example.org,2026-01-02,,kv \u0000 cache,",
    "u@example.org,2026-01-02,,,e\u0000",
    "v@example.org,2026-01-02,,,",
  );
  expect(told).toMatchObject({ count: 7 });
  expect(told.added + told.refused).toBe(7);
  expect(await desk.store.sql("SELECT email FROM subscriptions WHERE email = 'v@example.org'")).toHaveLength(1);
});
