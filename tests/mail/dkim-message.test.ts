import { expect, test } from "vitest";
import { bodyHash, cover, openMessage, sealed } from "../../src/mail/dkim-message.ts";

const open = (text: string) => openMessage(Buffer.from(text, "latin1"));

test("the example of RFC 6376 3.4.5", () => {
  const { fields, body } = open("A: X \r\nB : Y\t\r\n\tZ  \r\n\r\n C \r\nD \t E\r\n\r\n\r\n");
  expect([...fields]).toEqual([
    ["a", ["a:X"]],
    ["b", ["b:Y Z"]],
  ]);
  expect(bodyHash(body)).toBe(bodyHash(Buffer.from(" C \r\nD \t E\r\n")));
});

test("an empty body has the hash that RFC 6376 3.4.3 gives, as have blank lines alone and no body at all", () => {
  const empty = "frcCV1k9oG9oKj3dpUqdJg1PxRT2RSN/XKdLCPjaYaY=";
  expect(["A: 1\r\n\r\n", "A: 1\r\n\r\n\r\n\r\n", "A: 1\r\n"].map((text) => bodyHash(open(text).body))).toEqual([
    empty,
    empty,
    empty,
  ]);
});

test("blank lines at the end do not count, nor a line end that is missing; one in the middle does", () => {
  const hash = (text: string) => bodyHash(Buffer.from(text));
  expect([hash("a\r\n\r\n"), hash("a"), hash("a\r\n \r\n") === hash("a\r\n"), hash("\r\na") === hash("a")]).toEqual([
    hash("a\r\n"),
    hash("a\r\n"),
    false,
    false,
  ]);
});

test("bytes outside ASCII are not white space, and stay as they are", () => {
  expect(open("Subject: \u00a0a\u0085 \r\n\r\n").fields.get("subject")).toEqual(["subject:\u00a0a\u0085"]);
});

test("every header is named once more than it stands, one that is not there once", () => {
  const { fields } = open("X: 1\r\nTo: a\r\nx: 2\r\n\r\n");
  expect(sealed(fields, ["To", "X", "Cc"])).toEqual({
    names: ["To", "To", "X", "X", "X", "Cc"],
    fields: "to:a\r\nx:2\r\nx:1\r\n",
  });
});

test("a name takes the last of its headers first, so that one put on top is the one left over", () => {
  const { fields } = open("To: added\r\nTo: ours\r\n\r\n");
  expect(cover(fields, ["to"]).fields).toBe("to:ours\r\n");
});
