/** What a reader sees of a title, an abstract or a summary: letters, whatever mark-up the source left in them. */
import { cleanCharacters } from "./plain-text/characters.ts";
import { readHtml } from "./plain-text/html.ts";
import { Keepsakes } from "./plain-text/keepsakes.ts";
import { readBlocks, readEmphasis } from "./plain-text/markdown.ts";
import { restoreCommands } from "./plain-text/stripped-tex.ts";
import { readTex } from "./plain-text/tex.ts";
import { readQuotes, setDashes } from "./plain-text/typography.ts";

export type TextKind = "title" | "abstract";

// Real text settles in two or three rounds. What has not settled after this many is nested on purpose.
const maxRounds = 8;

/**
 * The same words without TeX, Markdown and HTML: `$\texttt{Complex-Edit}$` → `Complex-Edit`, `S^2L` → `S²L`,
 * `*Data Synthesis*` → `Data Synthesis`. One line, NFC, no control or bidi characters.
 *
 * Sources disagree about escaping and some escape twice, so there is no grammar to hold the text to: each reading below
 * takes off what is surely mark-up and leaves the rest. Reading is repeated until nothing changes, which makes
 * `plainText(plainText(x))` equal `plainText(x)` and unwraps doubled escapes. Time is linear, any input is accepted.
 *
 * @param kind an abstract keeps the address behind a link, `text (address)`; a title keeps the text alone and has no
 *   lists. Letters in sub- and superscripts stay letters (`x_i`, `x^(n+1)`), digits become `₀` and `²`.
 */
export function plainText(source: string, kind: TextKind = "abstract"): string {
  let text = source;
  for (let round = 0; round < maxRounds; round++) {
    const read = readOnce(text, kind);
    if (read === text) return text;
    text = read;
  }
  return withoutMarks(text);
}

function readOnce(source: string, kind: TextKind): string {
  const keep = new Keepsakes();
  const withAddress = kind === "abstract";
  let text = readHtml(cleanCharacters(source));
  text = keep.takeOut(text, withAddress);
  text = readBlocks(text, kind);
  text = readTex(restoreCommands(text), (words, address) => keep.link(words, address, withAddress));
  text = setDashes(readEmphasis(readQuotes(text)));
  return keep.putBack(text).replace(/\s+/g, " ").trim().normalize("NFC");
}

/** The letters alone, of text that was built to never settle. Nothing is left that a further reading could change. */
function withoutMarks(text: string): string {
  return cleanCharacters(text)
    .replace(/[\\$*_^~{}<>[\]|&#;`'"-]+/g, " ")
    .replace(/[^\p{L}\p{M}\p{N}\p{P}\p{S}]+/gu, " ")
    .replace(/(\d)\s*times\b/g, "$1 x")
    .trim()
    .normalize("NFC");
}
