import { isUtf8 } from "node:buffer";
import { Invalid } from "../errors.ts";
import { utf8Text } from "./utf8.ts";

/**
 * The text of an XML document, in whatever encoding it came.
 *
 * A byte order mark decides. Bytes that spell UTF-8 are UTF-8, whatever is said of them: servers call everything
 * ISO-8859-1. Of the rest the document's own declaration is believed before its server's.
 *
 * @param contentType the header, if there was one
 * @throws {Invalid} for an encoding nobody knows, and naming the first byte that is not UTF-8 where nothing else is said
 */
export function xmlText(bytes: Buffer, contentType = ""): string {
  const utf16 = UTF_16.find(({ begins }) => begins.some(([one, two]) => bytes[0] === one && bytes[1] === two));
  if (utf16 !== undefined) return decoded(bytes, utf16.name);
  if (isUtf8(bytes)) return utf8Text(bytes);
  // Of every encoding that is left, the declaration is ASCII.
  const [, declared] = /^\s*<\?xml[^>]{0,200}\bencoding\s*=\s*["']([\w.:-]+)["']/.exec(head(bytes)) ?? [];
  const [, served] = /;\s*charset\s*=\s*["']?([\w.:-]+)/i.exec(contentType) ?? [];
  const name = declared ?? served ?? "utf-8";
  return /^utf-?8$/i.test(name) ? utf8Text(bytes) : decoded(bytes, name);
}

/** Each begins with its byte order mark, or with the `<` that every document begins with: XML 1.0, appendix F.1. */
const UTF_16: readonly { readonly name: string; readonly begins: readonly (readonly number[])[] }[] = [
  {
    name: "utf-16le",
    begins: [
      [0xff, 0xfe],
      [0x3c, 0x00],
    ],
  },
  {
    name: "utf-16be",
    begins: [
      [0xfe, 0xff],
      [0x00, 0x3c],
    ],
  },
];

function head(bytes: Buffer): string {
  return bytes.subarray(0, 300).toString("latin1");
}

function decoded(bytes: Buffer, name: string): string {
  try {
    return new TextDecoder(name, { fatal: true }).decode(bytes);
  } catch (error) {
    const { code } = error as { code?: string };
    const what = code === "ERR_ENCODING_NOT_SUPPORTED" ? "an encoding that nobody knows" : "not what its bytes are in";
    throw new Invalid(`"${name}" is ${what}. Convert it to UTF-8.`, [], { cause: error });
  }
}
