/** Editions: what can stand in one, the frozen ranking, and what was decided for each day. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import type { Edition, EditionState, RankedBy, RankedPaper, ScoreParts } from "../core/edition.ts";
import type { Day } from "../core/paper.ts";
import type { AgeMedians } from "../core/score.ts";

/** An edition with how far back its papers can have been sent. */
export interface StoredEdition extends Edition {
  /**
   * Date of the first edition any of its papers stood in, under any of its keys; null without papers. No delivery with
   * a local day before it can hold one of them: an edition closes a day after its date, and no zone is a day behind.
   */
  readonly historySince: Day | null;
}

/** What is known of an edition without its papers. */
export interface EditionSummary {
  readonly date: Day;
  readonly state: EditionState;
  readonly because: string | null;
  readonly closedAt: Date | null;
  /** One more each time it was opened again. */
  readonly revision: number;
  readonly papers: number;
}

/** Where an edition stands among the others. */
export interface EditionPlace {
  /** Why it is in its state, in a word. */
  readonly because: string | null;
  /** Places there were when it closed, those of papers withdrawn since among them. */
  readonly places: number;
  /** The closed editions before and after it. */
  readonly previous: Day | null;
  readonly next: Day | null;
  /** When any edition was decided last: until then nothing said here can have changed, but `places`, which never does. */
  readonly decidedAt: Date | null;
}

/** About three months: what is normal changes with the seasons and with the site. */
const EDITIONS_OF_NORM = 60;

export type Editions = ReturnType<typeof editions>;

