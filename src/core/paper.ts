/**
 * What we believe about papers: what a source says of one (a sighting), which sightings mean the same work, and how
 * what several sources said becomes one paper.
 */
import { createHash } from "node:crypto";
import { plainText } from "./plain-text.ts";

/** What a source counts about a paper, by name: `upvotes`, `comments`, `stars`, or anything another source counts. */
export type Signals = Readonly<Record<string, number>>;

/** A calendar day, `YYYY-MM-DD`, without a zone. */
export type Day = string;

/** What one source said of one paper at one time. Text is as the source wrote it, TeX and all. */
export interface Sighting {
  /** Name of the source: `hugging-face`, `arxiv`, `page-text`, … */
  readonly source: string;
  /** arXiv id without version (`2604.11784`, `hep-th/9901001`); absent when the source does not know it. */
  readonly arxivId?: string;
  readonly title: string;
  readonly abstract?: string;
  /** The source's own one-line summary. */
  readonly summary?: string;
  readonly authors: readonly string[];
  /** arXiv categories, primary first: `["cs.CL", "cs.AI"]`. */
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  readonly publishedAt?: Date;
  readonly url?: string;
  readonly pdfUrl?: string;
  readonly codeUrl?: string;
  readonly projectUrl?: string;
  readonly organization?: string;
  /** The UTC day a trending source listed it on; absent from sources that do not list by day. */
  readonly listedOn?: Day;
  /** Its place in that day's listing, from 0. */
  readonly position?: number;
  readonly signals: Signals;
  readonly withdrawn?: boolean;
}

/**
 * What all sources together said of one paper. Texts and names are readable plain letters (plain-text.ts).
 *
 * Absent is the empty text or list, or null, as it stands in the database.
 */
export interface PaperFacts {
  readonly title: string;
  readonly abstract: string;
  readonly summary: string;
  readonly authors: readonly string[];
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  readonly publishedAt: Date | null;
  readonly url: string;
  readonly pdfUrl: string | null;
  readonly codeUrl: string | null;
  readonly projectUrl: string | null;
  readonly organization: string | null;
  readonly withdrawn: boolean;
  /** Name of the source whose word stands for title, abstract, authors, categories, date and links. */
  readonly toldBy: string;
}

/**
 * The paper, after one more source spoke of it.
 *
 * The record (title, abstract, authors, categories, date, links to the paper, withdrawn) is told by the best source that
 * spoke: arXiv, which keeps the paper, before Hugging Face, which copies from it, before files. The extras (summary,
 * keywords, code, project, organization) are told by Hugging Face before whoever tells the record before the others,
 * because arXiv has none of them. Who is not asked only fills what is empty, nothing empty ever erases, and of the same
 * source the later word counts. Feeding the same sightings again changes nothing.
 */
export function mergeSightings(existing: PaperFacts | null, sighting: Sighting): PaperFacts {
  const said = factsOf(sighting);
  if (existing === null) return said;
  const tellsRecord = authority(said.toldBy) >= authority(existing.toldBy);
  const tellsExtras = said.toldBy === "hugging-face" || said.toldBy === existing.toldBy;
  return {
    ...pick(RECORD, existing, said, tellsRecord),
    ...pick(EXTRAS, existing, said, tellsExtras),
    withdrawn: tellsRecord ? (sighting.withdrawn ?? existing.withdrawn) : existing.withdrawn || said.withdrawn,
    toldBy: tellsRecord ? said.toldBy : existing.toldBy,
  };
}

const RECORD = ["title", "abstract", "authors", "categories", "publishedAt", "url", "pdfUrl"] as const;
const EXTRAS = ["summary", "keywords", "codeUrl", "projectUrl", "organization"] as const;

function pick<Field extends keyof PaperFacts>(
  fields: readonly Field[],
  existing: PaperFacts,
  said: PaperFacts,
  saidFirst: boolean,
): Pick<PaperFacts, Field> {
  const [first, second] = saidFirst ? [said, existing] : [existing, said];
  const picked = fields.map((field) => [field, isEmpty(first[field]) ? second[field] : first[field]]);
  return Object.fromEntries(picked) as Pick<PaperFacts, Field>;
}

function isEmpty(value: PaperFacts[keyof PaperFacts]): boolean {
  return value === null || value === "" || (Array.isArray(value) && value.length === 0);
}

/** How much a source's word on the record of a paper counts. The three arXiv formats say the same thing; GitHub says nothing of it. */
function authority(source: string): number {
  if (source === "github") return 0;
  if (source === "arxiv" || source.startsWith("arxiv-")) return 3;
  return source === "hugging-face" ? 2 : 1;
}

