/** A paper for a page and for the API. Text is inert, addresses are http(s) or nothing (docs/promises.md X2). */
import type { RankedPaper } from "../core/edition.ts";
import type { Because } from "../core/filter.ts";
import { authorsInWords, leadOf, reasonInWords, standingInWords } from "../core/in-words.ts";
import { inertLine, inertText, webAddress } from "../core/inert.ts";
import type { Say } from "../core/text.ts";
import { catalogueIn } from "../core/topic-names.ts";
import type { Catalogue } from "../core/topics.ts";
import type { paperAnswer, Told } from "./api/answers.ts";
import type { View } from "./pages.ts";

const LONGEST_TITLE = 300;

/**
 * @param shown its place on the page, why it is there when a filter was asked for, and why it stands where it does when the
 *   page is that of its edition
 */
export function paperView(
  paper: RankedPaper,
  say: Say,
  shown: {
    number: number;
    catalogue: Catalogue;
    because?: readonly Because[];
    watches?: number;
    standing?: { anchor: string; why: View | null };
  },
): View {
  const { number, catalogue, because = [], watches = 0, standing = { anchor: "", why: null } } = shown;
  const topicName = topicNames(catalogueIn(say, catalogue));
  return {
    ...{ number, ...standing },
    title: inertLine(paper.title, LONGEST_TITLE),
    href: paperHref(paper.id),
    authors: authorsInWords(paper.authors, say),
    lead: leadOf(paper),
    standing: standingInWords(paper, say),
    url: webAddress(paper.url),
    pdfUrl: webAddress(paper.pdfUrl),
    codeUrl: webAddress(paper.codeUrl),
    isFollowed: paper.lane === "followed",
    topics: paper.topics.map((id) => ({ id, name: topicName(id) })),
    reason:
      because.length === 0 || watches === 0
        ? ""
        : reasonInWords(because, { say, topics: paper.topics, watches, topicName }),
  };
}

/** The page of a paper on this site. */
export function paperHref(id: string): string {
  return `/papers/${id.split("/").map(encodeURIComponent).join("/")}`;
}

/** A topic's name; its id when the catalogue no longer has it. */
export function topicNames({ topics }: Catalogue): (id: string) => string {
  const names = new Map(topics.map(({ id, name }) => [id, name]));
  return (id) => names.get(id) ?? id;
}

/** The paper as the API gives it: docs/promises.md §3, and nothing more. */
export function paperJson(paper: RankedPaper): Told<typeof paperAnswer> {
  const { rank, id, upvotes, comments, stars, upvotesGained, starsGained, score, scoreParts, topics, listedOn } = paper;
  return {
    rank,
    id,
    title: inertText(paper.title),
    authors: paper.authors.map(inertText),
    summary: leadOf(paper),
    url: webAddress(paper.url),
    pdfUrl: webAddress(paper.pdfUrl),
    codeUrl: webAddress(paper.codeUrl),
    upvotes,
    comments,
    stars,
    upvotesGained,
    starsGained,
    score,
    scoreParts,
    topics,
    listedOn,
  };
}
