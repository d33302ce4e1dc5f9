import { XMLParser, XMLValidator } from "fast-xml-parser";
import { expect, test } from "vitest";
import { markup } from "../../src/core/markup.ts";

test("what is put in is text, once more at each level", () => {
  const html = markup`<p title="${`"'`}">${"<b>&"}</p>`;
  expect(html.text).toBe('<p title="&quot;&#39;">&lt;b&gt;&amp;</p>');
  expect(markup`<x>${html.text}</x>`.text).toContain("&lt;p title=");
  expect(markup`<x>${[html, html]}</x>`.text).toBe(`<x>${html.text}${html.text}</x>`);
});

test("no letter makes it other than well-formed", () => {
  const letters = Array.from({ length: 0x10000 }, (_, code) => String.fromCharCode(code)).join("");
  const { text } = markup`<x>${`${letters}]]>\u{1F600}\u{10FFFF}`}</x>`;
  expect(XMLValidator.validate(text)).toBe(true);
  // The parser takes what XML forbids, so that is looked for.
  const kept = new XMLParser({ trimValues: false }).parse(text).x as string;
  expect(
    kept.match(/(?![\t\n\r])[\p{Cc}\p{Cs}\uFFFE\uFFFF]/gu)?.filter((letter) => letter < "\x7F" || letter > "\x9F"),
  ).toEqual([]);
  expect(kept.endsWith("\uFFFD]]>\u{1F600}\u{10FFFF}")).toBe(true);
});
