/** arXiv through OAI-PMH 2.0 (openarchives.org/OAI/openarchivesprotocol.html), its way to harvest many records. */
import { arxivIdOf, type Sighting } from "../core/paper.ts";
import { Invalid, Permanent } from "../errors.ts";
import type { Fetch } from "../fetch.ts";
import { understand } from "./answer.ts";
import { type ArxivRecord, arxivSighting } from "./arxiv-record.ts";
import { instantOf, lineOf, linesOf, textOf } from "./fields.ts";
import type { Pulled, Refusal, Source } from "./source.ts";
import { childOf, childrenOf, parseXml, textIn, type XmlElement } from "./xml.ts";

type Needs = { fetch: Pick<Fetch, "get"> };

export interface ArxivOaiOptions {
  readonly url?: string;
  /** Keep papers of these categories only; empty keeps all of arXiv. */
  readonly categories: readonly string[];
}

/** A page holds about 1,000 records, and arXiv changes a few thousand a day. */
const MAX_PAGES = 100;

/** A day's records are those changed on it: new versions of old papers too. */
export function openArxivOai(
  { fetch }: Needs,
  { url = "https://oaipmh.arxiv.org/oai", categories }: ArxivOaiOptions,
): Source {
  return {
    name: "arxiv-oai",
    trending: false,
    async fetch({ day, signal }) {
      const sightings: Sighting[] = [];
      const refusals: Refusal[] = [];
      const seen = new Set<string>();
      let query: Record<string, string> = { verb: "ListRecords", metadataPrefix: "arXiv", from: day, until: day };
      for (let page = 0; page < MAX_PAGES; page += 1) {
        const answer = await fetch.get(`${url}?${new URLSearchParams(query)}`, {
          accept: "text/xml",
          ...(signal && { signal }),
        });
        const { resumptionToken, ...records } = understand(answer, parseOaiRecords);
        sightings.push(...records.sightings.filter((paper) => isWanted(paper, categories)));
        refusals.push(...records.refusals);
        if (resumptionToken === undefined || seen.has(resumptionToken)) {
          return { sightings: sightings.map((paper, position) => ({ ...paper, position })), refusals };
        }
        seen.add(resumptionToken);
        // The token stands alone: with any other argument the protocol calls it an error (3.5.1).
        query = { verb: "ListRecords", resumptionToken };
      }
      throw new Permanent(`${url} goes on after ${MAX_PAGES} pages of records for ${day}.`);
    },
  };
}

function isWanted(paper: Sighting, categories: readonly string[]): boolean {
  return categories.length === 0 || paper.categories.some((category) => categories.includes(category));
}

/** What one answer holds, and the token that asks for the next; undefined on the last page. */
export interface OaiRecords extends Pulled {
  readonly resumptionToken: string | undefined;
}

/**
 * One answer to ListRecords or GetRecord, in the metadata formats `arXiv` and `oai_dc`. That no record matches is an
 * answer without papers; a deleted record is refused.
 *
 * @throws {Invalid} for anything else, and for the protocol's other errors
 */
export function parseOaiRecords(text: string): OaiRecords {
  const root = parseXml(text);
  if (root.name !== "OAI-PMH") throw new Invalid(`an answer of OAI-PMH was expected, not <${root.name}>.`);
  const error = childOf(root, "error");
  if (error !== undefined && error.attributes.code !== "noRecordsMatch") {
    throw new Invalid(`the archive says ${error.attributes.code ?? "error"}: ${lineOf(textIn(error)) ?? "no reason"}`);
  }
  const list = childOf(root, "ListRecords") ?? childOf(root, "GetRecord");
  if (list === undefined && error === undefined)
    throw new Invalid("OAI-PMH without ListRecords. Ask with verb=ListRecords.");
  const read = childrenOf(list, "record").map(readRecord);
  return {
    sightings: read.filter((entry) => "signals" in entry),
    refusals: read.filter((entry) => "reason" in entry),
    resumptionToken: textOf(textIn(childOf(list, "resumptionToken"))),
  };
}

function readRecord(record: XmlElement, index: number): Sighting | Refusal {
  const header = childOf(record, "header");
  const identifier = textIn(childOf(header, "identifier")).trim();
  const where = `record ${index + 1}${identifier === "" ? "" : ` (${identifier})`}`;
  if (header?.attributes.status === "deleted") return { where, reason: "deleted at the archive" };
  const metadata = childOf(record, "metadata");
  const arxiv = childOf(metadata, "arXiv");
  const dublinCore = childOf(metadata, "dc");
  const place = { where, position: index, identifier };
  if (arxiv !== undefined) return arxivSighting(fromArxiv(arxiv, place));
  if (dublinCore !== undefined) return arxivSighting(fromDublinCore(dublinCore, place));
  return { where, reason: "its metadata are neither arXiv nor oai_dc. Ask with metadataPrefix=arXiv" };
}

type Place = { where: string; position: number; identifier: string };

function fromArxiv(metadata: XmlElement, { identifier, ...place }: Place): ArxivRecord {
  const authors = childrenOf(childOf(metadata, "authors"), "author").map((author) =>
    ["forenames", "keyname", "suffix"].map((part) => textIn(childOf(author, part))).join(" "),
  );
  return {
    ...place,
    source: "arxiv-oai",
    arxivId: arxivIdOf(textIn(childOf(metadata, "id"))) ?? arxivIdOf(identifier),
    title: lineOf(textIn(childOf(metadata, "title"))),
    abstract: textOf(textIn(childOf(metadata, "abstract"))),
    authors: linesOf(authors),
    categories: linesOf(textIn(childOf(metadata, "categories")).split(/\s+/)),
    publishedAt: instantOf(textIn(childOf(metadata, "created"))),
    comment: textIn(childOf(metadata, "comments")),
  };
}

/** Dublin Core names its authors "Surname, Forenames", and puts the authors' remark beside the abstract. */
function fromDublinCore(metadata: XmlElement, { identifier, ...place }: Place): ArxivRecord {
  const all = (name: string) => linesOf(childrenOf(metadata, name).map(textIn));
  const descriptions = childrenOf(metadata, "description").map(textIn);
  const isComment = (text: string) => /^\s*comments?:/i.test(text);
  return {
    ...place,
    source: "arxiv-oai",
    arxivId:
      arxivIdOf(identifier) ??
      all("identifier")
        .map(arxivIdOf)
        .find((id) => id !== null) ??
      null,
    title: all("title")[0],
    abstract: textOf(descriptions.find((text) => !isComment(text))),
    authors: all("creator").map((name) => name.replace(/^([^,]+),\s*(.+)$/, "$2 $1")),
    // Its subjects are names ("Computation and Language"), not categories.
    categories: [],
    publishedAt: all("date")
      .map(instantOf)
      .find((date) => date !== undefined),
    comment: descriptions.find(isComment)?.replace(/^\s*comments?:\s*/i, ""),
  };
}
