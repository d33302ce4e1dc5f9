/**
 * Paper fragments and frames of an edition, rendered and encoded once a language and part; what differs a reader is a
 * mark (marked.ts).
 */
import Handlebars from "handlebars";
import { INCIDENT_KINDS } from "../core/alarms.ts";
import { addDays, dayOfYear } from "../core/day.ts";
import type { Digest, DigestItem } from "../core/digest.ts";
import type { RankedBy, RankedPaper } from "../core/edition.ts";
import type { Because, Watch } from "../core/filter.ts";
import { authorsInWords, leadOf, reasonInWords, standingInWords, watchInWords, wordsNeeded } from "../core/in-words.ts";
import { cutAtWord, inertLine, webAddress } from "../core/inert.ts";
import type { Day } from "../core/paper.ts";
import { dateOf, type Say, type Texts, type Values } from "../core/text.ts";
import { fill, type Marked, markedQuotedPrintable, marks, softLines } from "./marked.ts";
import type { Bodies, Body } from "./message.ts";
import { flowLines } from "./plain-lines.ts";
import type { MailName, Part, Templates, View } from "./templates.ts";

export interface RendererOptions {
  readonly templates: Templates;
  readonly texts: Texts;
  readonly publicUrl: string;
  /** Shown in every digest (CAN-SPAM); null until the operator sets one. */
  readonly postalAddress: string | null;
  /** A topic's name in a language; its id where there is none. */
  readonly topicName: (id: string, language: string) => string;
}

/** What stands on top of every digest of an edition, in each language. */
export type Notice = (say: Say) => string;

export interface Renderer {
  /** Starts empty and fills as mails are composed: keep one an edition, let it go with the edition. */
  edition(of: {
    readonly date: Day;
    readonly rankedBy: RankedBy;
    readonly notice?: Notice | null;
    /** There is no server behind it and nobody is subscribed: it leads to the papers and nowhere else. */
    readonly isAlone?: boolean;
  }): EditionFragments;
  /** A whole short mail, encoded; its subject stands under `mail.<name>.subject` and may say what the view holds. */
  short(
    name: ShortMailName,
    language: string,
    viewIn: (say: Say) => Values,
  ): Bodies & { readonly subject: string; readonly listName: string; readonly language: string };
}

export type EditionFragments = (language: string) => Fragments;

/** One edition in one language. What is returned is encoded and ends in a soft line break, ready to be put together. */
export interface Fragments {
  readonly say: Say;
  readonly date: Day;
  readonly rankedBy: RankedBy;
  /** @param isPart more papers match than stand in the mail, which then says so and links to them */
  frame(part: Part, cadence: Digest["cadence"], isPart: boolean): Marked;
  /** @param isInSection there are headings above those of the papers */
  paper(part: Part, paper: RankedPaper, isInSection: boolean): Marked;
  /** What stands above the papers of a watch, with a mark for its name. */
  section(part: Part): Marked;
  watch(part: Part, watch: Watch | null): string;
  reason(item: Pick<DigestItem, "because" | "paper">, watches: number): Readonly<Record<Part, string>>;
  /** The first line, which an inbox shows beside the subject. */
  lead(part: Part, contents: Contents): string;
  /** How many papers match that are not in the mail, and the words of the link to them. */
  more(part: Part, contents: Contents): string;
  /** @param total null: the link leads to the whole edition */
  seeAll(part: Part, total: number | null): string;
  /** What is inside: the first title, and how many more. Not encoded. */
  subject(first: RankedPaper | undefined, more: number, cadence: Digest["cadence"]): string;
  /** An address, ready for its part. */
  link(part: Part, url: string): string;
}

/** What is in a digest, as its first line tells. */
export interface Contents {
  readonly count: number;
  /** How many papers match, with those that are not in the mail. */
  readonly total: number;
  /** Ids of the topics that most of its papers have. */
  readonly topics: readonly string[];
}

type ShortMailName = Exclude<MailName, "digest">;

const subjects = {
  confirm: "mail.confirm.subject",
  "already-subscribed": "mail.alreadySubscribed.subject",
  link: "mail.link.subject",
  account: "mail.account.subject",
  move: "mail.move.subject",
  moved: "mail.moved.subject",
  quiet: "mail.quiet.subject",
  alarm: "mail.alarm.subject",
} as const satisfies Record<ShortMailName, string>;

