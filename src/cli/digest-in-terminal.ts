/** A digest as a terminal shows it: as wide as there is room, bold and dim where it can, every address whole. */
import type { Digest, DigestItem } from "../core/digest.ts";
import { authorsInWords, leadOf, mainTopics, reasonInWords, standingInWords } from "../core/in-words.ts";
import { inertLine, webAddress } from "../core/inert.ts";
import { dateOf, type Say } from "../core/text.ts";

export interface Screen {
  /** Letters in a line. */
  readonly width: number;
  readonly isColourful: boolean;
}

/** Longer lines are hard to read, shorter ones hold no title. */
const WIDTHS = { least: 40, most: 88, unknown: 80 } as const;

/** @param columns of the terminal; undefined: it is none */
export function widthFor(columns: number | undefined): number {
  if (!columns) return WIDTHS.unknown;
  return Math.min(Math.max(columns - 1, WIDTHS.least), WIDTHS.most);
}

/** @param topicName the name of a topic id in the language of `say` */
export function digestInTerminal(
  digest: Digest,
  { width, isColourful }: Screen,
  { say, topicName }: { readonly say: Say; readonly topicName: (id: string) => string },
): string {
  const { rankedBy, editionDate, cadence, items, matched } = digest;
  const bold = (text: string) => (isColourful ? `\u001b[1m${text}\u001b[22m` : text);
  const dim = (text: string) => (isColourful ? `\u001b[2m${text}\u001b[22m` : text);
  const date = dateOf(editionDate);
  const topics = mainTopics(items.map(({ paper }) => paper)).map((id) => inertLine(topicName(id), 60));
  const lead = say("mail.digest.lead", {
    ...{ rankedBy, date, count: items.length, total: matched, topics: topics.join(" · ") },
    ...{ isPart: String(matched > items.length), hasTopics: String(topics.length > 0) },
  });
  const heading = say("mail.digest.heading", { rankedBy, cadence, date, week: "" });
  const head = [
    ...[bold(say("mail.name")), ...wrapped(heading, width), ...wrapped(lead, width).map(dim)],
    "─".repeat(width),
  ];

  const paper = ({ number, paper: it, because }: DigestItem): string => {
    const margin = `${String(number).padStart(2)}. `;
    const room = width - margin.length;
    const [standing, url] = [standingInWords(it, say), webAddress(it.url)];
    const why = reasonInWords(because, { say, topics: it.topics, watches: 1, topicName });
    const links = [
      ...(url === null ? [] : [url]),
      ...(webAddress(it.pdfUrl) === null || webAddress(it.pdfUrl) === url
        ? []
        : [`${say("mail.paper.pdf")} ${webAddress(it.pdfUrl)}`]),
      ...(webAddress(it.codeUrl) === null ? [] : [`${say("mail.paper.code")} ${webAddress(it.codeUrl)}`]),
    ];
    const lines = [
      ...wrapped(inertLine(it.title, 300) || it.id, room).map(bold),
      ...wrapped(authorsInWords(it.authors, say), room).map(dim),
      ...wrapped(leadOf(it), room),
      ...wrapped(standing, room).map(dim),
      ...wrapped(it.lane === "followed" ? `${say("mail.paper.followed")} · ${why}` : why, room).map(dim),
      ...links,
    ];
    return lines.map((line, at) => `${at === 0 ? margin : " ".repeat(margin.length)}${line}`).join("\n");
  };
  return [head.join("\n"), ...items.map(paper)].join("\n\n");
}

/** Lines of at most so many columns, broken at spaces; a word that is longer stays whole. Empty text is no line. */
function wrapped(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(" ").filter((it) => it !== "")) {
    const last = lines.at(-1);
    if (last !== undefined && columnsOf(last) + 1 + columnsOf(word) <= width)
      lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(word);
  }
  return lines;
}

/** Letters of East Asian scripts take two columns, marks on a letter none (UAX 11). */
function columnsOf(text: string): number {
  if (/^[\x20-\x7e]*$/.test(text)) return text.length;
  let columns = 0;
  for (const letter of text)
    if (!/\p{M}/u.test(letter))
      columns +=
        /[\p{Script=Han}\p{Script=Hiragana}\p{Script=Katakana}\p{Script=Hangul}\uff01-\uff60\p{Extended_Pictographic}]/u.test(
          letter,
        )
          ? 2
          : 1;
  return columns;
}
