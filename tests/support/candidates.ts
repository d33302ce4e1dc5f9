import type { Candidate } from "../../src/core/edition.ts";

/** A trending paper without signals, listed on 10 April 2026. */
export function aCandidate(what: Partial<Candidate> & { key: number }): Candidate {
  return {
    formerKeys: [],
    id: `2604.${String(what.key).padStart(5, "0")}`,
    lane: "trending",
    title: `Paper ${what.key}`,
    abstract: "",
    summary: "",
    authors: [],
    categories: [],
    keywords: [],
    topics: [],
    url: `https://arxiv.org/abs/2604.${what.key}`,
    pdfUrl: null,
    codeUrl: null,
    organization: null,
    listedOn: "2026-04-10",
    position: 0,
    signals: {},
    ...what,
  };
}
