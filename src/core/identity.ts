/** Which paper a sighting is about: ids first, then titles; and when two papers turn out to be one (docs/promises.md §4, "paper"). */

/** Papers known by an alias: an arXiv id, or the `import:` id of a title. */
export type KnownPapers = Map<string, PaperRef>;

/** A paper as identity sees it; the object is shared by all its aliases. */
export interface PaperRef {
  /** Key in the database; null for a paper this batch found. */
  readonly key: number | null;
  /** Set for good once an arXiv id turned up. */
  arxivId: string | null;
  /** The paper it turned out to be. */
  mergedInto: PaperRef | null;
}

/**
 * Finds the paper a sighting is about, among those known, and keeps what it learnt in `known`.
 *
 * An arXiv id decides. A title decides where there is no arXiv id on one of the two sides: a paper found by title first
 * becomes the arXiv paper later. Two arXiv papers of one title ("Introduction") stay two; the title then means the first.
 *
 * @param aliases of this sighting
 */
export function identify(
  known: KnownPapers,
  aliases: { readonly arxivId: string | null; readonly titleId: string },
): PaperRef {
  const { arxivId, titleId } = aliases;
  const byId = arxivId === null ? null : lookUp(known, arxivId);
  const byTitle = lookUp(known, titleId);

  if (byId && byTitle && byId !== byTitle && byTitle.arxivId === null) {
    byTitle.mergedInto = byId;
    known.set(titleId, byId);
  }
  const usable =
    byTitle && (arxivId === null || byTitle.arxivId === null || byTitle.arxivId === arxivId) ? byTitle : null;
  const paper = byId ?? usable ?? { key: null, arxivId: null, mergedInto: null };
  if (arxivId !== null) {
    paper.arxivId ??= arxivId;
    known.set(arxivId, paper);
  }
  if (!known.has(titleId)) known.set(titleId, paper);
  return paper;
}

function lookUp(known: KnownPapers, alias: string): PaperRef | null {
  let paper = known.get(alias) ?? null;
  while (paper?.mergedInto) paper = paper.mergedInto;
  return paper;
}
