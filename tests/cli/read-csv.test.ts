import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type CsvLine, readCsv } from "../../src/cli/read-csv.ts";
import { csvField, csvRow, fromCsvField } from "../../src/core/csv.ts";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "paperboy-csv-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(content: string | Buffer): Promise<CsvLine[]> {
  const path = join(folder, "list.csv");
  writeFileSync(path, content);
  const lines: CsvLine[] = [];
  for await (const block of readCsv(path)) lines.push(...block);
  return lines;
}
/** `line: fields` or `line! problem`. */
const told = async (content: string | Buffer) =>
  (await read(content)).map((line) =>
    "fields" in line ? `${line.line}: ${line.fields.join("·")}` : `${line.line}! ${line.problem}`,
  );
const LONG = "x".repeat(70_000);
const TOO_LONG = "it is longer than 64 kB, or a quote in it is not closed";

test.each([
  ["commas", "a,b\n1,2\n"],
  ["semicolons", "a;b\n1;2\n"],
  ["tabs", "a\tb\n1\t2"],
  ["a byte order mark", "\ufeffa,b\n1,2\n"],
  ["CRLF", "a,b\r\n1,2\r\n"],
  ["CR alone", "a,b\r1,2\r"],
  ["quotes around everything", '"a","b"\n"1","2"\n'],
])("%s", async (_, content) => {
  expect(await told(content)).toEqual(["1: a·b", "2: 1·2"]);
});

test("line ends may be mixed, within quotes too, and each record knows the line it begins on", async () => {
  expect(await told('a,b\r\n"1\r\n1\n1",2\n\n\r\n3,4\r5,6')).toEqual(["1: a·b", "2: 1\r\n1\n1·2", "7: 3·4", "8: 5·6"]);
});

test("quotes and delimiters within quotes are letters, and so is a quote within a field", async () => {
  expect(await told('a,b\n"1,""x"" ",2\nO"Brien,3\n"",4\n')).toEqual([
    "1: a·b",
    '2: 1,"x" ·2',
    '3: O"Brien·3',
    "4: ·4",
  ]);
});

test("a line of 10 MB costs itself, and no memory", async () => {
  const before = process.memoryUsage().arrayBuffers;
  expect(await told(`a,b\n${"y".repeat(10_000_000)}\n3,4\n`)).toEqual(["1: a·b", `2! ${TOO_LONG}`, "3: 3·4"]);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
});

test("a quote that nobody closes costs its line; what follows is read", async () => {
  const rest = Array.from({ length: 3_000 }, (_, n) => `${n},an ordinary line of a list`).join("\n");
  const lines = await told(`a,b\n"1,2\n${rest}\n`);
  expect(lines.slice(0, 3)).toEqual(["1: a·b", `2! ${TOO_LONG}`, "3: 0·an ordinary line of a list"]);
  expect(lines.length).toBe(3_002);
  expect(await told('a,b\n1,2\n"3,4\n5,6')).toEqual(["1: a·b", "2: 1·2", "3! a quote in it is not closed", "4: 5·6"]);
});

test("a long line at the very end, and one that begins with a quote", async () => {
  expect(await told(`a,b\n1,2\n"${LONG}`)).toEqual(["1: a·b", "2: 1·2", `3! ${TOO_LONG}`]);
  expect(await told(`a,b\n"${LONG}",2\n3,4`)).toEqual(["1: a·b", `2! ${TOO_LONG}`, "3: 3·4"]);
});

test("NUL bytes are letters that whoever reads the fields may refuse", async () => {
  expect(await told("a,b\n1\u0000,2\n")).toEqual(["1: a·b", "2: 1\u0000·2"]);
});

test("UTF-16 and packed files are told what they are and what to do", async () => {
  await expect(read(Buffer.from("\ufeffa,b\n1,2", "utf16le"))).rejects.toThrow(/is in UTF-16\. Save it as UTF-8/);
  await expect(read(Buffer.from("email,consent\n1,2", "utf16le"))).rejects.toThrow(/is in UTF-16/);
  await expect(read(Buffer.from("504b0304140000", "hex"))).rejects.toThrow(/is packed/);
  await expect(read("")).rejects.toThrow(/is empty/);
  await expect(
    (async () => {
      for await (const _ of readCsv(join(folder, "none.csv")));
    })(),
  ).rejects.toThrow(/there is no such file/);
});

test("whatever we write is read as it was, however the file is cut into pieces", async () => {
  const field = fc.oneof(fc.string({ unit: "grapheme" }), fc.stringMatching(/^[",;\r\n\t a]{0,6}$/));
  const rows = fc.array(fc.array(field, { minLength: 2, maxLength: 4 }), { minLength: 1, maxLength: 8 });
  // Four lines of nearly the longest there is: what follows stands around the end of the first piece.
  const padding = ["p".repeat(60_000)];
  await fc.assert(
    fc.asyncProperty(rows, fc.integer({ min: 20_000, max: 22_500 }), async (given, length) => {
      const all = [["first", "second"], ...Array<string[]>(4).fill(padding), ["q".repeat(length)], ...given];
      const lines = await read(all.map((fields) => csvRow(fields)).join(""));
      const written = all.filter((fields) => fields.some((text) => text.trim() !== "" || csvField(text).includes("'")));
      const told = lines.map((line) => ("fields" in line ? line.fields.map(fromCsvField) : [line.problem]));
      expect(told.slice(6)).toEqual(written.slice(6));
      expect(told.slice(0, 6).map(([text]) => text!.length)).toEqual([5, 60_000, 60_000, 60_000, 60_000, length]);
    }),
    { numRuns: 60 },
  );
});