const frameWords = [
  ...Object.values(subjects),
  "mail.digest.subject",
  "mail.digest.lead",
  "mail.digest.heading",
  "mail.digest.number",
  "mail.digest.more",
  "mail.digest.seeAll",
  "mail.digest.earlier",
  "mail.name",
  ...INCIDENT_KINDS.map((kind) => `mail.alarm.what.${kind}`),
  "mail.alarm.moreOf",
];
const longestTitle = 300;
const longestTopic = 60;
/** An inbox shows some 70 to 100 letters of a subject, and how many more there are should be among them. */
const longestSubjectTitle = { daily: 90, weekdays: 90, weekly: 70 };
/** Sentences are few (topics and watches repeat from reader to reader), but nothing bounds them; beyond this a cache starts anew. */
const mostSentences = 20_000;

/** @throws {Invalid} when the catalogue lacks a key that code says */
export function openRenderer(options: RendererOptions): Renderer {
  options.texts.require([...wordsNeeded, ...frameWords], "src/mail");
  return {
    edition(of) {
      const byLanguage = new Map<string, Fragments>();
      return (language) => {
        const say = options.texts(language);
        let fragments = byLanguage.get(say.language);
        if (fragments === undefined) {
          fragments = fragmentsOf(of, say, options);
          byLanguage.set(say.language, fragments);
        }
        return fragments;
      };
    },
    short(name, language, viewIn) {
      const say = options.texts(language);
      const view = viewIn(say);
      const body = (part: Part): Body => {
        const template = options.templates.get(name, part);
        const mail = encoded(part, template.frame(say, { ...view, postalAddress: postalLine(options), papers: "" }));
        return (sheet) => fill(sheet, mail, {});
      };
      const listName = say("mail.name");
      return {
        html: body("html"),
        text: body("text"),
        listName,
        subject: say(subjects[name], view),
        language: say.language,
      };
    },
  };
}

function fragmentsOf(
  { date, rankedBy, notice, isAlone = false }: Parameters<Renderer["edition"]>[0],
  say: Say,
  options: RendererOptions,
): Fragments {
  const { templates, publicUrl, topicName } = options;
  const frames = new Map<string, Marked>();
  const papers = { html: new Map<number, Marked>(), text: new Map<number, Marked>() };
  const inSections = { html: new Map<number, Marked>(), text: new Map<number, Marked>() };
  const sections = new Map<Part, Marked>();
  const reasons = new Map<string, Readonly<Record<Part, string>>>();
  /** Each is asked for when the mail is measured, and again when it is composed. */
  const ofReader = new WeakMap<readonly Because[], Readonly<Record<Part, string>>>();
  const sentences = new Map<string, string>();
  const subjectLines = new Map<string, string>();
  const topic = (id: string) => topicName(id, say.language);
  const week = say.days(addDays(date, -6), date);
  /** A sentence of its own line, ready for its part. */
  const sentence = (part: Part, key: string, make: () => string): string => {
    if (sentences.size > mostSentences) sentences.clear();
    return kept(sentences, `${part} ${key}`, () => forPart(part, make()));
  };

  return {
    say,
    date,
    rankedBy,
    frame: (part, cadence, isPart) =>
      kept(frames, `${part} ${cadence} ${isPart}`, () =>
        encoded(
          part,
          templates.get("digest", part).frame(say, {
            mark: marks,
            papers: marks.papers,
            heading: say("mail.digest.heading", { rankedBy, cadence, date: dateOf(date), week }),
            number: say("mail.digest.number", { number: dayOfYear(date), year: date.slice(0, 4) }),
            ...{ isPart, isAlone },
            notice: notice ? inertLine(notice(say), 500) : "",
            cadence,
            date: dateOf(date),
            editionUrl: new URL(`/editions/${date}`, publicUrl).href,
            postalAddress: postalLine(options),
          }),
        ),
      ),
    paper: (part, paper, isInSection) =>
      kept((isInSection ? inSections : papers)[part], paper.key, () => {
        const view = { mark: marks, isInSection, paper: paperView(paper, say, isAlone ? null : publicUrl) };
        return encoded(part, templates.get("digest", part).paper(say, view));
      }),
    section: (part) =>
      kept(sections, part, () => encoded(part, templates.get("digest", part).section(say, { mark: marks }))),
    watch: (part, watch) =>
      forPart(part, watch === null ? say("mail.digest.earlier") : watchInWords(watch, { say, topicName: topic })),
    reason({ because, paper }, watches) {
      const known = ofReader.get(because);
      if (known !== undefined) return known;
      if (reasons.size > mostSentences) reasons.clear();
      const words = kept(reasons, keyOf(because, asksForNothing(because) ? paper.topics : [], watches > 1), () => {
        const isUnderFirst = watches > 1;
        const reason = reasonInWords(because, { say, topics: paper.topics, watches, isUnderFirst, topicName: topic });
        return { html: forPart("html", reason), text: forPart("text", reason) };
      });
      ofReader.set(because, words);
      return words;
    },
    lead: (part, { count, total, topics }) =>
      sentence(part, `lead ${count} ${total} ${topics.join(" ")}`, () => {
        // Names of topics have commas in them.
        const names = topics.map((id) => inertLine(topic(id), longestTopic)).join("\u00A0· ");
        const told = { isPart: String(total > count), hasTopics: String(topics.length > 0), topics: names };
        return say("mail.digest.lead", { rankedBy, date: dateOf(date), count, total, ...told });
      }),
    more: (part, { count, total }) =>
      sentence(part, `more ${total - count}`, () => say("mail.digest.more", { more: total - count })),
    seeAll: (part, total) =>
      sentence(part, `all ${total}`, () =>
        total === null ? say("mail.digest.all") : say("mail.digest.seeAll", { total }),
      ),
    subject: (first, more, cadence) =>
      kept(subjectLines, `${first?.key} ${more} ${cadence}`, () => {
        const title = inertLine(first?.title ?? "", longestSubjectTitle[cadence]) || say("mail.name");
        return say("mail.digest.subject", { title, more, cadence, rankedBy, week });
      }),
    link: (part, url) => softLines(part === "html" ? escaped(url) : url),
  };
}

