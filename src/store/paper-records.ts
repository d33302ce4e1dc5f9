/** One paper and the editions it stood in: what its page shows. */
import type { PrismaClient } from "../../prisma/client/client.ts";
import type { Told } from "../core/curve.ts";
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
  /** What was counted, in no order. */
  readonly votes: readonly Told[];
  readonly stars: readonly Told[];
  /** When a source spoke of it last, or an edition with it closed: until then nothing here can have changed. */
  readonly changedAt: Date | null;
}

/** Days that a count is told of; a paper is a candidate for seven, and a few come back. */
const DAYS_TOLD = 60;

export type PaperRecords = ReturnType<typeof paperRecords>;

export function paperRecords(prisma: PrismaClient) {
  /** The last word of each UTC day on one signal. */
  const told = (key: number, signal: string) =>
    prisma.$queryRaw<Told[]>`
      SELECT DISTINCT ON (day) day::text AS day, count, until::text AS until FROM (
        SELECT (seen_at AT TIME ZONE 'UTC')::date AS day, (last_seen_at AT TIME ZONE 'UTC')::date AS until,
          (signals->>${signal})::float8 AS count, seen_at, id
        FROM sightings WHERE paper_id = ${key} AND jsonb_typeof(signals->${signal}) = 'number') s
      ORDER BY day DESC, seen_at DESC, id DESC LIMIT ${DAYS_TOLD}`;
  return {
    /** The paper that goes by this alias; null when none does. */
    async find(alias: string): Promise<PaperRecord | null> {
      const [row] = await prisma.$queryRaw<RecordRow[]>`
        SELECT p.id AS key, p.public_id AS id, p.title, p.abstract, p.summary, p.authors, p.categories, p.keywords, p.organization, p.url,
          p.pdf_url AS "pdfUrl", p.code_url AS "codeUrl", p.published_at AS "publishedAt", p.withdrawn,
          (SELECT max(s.last_seen_at) FROM sightings s WHERE s.paper_id = p.id) AS "toldAt"
        FROM paper_aliases a JOIN papers p ON p.id = a.paper_id WHERE a.alias = ${alias}`;
      if (!row) return null;
      const { key, toldAt, ...paper } = row;
      const places = await prisma.$queryRaw<{ date: Day; rank: number; topics: string[]; closedAt: Date | null }[]>`
        SELECT DISTINCT ON (e.edition_date) e.edition_date::text AS date, e.rank, e.topics, d.closed_at AS "closedAt"
        FROM edition_papers e JOIN papers p ON p.id = e.paper_id JOIN editions d ON d.date = e.edition_date
        WHERE p.id = ${key} OR p.merged_into = ${key} ORDER BY e.edition_date DESC, e.rank LIMIT 100`;
      const changes = [toldAt, ...places.map(({ closedAt }) => closedAt)].map((at) => at?.getTime() ?? 0);
      return {
        ...paper,
        topics: places[0]?.topics ?? [],
        editions: places.map(({ date, rank }) => ({ date, rank })),
        votes: await told(key, "upvotes"),
        stars: await told(key, "stars"),
        changedAt: Math.max(...changes) > 0 ? new Date(Math.max(...changes)) : null,
      };
    },
  };
}

type RecordRow = Omit<PaperRecord, "editions" | "topics" | "votes" | "stars" | "changedAt"> & {
  readonly key: number;
  readonly toldAt: Date | null;
};
