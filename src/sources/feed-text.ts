/** Texts of feeds: HTML that somebody wrote for a web page, escaped once, twice or not at all. */
import { decodeHTMLStrict } from "entities";
import type { XmlElement } from "./xml.ts";

/** Fifty times a long abstract. A post of a book's length is cut: nobody looks for papers behind it. */
const MOST_LETTERS = 50_000;

/**
 * What an element holds as the HTML it is meant to be: text alone as it stands, elements (XHTML, or HTML that nobody
 * escaped) with their tags again.
 */
export function htmlIn(element: XmlElement | undefined): string {
  const children = element?.children ?? [];
  return children.every((child) => typeof child === "string") ? children.join("") : children.map(tagged).join("");
}

function tagged(child: XmlElement | string): string {
  if (typeof child === "string") return child.replaceAll("&", "&amp;").replaceAll("<", "&lt;");
  const { href } = child.attributes;
  const link = href === undefined ? "" : ` href="${href.replaceAll('"', "&quot;")}"`;
  return `<${child.name}${link}>${child.children.map(tagged).join("")}</${child.name}>`;
}

/**
 * A web page's HTML with only those tags left that `plainText` knows, without scripts, pictures and comments.
 *
 * Text in which no tag is surely HTML stays as it is: `<think>` is a word, and `a<b>c` a formula.
 */
export function textOfPage(html: string): string {
  const once = html.length > MOST_LETTERS ? html.slice(0, MOST_LETTERS).replace(/<[^<>]*$/, "") : html;
  const text = HTML_ESCAPED.test(once) && !HTML.test(once) ? decodeHTMLStrict(once) : once;
  if (!HTML.test(text)) return text;
  return text.replace(UNREAD, " ").replace(TAG, (tag, name: string) => (KNOWN.test(name) ? tag : " "));
}

const HTML = /<\/(?:p|div|a|li|ul|h[1-6]|span|strong|em|b|i|section|article|figure)\s*>|<(?:br|hr|img|p)\b[^<>]*>/i;
const HTML_ESCAPED = /&lt;\/(?:p|div|a|li|ul|h[1-6]|span|strong|em|b|i)\s*&gt;|&lt;(?:br|hr|img|p)\b/i;
const UNREAD = /<!--[\s\S]*?(?:-->|$)|<(script|style|svg|iframe|noscript|video|audio)\b[\s\S]*?(?:<\/\1\s*>|$)/gi;
const TAG = /<\/?([a-z][\w:-]*)(?:\s[^<>]*)?>/gi;
/** Those of core/plain-text/html.ts. */
const KNOWN =
  /^(?:b|i|em|strong|u|tt|code|span|a|font|small|big|mark|cite|p|div|ul|ol|h[1-6]|blockquote|pre|center|table|tbody|tr|td|th|li|br|hr|img|sub|sup)$/i;
