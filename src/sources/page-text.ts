/**
 * The text dump of a papers page: titles and abstracts on alternating lines, in page order. It knows no ids and no votes.
 *
 * What a line is shows in the line itself, not in its number, so that a missing title or abstract costs one paper and the
 * next pair is right again. In 1,004 real papers titles had up to 162 characters and never ended in a full stop, abstracts
 * had at least 542.
 */
import type { Sighting } from "../core/paper.ts";
import { lineOf, sightingOf } from "./fields.ts";
import { type Line, linesIn } from "./lines.ts";
import type { Pulled, Refusal } from "./source.ts";

type Entry = Sighting | Refusal;

/** Takes the lines of a dump one by one and gives each paper as soon as it is complete. */
export interface PageTextReader {
  take(line: Line): Entry[];
  /** After the last line. */
  end(): Entry[];
}

export function parsePageText(text: string): Pulled {
  const reader = openPageText();
  const entries = [...linesIn(text).flatMap((line) => reader.take(line)), ...reader.end()];
  return {
    sightings: entries.filter((entry) => "signals" in entry),
    refusals: entries.filter((entry) => "reason" in entry),
  };
}

export function openPageText(): PageTextReader {
  /** A line that should be a title: what follows it decides. */
  let title: { number: number; text: string } | null = null;
  /** The paper whose abstract may still go on. */
  let open: { title: string; abstract: string } | null = null;
  let afterBanner = false;
  /** Inside something that was refused: what belongs to it is not refused once more. */
  let skipping = false;
  let position = 0;

  return {
    take(line) {
      if ("fault" in line) return takeFault(line);
      const text = withoutButton(lineOf(line.text) ?? "");
      if (text === "") return [];
      if (BANNER.test(text)) {
        afterBanner = true;
        return [];
      }
      return isAbstract(text) ? takeAbstract(line.number, text) : takeShort(line.number, text);
    },
    end: () => [...dropTitle("the file ends before its abstract"), ...close()],
  };

  function takeAbstract(number: number, text: string): Entry[] {
    if (title !== null) return pair(title.text, text);
    if (open !== null && goesOn(open.abstract, text)) return append(text);
    if (skipping) return [];
    skipping = true;
    return [...close(), { where: `line ${number}`, reason: "an abstract without a title before it" }];
  }

  function takeShort(number: number, text: string): Entry[] {
    if (title === null) {
      title = { number, text };
      return [];
    }
    const before = title;
    // Two short lines: the first was the end of the abstract above, half a title, or the title of a short abstract.
    if ((open !== null || skipping) && readsOn(before.text)) {
      title = { number, text };
      return append(before.text);
    }
    if (/[:,–—-]$/.test(before.text)) {
      title = { number: before.number, text: `${before.text} ${text}` };
      return [];
    }
    if (text.endsWith(".")) return pair(before.text, text);
    const dropped = dropTitle("a title without an abstract after it");
    title = { number, text };
    return dropped;
  }

  function takeFault({ number, fault }: { number: number; fault: string }): Entry[] {
    // The bad line was the abstract of a waiting title, or is a title itself.
    skipping = title === null;
    title = null;
    return [...close(), { where: `line ${number}`, reason: fault }];
  }

  function pair(titleText: string, abstract: string): Entry[] {
    const closed = close();
    open = { title: titleText, abstract };
    title = null;
    skipping = false;
    return closed;
  }

  function append(text: string): Entry[] {
    if (open !== null) open = { ...open, abstract: `${open.abstract} ${text}` };
    return [];
  }

  function dropTitle(reason: string): Entry[] {
    if (title === null) return [];
    // A short last line may be the end of the abstract above it.
    const { number, text } = title;
    title = null;
    if ((open !== null || skipping) && readsOn(text)) return append(text);
    return [...close(), { where: `line ${number}`, reason: `${reason}: "${text.slice(0, 80)}"` }];
  }

  function close(): Entry[] {
    if (open === null) return [];
    const { title: titleText, abstract } = open;
    open = null;
    position += 1;
    return [
      sightingOf({
        source: "page-text",
        title: titleText,
        abstract,
        authors: [],
        categories: [],
        keywords: [],
        position: position - 1,
        signals: {},
      }),
    ];
  }

  /** The subscribe button under the banner runs into the first title: "SubscribeTrackSSM: A General …". */
  function withoutButton(text: string): string {
    if (text === "" || BANNER.test(text)) return text;
    const isFirst = afterBanner;
    if (text === "Subscribe") return "";
    afterBanner = false;
    // "Subscribe to …" and "Subscribers …" are titles of their own.
    return isFirst ? text.replace(/^Subscribe(?![\s:,.-]|(?:d|s|rs?)\b|rship)/, "") : text;
  }
}

const BANNER = /^Get trending papers in your email inbox\b.{0,40}$/i;

/** True for a line that no title would be: very long, or long and made of sentences. */
function isAbstract(text: string): boolean {
  return text.length > 300 || (text.length >= 120 && (text.endsWith(".") || /[a-z]{3}\. [A-Z]/.test(text)));
}

/**
 * True when a long line surely continues an abstract: it starts, or that one stopped, in mid-sentence. A new paragraph
 * looks like the abstract of a paper whose title is lost, and is refused as that: a lost paper must not pass in silence.
 */
function goesOn(abstract: string, text: string): boolean {
  return /^\p{Ll}/u.test(text) || /[,;:–—-]$/.test(abstract);
}

/** True for a short line that ends an abstract rather than being a title: a last sentence, an address. */
function readsOn(text: string): boolean {
  return text.endsWith(".") || /https?:\/\/\S+$/.test(text);
}
