/** HTML in text: entities, and those tags that format. */
// `entities` is the decoder under htmlparser2, parse5 and cheerio: the whole WHATWG table, no dependencies.
import { decodeHTMLStrict } from "entities";

const inline = "b|i|em|strong|u|tt|code|span|a|font|small|big|mark|cite";
const block = "p|div|ul|ol|h[1-6]|blockquote|pre|center|table|tbody|tr|td|th";
const attributes = `(?:\\s+[\\w:-]{1,40}\\s*=\\s*(?:"[^"<>]{0,2000}"|'[^'<>]{0,2000}'|[^\\s"'<>]{1,2000})){0,20}`;
const tag = new RegExp(`<(/?)(${inline}|${block}|li|br|hr|img|sub|sup)${attributes}\\s*/?>`, "gi");

/**
 * Entities become characters (with their semicolon only: `AT&T` is a name), formatting tags go, `<sup>2</sup>` becomes `^{2}`.
 *
 * Only known tags, and an opening one only when it is closed somewhere: `<think>`, `<s>`, `<person, object>` and `a<b>c`
 * are words and formulas in this trade.
 */
export function readHtml(text: string): string {
  const decoded = text.includes("&") ? decodeHTMLStrict(text) : text;
  if (!decoded.includes("<")) return decoded;
  const closed = new Set(Array.from(decoded.matchAll(/<\/([a-z]+[1-6]?)\s*>/gi), (match) => match[1]!.toLowerCase()));
  return decoded.replace(/<!--.{0,5000}?-->/gs, " ").replace(tag, (whole, slash: string, given: string) => {
    const name = given.toLowerCase();
    if (name === "br" || name === "hr") return "\n";
    if (name === "img") return " ";
    if (!closed.has(name)) return whole;
    if (name === "li") return slash ? "\n" : "\n• ";
    if (name === "sup" || name === "sub") return slash ? "}" : name === "sup" ? "^{" : "_{";
    return new RegExp(`^(?:${inline})$`).test(name) ? "" : "\n";
  });
}
