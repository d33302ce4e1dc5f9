/** One paper and the editions it stood in: what its page shows. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Day } from "../core/paper.ts";

export interface PaperRecord {
  /** Its public id now, whatever it was asked for by. */
  readonly id: string;
  readonly title: string;
  readonly abstract: string;
  readonly summary: string;
  readonly authors: readonly string[];
  readonly categories: readonly string[];
  readonly keywords: readonly string[];
  readonly organization: string | null;
  readonly url: string;
  readonly pdfUrl: string | null;
  readonly codeUrl: string | null;
  readonly publishedAt: Date | null;
  readonly withdrawn: boolean;
  /** As the newest edition it stood in knew them. */
  readonly topics: readonly string[];
  /** Newest first. */
  readonly editions: readonly { readonly date: Day; readonly rank: number }[];
}

export type PaperRecords = ReturnType<typeof paperRecords>;

export function paperRecords(prisma: PrismaClient) {
  return {
    /** The paper that goes by this alias; null when none does. */
    async find(alias: string): Promise<PaperRecord | null> {
      const [row] = await prisma.$queryRaw<(Omit<PaperRecord, "editions" | "topics"> & { key: number })[]>`
        SELECT p.id AS key, p.public_id AS id, p.title, p.abstract, p.summary, p.authors, p.categories, p.keywords, p.organization, p.url,
          p.pdf_url AS "pdfUrl", p.code_url AS "codeUrl", p.published_at AS "publishedAt", p.withdrawn
        FROM paper_aliases a JOIN papers p ON p.id = a.paper_id WHERE a.alias = ${alias}`;
      if (!row) return null;
      const { key, ...paper } = row;
      const places = await prisma.$queryRaw<{ date: Day; rank: number; topics: string[] }[]>`
        SELECT DISTINCT ON (e.edition_date) e.edition_date::text AS date, e.rank, e.topics
        FROM edition_papers e JOIN papers p ON p.id = e.paper_id
        WHERE p.id = ${key} OR p.merged_into = ${key} ORDER BY e.edition_date DESC, e.rank LIMIT 100`;
      return { ...paper, topics: places[0]?.topics ?? [], editions: places.map(({ date, rank }) => ({ date, rank })) };
    },
  };
}
