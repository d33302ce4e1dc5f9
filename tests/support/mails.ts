/** Mails as the product makes them: the real templates and words, and papers that take what matters to a test. */
import { fileURLToPath } from "node:url";
import type { Digest, DigestItem } from "../../src/core/digest.ts";
import type { RankedPaper } from "../../src/core/edition.ts";
import { type Because, everything } from "../../src/core/filter.ts";
import { type Catalogue, openText, pseudo, type Texts } from "../../src/core/text.ts";
import { readCatalogues } from "../../src/mail/catalogues.ts";
import type { DigestMail } from "../../src/mail/compose.ts";
import { openRenderer, type Renderer, type RendererOptions } from "../../src/mail/render.ts";
import { openTemplates, type Templates } from "../../src/mail/templates.ts";
import { aFilter } from "./builders.ts";

export const templatesFolder = fileURLToPath(new URL("../../templates", import.meta.url));

/** The catalogues of the project and one in a language nobody speaks. */
export async function allTexts(): Promise<Texts> {
  const catalogues = await readCatalogues(`${templatesFolder}/text`);
  return openText({ ...catalogues, "en-XA": pseudo(catalogues.en as Catalogue) });
}

let opened: Promise<{ texts: Texts; templates: Templates }> | undefined;

/** Templates take a second to compile: once a test file is enough. */
export async function aRenderer(options: Partial<RendererOptions> = {}): Promise<Renderer> {
  opened ??= allTexts().then(async (texts) => ({
    texts,
    templates: await openTemplates({ folder: templatesFolder, texts }),
  }));
  const topicName = (id: string): string => id.replaceAll("-", " ");
  return openRenderer({
    ...(await opened),
    publicUrl: "https://paperboy.example",
    postalAddress: null,
    topicName,
    ...options,
  });
}

/** A paper of an edition, valid in every field. */
export function aRankedPaper(of: Partial<RankedPaper> = {}): RankedPaper {
  const key = of.key ?? 1;
  return {
    key,
    formerKeys: [],
    id: `2604.${String(10_000 + key)}`,
    rank: key,
    lane: "trending",
    title: `A Paper about Things, Number ${key}`,
    abstract: "It says one thing. Then it says another.",
    summary: "",
    authors: ["Ada Lovelace"],
    categories: ["cs.CL"],
    keywords: [],
    topics: ["agents"],
    url: `https://huggingface.co/papers/2604.${10_000 + key}`,
    pdfUrl: null,
    codeUrl: null,
    organization: null,
    upvotes: 0,
    comments: 0,
    stars: null,
    upvotesGained: 0,
    starsGained: 0,
    score: 1,
    scoreParts: { votes: 1, comments: 0, stars: 0, age: 0 },
    listedOn: "2026-04-01",
    isNew: true,
    ...of,
  };
}

/** Of a reader with a section for work and one for fun. */
export const TWO_WATCHES = aFilter({ name: "Work" }, { name: "Fun" });

export function because(of: Partial<Because> = {}): Because {
  return { watch: 0, name: "", topics: [], categories: [], include: [], authors: [], ...of };
}

export function aDigest(papers: readonly RankedPaper[], of: Partial<Digest> = {}): Digest {
  const items = papers.map(
    (paper, i): DigestItem => ({ number: i + 1, paper, because: [because({ topics: ["agents"] })] }),
  );
  return { editionDate: "2026-04-01", rankedBy: "trend", cadence: "daily", items, matched: items.length, ...of };
}

/** Everything `composeDigest` wants, for a digest and whatever a test changes. */
export function aDigestMail(
  renderer: Renderer,
  digest: Digest,
  of: Partial<DigestMail> & { notice?: string } = {},
): DigestMail {
  const { notice = null, ...rest } = of;
  return {
    digest,
    fragments: renderer.edition({
      date: digest.editionDate,
      rankedBy: digest.rankedBy,
      notice: notice === null ? null : () => notice,
    }),
    reader: { email: "reader@example.com", language: "en", format: "html", filter: everything },
    links: {
      unsubscribeUrl: "https://paperboy.example/unsubscribe/u1",
      preferencesUrl: "https://paperboy.example/preferences/p1",
      pauseUrl: "https://paperboy.example/preferences/p1#pause",
      viewUrl: "https://paperboy.example/digest/d1",
      editionUrl: `https://paperboy.example/editions/${digest.editionDate}`,
    },
    letterhead: { from: { name: "Paperboy", address: "digest@paperboy.example" }, messageIdDomain: "paperboy.example" },
    listId: "digest.paperboy.example",
    deliveryId: "d-1",
    composedAt: new Date("2026-04-02T07:00:00Z"),
    ...rest,
  };
}