function factsOf(sighting: Sighting): PaperFacts {
  const { arxivId } = sighting;
  return {
    title: plainText(sighting.title),
    abstract: plainText(sighting.abstract ?? ""),
    summary: plainText(sighting.summary ?? ""),
    authors: readable(sighting.authors),
    categories: [...sighting.categories],
    keywords: readable(sighting.keywords),
    publishedAt: sighting.publishedAt ?? null,
    url: sighting.url ?? (arxivId === undefined ? "" : arxivPage(arxivId)),
    pdfUrl: sighting.pdfUrl ?? (arxivId === undefined ? null : arxivPdf(arxivId)),
    codeUrl: sighting.codeUrl ?? null,
    projectUrl: sighting.projectUrl ?? null,
    organization: plainText(sighting.organization ?? "") || null,
    withdrawn: sighting.withdrawn ?? false,
    toldBy: sighting.source,
  };
}

function readable(texts: readonly string[]): string[] {
  return texts.map((text) => plainText(text)).filter((text) => text !== "");
}

/** The abstract page of a paper. @param arxivId as {@link arxivIdOf} returns it */
export function arxivPage(arxivId: string): string {
  return `https://arxiv.org/abs/${arxivId}`;
}

/** The PDF of a paper, always its newest version. @param arxivId as {@link arxivIdOf} returns it */
export function arxivPdf(arxivId: string): string {
  return `https://arxiv.org/pdf/${arxivId}`;
}

/** What a paper is called outside: its arXiv id, or `import:` and a hash of its title until an arXiv id turns up. */
export function publicId(sighting: Pick<Sighting, "arxivId" | "title">): string {
  return sighting.arxivId ?? importId(sighting.title);
}

/** The id of a paper known by title only; it stays an alias of the paper for good. */
export function importId(title: string): string {
  // 64 bits: among ten million titles two share a hash with a chance of 1 in 370,000.
  return `import:${createHash("sha256").update(titleKey(title)).digest("hex").slice(0, 16)}`;
}

/**
 * What two spellings of one title have in common: the letters and digits of its plain text, folded in case, width and
 * diacritics. A plus sign stays, so that C and C++ are two things.
 */
export function titleKey(title: string): string {
  const plain = plainText(title).normalize("NFKD").replace(/\p{M}/gu, "");
  // Up and down again folds what has no single lower-case form: "ß" and "SS" both become "ss".
  const folded = plain.toUpperCase().toLowerCase().normalize("NFC");
  return folded.replace(/[^\p{L}\p{N}+]/gu, "") || folded.replace(/\s/gu, "");
}

const WRAPPINGS = [
  /^arxiv:\s*/i,
  /^oai:arxiv\.org:/i,
  /^(?:https?:\/\/(?:dx\.)?doi\.org\/|doi:)?10\.48550\/arxiv\./i,
  /^(?:https?:\/\/)?(?:[a-z0-9-]+\.)?arxiv\.org\/(?:abs|pdf|html|ps|format|src|e-print)\//i,
  /^(?:https?:\/\/)?(?:www\.)?(?:huggingface\.co\/papers|alphaxiv\.org\/abs)\//i,
];

/** The scheme since April 2007; five digits since January 2015 (info.arxiv.org/help/arxiv_identifier.html). */
const NEW_ID = /^(\d{2}(?:0[1-9]|1[0-2]))\.(\d{4,5})$/;
/** The scheme from 1991 to March 2007, with the archives there were. */
const OLD_ID =
  /^(acc-phys|adap-org|alg-geom|ao-sci|astro-ph|atom-ph|bayes-an|chao-dyn|chem-ph|cmp-lg|comp-gas|cond-mat|cs|dg-ga|funct-an|gr-qc|hep-(?:ex|lat|ph|th)|math|math-ph|mtrl-th|nlin|nucl-(?:ex|th)|patt-sol|physics|plasm-ph|q-alg|q-bio|quant-ph|solv-int|supr-con)(?:\.[a-z]{2})?\/((?:9[1-9]|0[0-7])(?:0[1-9]|1[0-2])\d{3})$/i;

/**
 * The arXiv id that a text is, without its version: `2604.11784`, `hep-th/9901001`.
 *
 * Takes the bare id, `arXiv:…`, an OAI identifier, a DOI of arXiv's, and addresses of arXiv, alphaXiv and Hugging Face
 * papers. The subject class of an old id goes: `math.GT/0309136` is `math/0309136`.
 *
 * @returns null for a text that is anything else, or merely contains an id
 */
export function arxivIdOf(text: string): string | null {
  if (text.length > 300) return null;
  let id = text.trim();
  const wrapping = WRAPPINGS.find((pattern) => pattern.test(id));
  if (wrapping !== undefined) {
    id = id
      .replace(wrapping, "")
      .replace(/(?:\s*\[[^\]]*\]|[?#].*)$/, "")
      .replace(/(?:\.pdf|\/)$/i, "");
  }
  id = id.replace(/v\d{1,3}$/i, "");
  const [, month, number] = NEW_ID.exec(id) ?? [];
  if (month !== undefined && number !== undefined) {
    return month >= "0704" && number.length === (month >= "1501" ? 5 : 4) ? id : null;
  }
  const [, archive, serial] = OLD_ID.exec(id) ?? [];
  return archive === undefined || serial === undefined ? null : `${archive.toLowerCase()}/${serial}`;
}
