import fc from "fast-check";
import { expect, test } from "vitest";
import { csvField, csvRow, fromCsvField } from "../../src/core/csv.ts";

test.each([
  ["reader@example.org", "reader@example.org"],
  ["Grüße, Welt", '"Grüße, Welt"'],
  ['she said "no"', '"she said ""no"""'],
  ["two\nlines", '"two\nlines"'],
  [" a space before", '" a space before"'],
  ["", ""],
  [null, ""],
  [true, "true"],
  [-5, "-5"],
  ["a-b", "a-b"],
])("%j is written as %j", (value, written) => {
  expect(csvField(value)).toBe(written);
});

test.each([
  ["=1+1", "'=1+1"],
  ["+491234", "'+491234"],
  ["-2+3", "'-2+3"],
  ["@SUM(A1)", "'@SUM(A1)"],
  ['=HYPERLINK("https://evil.example","x")', `"'=HYPERLINK(""https://evil.example"",""x"")"`],
  ["\t=1", "'\t'=1"],
  ["\r=1", `"'\r'=1"`],
  ["  =1", "'  =1"],
  ["\u200b=1", "'\u200b=1"],
  ["\ufeff@x", "'\ufeff@x"],
  ["＝1", "'＝1"],
  ["|calc", "'|calc"],
  ["%0A=1", "'%0A=1"],
  ["'=1+1", "''=1+1"],
  ["agents; =1+1; -2", "agents;' =1+1;' -2"],
  ["a;\t@SUM(A1)", "a;\t'@SUM(A1)"],
  ["a\n=1", `"a\n'=1"`],
  ["a;'=1", "a;''=1"],
])("X6: %j is no formula in a spreadsheet: %j", (value, written) => {
  expect(csvField(value)).toBe(written);
});

test("X6: whatever stands in the fields, a row reads back as them, and none begins as a formula", () => {
  const anything = fc.string({ unit: "binary" });
  fc.assert(
    fc.property(
      fc.array(fc.oneof(anything, fc.stringMatching(/^[a=+@\t\r\n"',; -]{1,9}$/)), { minLength: 1 }),
      (fields) => {
        const row = csvRow(fields);
        expect(row.endsWith("\r\n")).toBe(true);
        const read = fieldsOf(row.slice(0, -2));
        expect(read.filter((field) => /^[\s\p{C}]*[=+\-@]/u.test(field))).toEqual([]);
        // As a spreadsheet reads it whose fields end with semicolons, or tabs.
        expect(row.split(/[;\t\r\n]/).filter((field) => /^[\s\p{C}]*[=+\-@]/u.test(field))).toEqual([]);
        expect(read.map(fromCsvField)).toEqual(fields);
      },
    ),
  );
});

/** RFC 4180, read one character at a time. */
function fieldsOf(row: string): string[] {
  const fields = [""];
  let isQuoted = false;
  for (let at = 0; at < row.length; at++) {
    const letter = row[at]!;
    if (letter === '"' && isQuoted && row[at + 1] === '"') {
      fields[fields.length - 1] += '"';
      at += 1;
    } else if (letter === '"') isQuoted = !isQuoted;
    else if (letter === "," && !isQuoted) fields.push("");
    else fields[fields.length - 1] += letter;
  }
  return fields;
}
