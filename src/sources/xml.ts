/** XML of feeds and archives, read defensively: no document type, no entities of its own, no deep nesting. */
import { XMLParser } from "fast-xml-parser";
import { Invalid } from "../errors.ts";

export interface XmlElement {
  /** Without its namespace prefix, which every archive chooses as it likes. */
  readonly name: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly (XmlElement | string)[];
}

/**
 * The root element of a document.
 *
 * @throws {Invalid} for what is cut short or not well formed, for a web page, and for a document type: it could define
 *   entities that swell to gigabytes, and no archive we read has one
 */
export function parseXml(text: string): XmlElement {
  refuseDocumentType(text);
  let nodes: OrderedNode[];
  try {
    nodes = new XMLParser(OPTIONS).parse(text, true);
  } catch (error) {
    const [message = ""] = (error as Error).message.split("\n");
    throw new Invalid(`not whole XML: ${message.slice(0, 200)}`, [], { cause: error });
  }
  const root = nodes.map(elementOf).find((node) => typeof node !== "string");
  if (root === undefined) throw new Invalid("XML without an element.");
  return root;
}

/** The elements of this name right below; none when there is no parent. */
export function childrenOf(parent: XmlElement | undefined, name: string): XmlElement[] {
  return (parent?.children ?? []).filter((child) => typeof child !== "string").filter((child) => child.name === name);
}

/** The first element of this name right below. */
export function childOf(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return childrenOf(parent, name)[0];
}

/** All text in an element, also what stands in markup inside it. */
export function textIn(element: XmlElement | undefined): string {
  return (element?.children ?? []).map((child) => (typeof child === "string" ? child : textIn(child))).join("");
}

/** What fast-xml-parser makes of a node when order is kept: `{ tag: children, ":@": attributes }` or `{ "#text": text }`. */
type OrderedNode = { readonly ":@"?: Record<string, string>; readonly [tag: string]: unknown };

const OPTIONS = {
  preserveOrder: true,
  ignoreAttributes: false,
  attributeNamePrefix: "",
  removeNSPrefix: true,
  ignoreDeclaration: true,
  ignorePiTags: true,
  parseTagValue: false,
  trimValues: false,
  // Without it numeric references (&#233;) stay as they are.
  htmlEntities: true,
  // The deepest document we read has eight levels.
  maxNestedTags: 50,
} as const;

function elementOf(node: OrderedNode): XmlElement | string {
  if ("#text" in node) return String(node["#text"]);
  const { ":@": attributes = {}, ...tag } = node;
  const [[name, children] = ["", []]] = Object.entries(tag) as [string, OrderedNode[]][];
  return { name, attributes, children: children.map(elementOf) };
}

function refuseDocumentType(text: string): void {
  const found = /<!doctype\s*([\w:.-]*)/i.exec(text);
  if (found === null || !isMarkup(text, found.index)) return;
  if (/^html$/i.test(found[1] ?? "")) throw new Invalid("a web page (HTML), not a feed.");
  throw new Invalid("XML with a document type (<!DOCTYPE …>), which is not read. Remove it.");
}

/** False inside a CDATA section or a comment, where a paper on XML may well write "<!DOCTYPE". */
function isMarkup(text: string, index: number): boolean {
  return ["<![CDATA[ ]]>", "<!-- -->"].every((pair) => {
    const [open = "", close = ""] = pair.split(" ");
    const opened = text.lastIndexOf(open, index);
    return opened === -1 || text.slice(opened, index).includes(close);
  });
}