export function editions(prisma: PrismaClient) {
  /** Without the papers that were withdrawn since: their places stay empty. */
  const find = async (date: Day): Promise<StoredEdition | null> => {
    const [row] = await prisma.$queryRaw<EditionRow[]>`
      SELECT date::text AS date, state, closed_at, revision, ranked_by, (
        SELECT min(first.edition_date)::text FROM edition_papers e JOIN papers o ON o.id = e.paper_id
        JOIN papers p ON p.id = coalesce(o.merged_into, o.id) OR p.merged_into = coalesce(o.merged_into, o.id)
        JOIN edition_papers first ON first.paper_id = p.id
        WHERE e.edition_date = editions.date) AS history_since
      FROM editions WHERE date = ${date}::date`;
    if (!row) return null;
    const papers = await prisma.$queryRaw<PaperRow[]>`
      SELECT e.rank, e.lane, e.listed_on::text AS listed_on, e.upvotes, e.comments, e.stars, e.upvotes_gained, e.stars_gained, e.score,
        e.score_parts, e.topics, e.is_new, e.facts, p.id AS key,
        ARRAY(SELECT f.id FROM papers f WHERE f.merged_into = p.id) AS former_keys
      FROM edition_papers e JOIN papers o ON o.id = e.paper_id JOIN papers p ON p.id = coalesce(o.merged_into, o.id)
      WHERE e.edition_date = ${date}::date AND NOT p.withdrawn ORDER BY e.rank`;
    const first = new Map<number, PaperRow>();
    for (const paper of papers) if (!first.has(paper.key)) first.set(paper.key, paper);
    return {
      date: row.date,
      state: row.state,
      closedAt: row.closed_at,
      revision: row.revision,
      rankedBy: row.ranked_by,
      historySince: row.history_since,
      papers: [...first.values()].map(paperFromRow),
    };
  };

  return {
    find,

    /** The newest closed edition that has papers; null when there is none. */
    async newest(): Promise<EditionSummary | null> {
      const [row] = await summaries(
        prisma,
        Prisma.sql`WHERE state = 'closed' AND EXISTS (
        SELECT FROM edition_papers p WHERE p.edition_date = e.date) ORDER BY date DESC LIMIT 1`,
      );
      return row ?? null;
    },

    /** Null when there is no row for that day. */
    async placeOf(date: Day): Promise<EditionPlace | null> {
      const [row] = await prisma.$queryRaw<EditionPlace[]>`
        SELECT e.because,
          (SELECT count(*)::int FROM edition_papers p WHERE p.edition_date = e.date) AS places,
          (SELECT max(o.date)::text FROM editions o WHERE o.state = 'closed' AND o.date < e.date) AS previous,
          (SELECT min(o.date)::text FROM editions o WHERE o.state = 'closed' AND o.date > e.date) AS next,
          (SELECT max(o.closed_at) FROM editions o) AS "decidedAt"
        FROM editions e WHERE e.date = ${date}::date`;
      return row ?? null;
    },

    /** State and revision: what has both as it had has the same papers in the same places. Null when there is no row. */
    async standing(date: Day): Promise<Pick<EditionSummary, "state" | "revision"> | null> {
      const [row] = await prisma.$queryRaw<Pick<EditionSummary, "state" | "revision">[]>`
        SELECT state, revision FROM editions WHERE date = ${date}::date`;
      return row ?? null;
    },

    /** Every edition from `since` on. */
    since: (since: Day): Promise<Pick<EditionSummary, "date" | "state" | "closedAt">[]> => prisma.$queryRaw`
      SELECT date::text AS date, state, closed_at AS "closedAt" FROM editions WHERE date >= ${since}::date`,

    /** The newest `limit` editions before `before`, newest first. */
    list: (limit: number, before: Day | null) =>
      summaries(
        prisma,
        Prisma.sql`WHERE ${before ? Prisma.sql`date < ${before}::date` : Prisma.sql`true`} ORDER BY date DESC LIMIT ${limit}`,
      ),

    /** Date of the newest edition that was decided, and of the first there is; nulls on an empty table. */
    async bounds(): Promise<{ first: Day | null; newestDecided: Day | null }> {
      const [row] = await prisma.$queryRaw<{ first: string | null; decided: string | null }[]>`
        SELECT min(date)::text AS first, (max(date) FILTER (WHERE state <> 'open'))::text AS decided FROM editions`;
      return { first: row!.first, newestDecided: row!.decided };
    },

    /** What papers had at each age in the newest editions before `date` that were ranked by trend. */
    async medians(date: Day): Promise<{ editions: number; byAge: AgeMedians[] }> {
      const byAge = await prisma.$queryRaw<(AgeMedians & { editions: number })[]>`
        WITH recent AS (
          SELECT e.date FROM editions e WHERE e.state = 'closed' AND e.ranked_by = 'trend' AND e.date < ${date}::date
          ORDER BY e.date DESC LIMIT ${EDITIONS_OF_NORM})
        SELECT least(greatest(p.edition_date - p.listed_on, 0), 6) AS age, count(*)::int AS papers,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY p.upvotes) AS upvotes,
          percentile_disc(0.5) WITHIN GROUP (ORDER BY p.comments) AS comments,
          (SELECT count(*)::int FROM recent) AS editions
        FROM recent r JOIN edition_papers p ON p.edition_date = r.date WHERE p.lane = 'trending'
        GROUP BY 1 ORDER BY 1`;
      return { editions: byAge[0]?.editions ?? 0, byAge: byAge.map(({ editions: _, ...one }) => one) };
    },

    /** Makes sure the day has a row; it is `open` until decided. */
    open: (date: Day): Promise<number> =>
      prisma.$executeRaw`INSERT INTO editions (date, state) VALUES (${date}::date, 'open') ON CONFLICT (date) DO NOTHING`,

    /** Dates that are still open, oldest first. */
    async undecided(): Promise<Day[]> {
      const rows = await prisma.$queryRaw<{ date: string }[]>`
        SELECT date::text AS date FROM editions WHERE state = 'open' ORDER BY date`;
      return rows.map((row) => row.date);
    },

    /**
     * Freezes a ranking and decides the edition in one transaction: whoever finds it open does it.
     *
     * @returns false when it was decided before
     */
    decide: (
      date: Day,
      decision: {
        state: Exclude<EditionState, "open">;
        because: string | null;
        rankedBy: RankedBy;
        papers: readonly RankedPaper[];
      },
    ): Promise<boolean> =>
      prisma.$transaction(
        async (sql) => {
          const decided = await sql.$executeRaw`
            UPDATE editions SET state = ${decision.state}, because = ${decision.because}, ranked_by = ${decision.rankedBy},
              closed_at = paperboy_now()
            WHERE date = ${date}::date AND state = 'open'`;
          if (decided === 0) return false;
          await freeze(sql, date, decision.papers);
          return true;
        },
        { timeout: 60_000, maxWait: 30_000 },
      ),

    /**
     * Opens again what was decided, under the next revision, unless digests of it were planned. Whoever plans holds the
     * edition (`holdClosed`): they are waited for, and then counted.
     */
    reopen: (date: Day): Promise<"reopened" | "planned" | "open" | "unknown"> =>
      prisma.$transaction(async (sql) => {
        const [edition] = await sql.$queryRaw<{ state: EditionState }[]>`
          SELECT state FROM editions WHERE date = ${date}::date FOR UPDATE`;
        if (!edition) return "unknown";
        if (edition.state === "open") return "open";
        const reopened = await sql.$executeRaw`
          UPDATE editions SET state = 'open', revision = revision + 1, because = NULL, closed_at = NULL
          WHERE date = ${date}::date
            -- Not by the days of groups: who came late to one may have had another edition than the group.
            AND 0 = (SELECT coalesce(sum(count), 0) FROM (
              SELECT count FROM delivery_tallies WHERE edition_date = ${date}::date
              UNION ALL SELECT change FROM delivery_deltas WHERE edition_date = ${date}::date) planned)`;
        if (reopened === 0) return "planned";
        await sql.$executeRaw`DELETE FROM edition_papers WHERE edition_date = ${date}::date`;
        return "reopened";
      }),

    /** Opens again what was decided for days that are not over, while the clock stood ahead. @returns how many there were */
    reopenFuture: (): Promise<number> =>
      prisma.$transaction(async (sql) => {
        // The rows first: papers of an edition that is decided this moment are seen by whoever has waited for its row.
        const reopened = await sql.$queryRaw<{ date: Day }[]>`
          UPDATE editions SET state = 'open', revision = revision + 1, because = NULL, closed_at = NULL
          WHERE state <> 'open' AND date >= (paperboy_now() + interval '1 hour')::date RETURNING date::text AS date`;
        const dates = reopened.map(({ date }) => date);
        await sql.$executeRaw`DELETE FROM edition_papers WHERE edition_date = ANY (${dates}::date[])`;
        return reopened.length;
      }),
  };
}

