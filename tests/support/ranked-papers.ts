import type { Edition, RankedPaper } from "../../src/core/edition.ts";

/** A valid trending paper that says nothing in particular; take what matters. Its score follows its rank. */
export function aRankedPaper(what: Partial<RankedPaper> = {}): RankedPaper {
  const key = what.key ?? 1;
  const rank = what.rank ?? key;
  return {
    key,
    formerKeys: [],
    id: `2604.${String(key).padStart(5, "0")}`,
    rank,
    lane: "trending",
    title: `Paper ${key}`,
    abstract: "",
    summary: "",
    authors: [],
    categories: [],
    keywords: [],
    topics: [],
    url: `https://arxiv.org/abs/2604.${String(key).padStart(5, "0")}`,
    pdfUrl: null,
    codeUrl: null,
    organization: null,
    upvotes: 10,
    comments: 0,
    stars: null,
    upvotesGained: 0,
    starsGained: 0,
    score: 100 - rank,
    scoreParts: { votes: 100 - rank, comments: 0, stars: 0, age: 0 },
    listedOn: "2026-04-15",
    isNew: true,
    ...what,
  };
}

/** A closed edition of these papers; key and rank follow their order where they are not given. */
export function anEdition(papers: readonly Partial<RankedPaper>[]): Edition {
  return {
    date: "2026-04-15",
    state: "closed",
    closedAt: new Date("2026-04-16T01:00:00Z"),
    revision: 1,
    rankedBy: "trend",
    papers: papers.map((paper, i) => aRankedPaper({ key: i + 1, ...paper })),
  };
}