/** Words that stand on a line of their own. */
function forPart(part: Part, words: string): string {
  return softLines(part === "html" ? escaped(words) : flowLines(words));
}

function encoded(part: Part, rendered: string): Marked {
  const text = part === "text" ? flowLines(rendered) : rendered;
  return markedQuotedPrintable(text.endsWith("\n") ? text : `${text}\n`);
}

function kept<K, V>(cache: Map<K, V>, key: K, make: () => V): V {
  let value = cache.get(key);
  if (value === undefined) {
    value = make();
    cache.set(key, value);
  }
  return value;
}

/** Then what its reason says is what the paper is about. */
function asksForNothing(because: readonly Because[]): boolean {
  return because.every(({ topics, include, authors, categories }) =>
    [topics, include, authors, categories].every((entries) => entries.length === 0),
  );
}

/** One key for reasons that read alike. Each text is led by its length, so no text can look like two. JSON would cost more than the rest of the mail. */
function keyOf(because: readonly Because[], paperTopics: readonly string[], isOneOfSeveral: boolean): string {
  let key = `${isOneOfSeveral ? "+" : ""}${paperTopics.join(" ")};`;
  for (const { name, topics, include, authors, categories } of because) {
    key += `${name.length}:${name}`;
    for (const texts of [topics, include, authors, categories]) {
      key += `;${texts.length}`;
      for (const text of texts) key += ` ${text.length}:${text}`;
    }
  }
  return key;
}

/**
 * What the templates see of a paper. Text is inert, addresses are http(s) or null; one without an address of its own has our
 * page, where there is a server to show it.
 */
function paperView(paper: RankedPaper, say: Say, publicUrl: string | null): View {
  const ownPage = publicUrl === null ? null : new URL(`/papers/${encodeURIComponent(paper.id)}`, publicUrl).href;
  const [url, pdfUrl, codeUrl] = [
    webAddress(paper.url) ?? ownPage,
    webAddress(paper.pdfUrl),
    webAddress(paper.codeUrl),
  ];
  const standing = standingInWords(paper, say);
  // A title of nothing but invisible letters would leave a link that nobody can see.
  const title = inertLine(paper.title, longestTitle) || paper.id;
  return {
    title,
    name: shortName(title),
    url,
    authors: authorsInWords(paper.authors, say),
    lead: leadOf(paper),
    standing,
    pdfUrl,
    codeUrl,
    hasFacts: standing !== "" || pdfUrl !== null || codeUrl !== null,
    afterPdf: standing !== "" || codeUrl !== null,
    isFollowed: paper.lane === "followed",
  };
}

/** What a link to the code of "FIPO: Eliciting Deep Reasoning …" is called by a screen reader: the name before the colon, or the first words. */
function shortName(title: string): string {
  const [beforeColon = ""] = title.split(/:\s/u, 1);
  return beforeColon.length <= 40 ? beforeColon : cutAtWord(title, 40);
}

function postalLine({ postalAddress }: RendererOptions): string {
  return postalAddress === null ? "" : inertLine(postalAddress, 300);
}

function escaped(text: string): string {
  return Handlebars.escapeExpression(text);
}