/**
 * Within a transaction that plans digests of an edition: nobody opens it again until that is over.
 *
 * @returns false when somebody did before
 */
export async function holdClosed(sql: Prisma.TransactionClient, date: Day): Promise<boolean> {
  const [edition] = await sql.$queryRaw<{ state: EditionState }[]>`
    SELECT state FROM editions WHERE date = ${date}::date FOR SHARE`;
  return edition?.state !== "open";
}

/** Largest number of an integer column; a source that counts more is not believed beyond it. */
const INT4_MAX = 2 ** 31 - 1;

async function freeze(sql: Prisma.TransactionClient, date: Day, papers: readonly RankedPaper[]) {
  if (papers.length === 0) return;
  const of = <T>(read: (paper: RankedPaper) => T) => papers.map(read);
  const whole = (count: number) => Math.min(count, INT4_MAX);
  await sql.$executeRaw`
    INSERT INTO edition_papers (edition_date, rank, paper_id, lane, listed_on, upvotes, comments, stars, upvotes_gained, stars_gained,
      score, score_parts, topics, is_new, facts)
    SELECT ${date}::date, rank, paper_id, lane, listed_on, upvotes, comments, stars, upvotes_gained, stars_gained, score, score_parts,
      string_to_array(topics, ','), is_new, facts
    FROM unnest(${of((p) => p.rank)}::int[], ${of((p) => p.key)}::int[], ${of((p) => p.lane)}::text[],
      ${of((p) => p.listedOn)}::date[], ${of((p) => whole(p.upvotes))}::int[], ${of((p) => whole(p.comments))}::int[],
      ${of((p) => p.stars && whole(p.stars))}::int[], ${of((p) => whole(p.upvotesGained))}::int[], ${of((p) => whole(p.starsGained))}::int[], ${of((p) => p.score)}::float8[],
      ${of((p) => JSON.stringify(p.scoreParts))}::jsonb[], ${of((p) => p.topics.join(","))}::text[], ${of((p) => p.isNew)}::boolean[],
      ${of((p) => JSON.stringify(factsOf(p)))}::jsonb[])
      AS p(rank, paper_id, lane, listed_on, upvotes, comments, stars, upvotes_gained, stars_gained, score, score_parts, topics, is_new, facts)`;
}

/** What a digest says of a paper: frozen with its rank, so that a mail sent once more is the same to the last byte. */
type Facts = Pick<
  RankedPaper,
  | "id"
  | "title"
  | "abstract"
  | "summary"
  | "authors"
  | "categories"
  | "keywords"
  | "url"
  | "pdfUrl"
  | "codeUrl"
  | "organization"
>;

function factsOf(paper: RankedPaper): Facts {
  const { id, title, abstract, summary, authors, categories, keywords, url, pdfUrl, codeUrl, organization } = paper;
  return { id, title, abstract, summary, authors, categories, keywords, url, pdfUrl, codeUrl, organization };
}

function summaries(prisma: PrismaClient, rest: Prisma.Sql): Promise<EditionSummary[]> {
  return prisma.$queryRaw<EditionSummary[]>`
    SELECT date::text AS date, state, because, closed_at AS "closedAt", revision,
      (SELECT count(*)::int FROM edition_papers p WHERE p.edition_date = e.date AND p.lane = 'trending') AS papers
    FROM editions e ${rest}`;
}

interface EditionRow {
  date: string;
  state: EditionState;
  closed_at: Date | null;
  revision: number;
  ranked_by: RankedBy;
  history_since: string | null;
}

interface PaperRow {
  rank: number;
  lane: "trending" | "followed";
  listed_on: string;
  upvotes: number;
  comments: number;
  stars: number | null;
  upvotes_gained: number;
  stars_gained: number;
  score: number;
  score_parts: ScoreParts;
  topics: string[];
  is_new: boolean;
  facts: Facts;
  key: number;
  former_keys: number[];
}

function paperFromRow(row: PaperRow): RankedPaper {
  return {
    key: row.key,
    formerKeys: row.former_keys,
    ...row.facts,
    rank: row.rank,
    lane: row.lane,
    topics: row.topics,
    upvotes: row.upvotes,
    comments: row.comments,
    stars: row.stars,
    upvotesGained: row.upvotes_gained,
    starsGained: row.stars_gained,
    score: row.score,
    scoreParts: row.score_parts,
    listedOn: row.listed_on,
    isNew: row.is_new,
  };
}
