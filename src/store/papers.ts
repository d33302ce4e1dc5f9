/** Papers, the names they go by, and what sources said of them. */
import { Prisma, type PrismaClient } from "../../prisma/client/client.ts";
import { identify, type KnownPapers, type PaperRef } from "../core/identity.ts";
import { type Day, importId, mergeSightings, type PaperFacts, type Sighting } from "../core/paper.ts";

/** What became of a batch of sightings. */
export interface Added {
  /** Papers nobody had told us of. */
  readonly added: number;
  /** Sightings of papers we knew, or that came twice. */
  readonly merged: number;
}

/** Sightings looked at in one transaction. */
const BATCH = 500;

export type Papers = ReturnType<typeof papers>;

export function papers(prisma: PrismaClient) {
  return {
    /**
     * Keeps what sources said, batch by batch: an error later on leaves the batches before it stored.
     *
     * @param listedBy who the listings count for; default: each sighting's own source
     */
    async add(sightings: readonly Sighting[], seenAt: Date, listedBy?: string): Promise<Added> {
      let added = 0;
      for (let from = 0; from < sightings.length; from += BATCH) {
        const batch = sightings.slice(from, from + BATCH);
        added += await prisma.$transaction((sql) => addBatch(sql, batch, seenAt, listedBy), {
          timeout: 60_000,
          maxWait: 60_000,
        });
      }
      return { added, merged: sightings.length - added };
    },

    /** Public ids of the papers a source listed on a day. */
    async listedOn(source: string, day: Day): Promise<Set<string>> {
      const rows = await prisma.$queryRaw<{ public_id: string }[]>`
        SELECT p.public_id FROM listings l JOIN papers p ON p.id = l.paper_id
        WHERE l.source = ${source} AND l.listed_on = ${day}::date`;
      return new Set(rows.map((row) => row.public_id));
    },

    /** How many papers files listed on a day, and when the first of them came. */
    async fromFiles(source: string, day: Day): Promise<{ papers: number; since: Date } | null> {
      const [row] = await prisma.$queryRaw<{ papers: number; since: Date | null }[]>`
        SELECT count(*)::int AS papers, min(first_seen_at) AS since FROM listings
        WHERE source = ${source} AND listed_on = ${day}::date`;
      return row?.since ? { papers: row.papers, since: row.since } : null;
    },

    /**
     * arXiv ids of papers listed since a day that arXiv has something to say of: those without categories, newest first, then
     * those that it was last asked about before `askedBefore`, for a paper may be withdrawn at any time.
     *
     * @param source whose sightings tell when it was asked
     */
    async toEnrich(source: string, since: Day, askedBefore: Date, limit: number): Promise<string[]> {
      const rows = await prisma.$queryRaw<{ public_id: string }[]>`
        SELECT p.public_id FROM papers p
        LEFT JOIN LATERAL (SELECT max(s.last_seen_at) AS at FROM sightings s WHERE s.paper_id = p.id AND s.source = ${source}) asked
          ON true
        WHERE p.merged_into IS NULL AND p.public_id NOT LIKE 'import:%' AND NOT p.withdrawn
          AND (cardinality(p.categories) = 0 OR asked.at IS NULL OR asked.at < ${askedBefore})
          AND EXISTS (SELECT FROM listings l WHERE l.paper_id = p.id AND l.listed_on >= ${since}::date)
        ORDER BY cardinality(p.categories) = 0 DESC, asked.at NULLS FIRST, p.id DESC LIMIT ${limit}`;
      return rows.map((row) => row.public_id);
    },

    /** The public id of the paper that goes by this alias, now; null when none does. */
    async resolve(alias: string): Promise<string | null> {
      const [row] = await prisma.$queryRaw<{ public_id: string }[]>`
        SELECT p.public_id FROM paper_aliases a JOIN papers p ON p.id = a.paper_id WHERE a.alias = ${alias}`;
      return row?.public_id ?? null;
    },
  };
}

async function addBatch(
  sql: Prisma.TransactionClient,
  sightings: readonly Sighting[],
  seenAt: Date,
  listedBy?: string,
): Promise<number> {
  // One writer at a time: two batches that meet the same new paper would otherwise make it twice.
  await sql.$executeRaw`SELECT pg_advisory_xact_lock(hashtext('papers.add'))`;
  const named = sightings.map((sighting) => ({
    sighting,
    arxivId: sighting.arxivId ?? null,
    titleId: importId(sighting.title),
  }));
  const { known, facts } = await load(sql, [
    ...new Set(named.flatMap((n) => (n.arxivId ? [n.arxivId, n.titleId] : [n.titleId]))),
  ]);

  const found = named.map(({ sighting, ...aliases }) => ({ sighting, paper: identify(known, aliases) }));
  for (const { sighting, paper } of found)
    facts.set(current(paper), mergeSightings(facts.get(current(paper)) ?? null, sighting));

  const touched = [...new Set(found.map(({ paper }) => current(paper)))];
  const publicIds = new Map(
    found.map(({ paper, sighting }) => [current(paper), current(paper).arxivId ?? importId(sighting.title)]),
  );
  const newKeys = await write(sql, touched, facts, publicIds);
  const keyOf = (ref: PaperRef): number => current(ref).key ?? newKeys.get(current(ref))!;

  for (const ref of facts.keys()) if (ref.mergedInto && ref.key !== null) await mergePapers(sql, ref.key, keyOf(ref));
  await writeAliases(
    sql,
    [...known].map(([alias, ref]) => ({ alias, key: keyOf(ref) })),
  );
  const told = found.map(({ sighting, paper }) => ({ sighting, key: keyOf(paper) }));
  await writeListings(sql, told, seenAt, listedBy);
  await writeSightings(sql, told, seenAt);
  return newKeys.size;
}

function current(ref: PaperRef): PaperRef {
  return ref.mergedInto ? current(ref.mergedInto) : ref;
}

async function load(sql: Prisma.TransactionClient, aliases: readonly string[]) {
  const rows = await sql.$queryRaw<PaperRow[]>`
    SELECT p.*, ARRAY(SELECT a.alias FROM paper_aliases a WHERE a.paper_id = p.id) AS aliases FROM papers p
    WHERE p.id IN (SELECT paper_id FROM paper_aliases WHERE alias = ANY (${[...aliases]}))`;
  const known: KnownPapers = new Map();
  const facts = new Map<PaperRef, PaperFacts>();
  for (const row of rows) {
    const ref: PaperRef = {
      key: row.id,
      arxivId: row.public_id.startsWith("import:") ? null : row.public_id,
      mergedInto: null,
    };
    for (const alias of row.aliases) known.set(alias, ref);
    facts.set(ref, factsOf(row));
  }
  return { known, facts };
}

/** Inserts new papers, updates known ones. @returns keys of the new ones */
async function write(
  sql: Prisma.TransactionClient,
  refs: readonly PaperRef[],
  facts: ReadonlyMap<PaperRef, PaperFacts>,
  publicIds: ReadonlyMap<PaperRef, string>,
): Promise<Map<PaperRef, number>> {
  const rows = refs.map((ref) => ({ ref, row: { key: ref.key, publicId: publicIds.get(ref)!, ...facts.get(ref)! } }));
  const old = rows.filter(({ ref }) => ref.key !== null);
  if (old.length > 0)
    await sql.$executeRaw`
      UPDATE papers p SET (${COLUMNS}) = ROW (${FIELDS}),
        public_id = CASE WHEN p.public_id LIKE 'import:%' THEN r."publicId" ELSE p.public_id END
      FROM ${recordset(old.map(({ row }) => row))} WHERE p.id = r.key`;
  const fresh = rows.filter(({ ref }) => ref.key === null);
  if (fresh.length === 0) return new Map();
  const inserted = await sql.$queryRaw<{ id: number; public_id: string }[]>`
    INSERT INTO papers (public_id, ${COLUMNS}) SELECT r."publicId", ${FIELDS} FROM ${recordset(fresh.map(({ row }) => row))}
    RETURNING id, public_id`;
  const ids = new Map(inserted.map((row) => [row.public_id, row.id]));
  return new Map(fresh.map(({ ref, row }) => [ref, ids.get(row.publicId)!]));
}

const COLUMNS = Prisma.sql`title, abstract, summary, authors, categories, keywords, published_at, url, pdf_url, code_url,
  project_url, organization, withdrawn, told_by`;
const FIELDS = Prisma.sql`r.title, r.abstract, r.summary, r.authors, r.categories, r.keywords, r."publishedAt", r.url, r."pdfUrl",
  r."codeUrl", r."projectUrl", r.organization, r.withdrawn, r."toldBy"`;

/** Papers as a table `r`, sent as one parameter however many there are. */
function recordset(rows: readonly object[]): Prisma.Sql {
  return Prisma.sql`jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) AS r(key int, "publicId" text, title text, abstract text,
    summary text, authors text[], categories text[], keywords text[], "publishedAt" timestamptz, url text, "pdfUrl" text,
    "codeUrl" text, "projectUrl" text, organization text, withdrawn boolean, "toldBy" text)`;
}

/** One paper turned out to be another: its names, listings and sightings become the other's; its row stays. */
async function mergePapers(sql: Prisma.TransactionClient, from: number, into: number) {
  await sql.$executeRaw`UPDATE paper_aliases SET paper_id = ${into} WHERE paper_id = ${from}`;
  await sql.$executeRaw`
    INSERT INTO listings (source, listed_on, paper_id, position, first_seen_at)
    SELECT source, listed_on, ${into}, position, first_seen_at FROM listings WHERE paper_id = ${from} ON CONFLICT DO NOTHING`;
  await sql.$executeRaw`DELETE FROM listings WHERE paper_id = ${from}`;
  await sql.$executeRaw`UPDATE sightings SET paper_id = ${into} WHERE paper_id = ${from}`;
  await sql.$executeRaw`UPDATE papers SET merged_into = ${into} WHERE id = ${from} OR merged_into = ${from}`;
}

async function writeAliases(sql: Prisma.TransactionClient, aliases: readonly { alias: string; key: number }[]) {
  await sql.$executeRaw`
    INSERT INTO paper_aliases (alias, paper_id)
    SELECT * FROM unnest(${aliases.map((a) => a.alias)}::text[], ${aliases.map((a) => a.key)}::int[])
    ON CONFLICT DO NOTHING`;
}

type Told = { readonly sighting: Sighting; readonly key: number };

async function writeListings(sql: Prisma.TransactionClient, told: readonly Told[], seenAt: Date, listedBy?: string) {
  const listed = told.filter(({ sighting }) => sighting.listedOn !== undefined);
  if (listed.length === 0) return;
  await sql.$executeRaw`
    INSERT INTO listings (source, listed_on, paper_id, position, first_seen_at)
    SELECT DISTINCT ON (source, listed_on, paper_id) source, listed_on, paper_id, position, ${seenAt}
    FROM unnest(${listed.map((t) => listedBy ?? t.sighting.source)}::text[], ${listed.map((t) => t.sighting.listedOn!)}::date[],
      ${listed.map((t) => t.key)}::int[], ${listed.map((t) => t.sighting.position ?? 0)}::int[])
      AS l(source, listed_on, paper_id, position)
    ORDER BY source, listed_on, paper_id, position
    ON CONFLICT (source, listed_on, paper_id) DO UPDATE SET position = EXCLUDED.position
      WHERE listings.position <> EXCLUDED.position`;
}

/** A sighting lasts while the source counts the same: an hourly pull of unchanged votes adds no row. */
async function writeSightings(sql: Prisma.TransactionClient, told: readonly Told[], seenAt: Date) {
  const latest = [...new Map(told.map((t) => [`${t.key} ${t.sighting.source}`, t])).values()];
  await sql.$executeRaw`
    WITH said AS (
      SELECT * FROM unnest(${latest.map((t) => t.key)}::int[], ${latest.map((t) => t.sighting.source)}::text[],
        ${latest.map((t) => JSON.stringify(t.sighting.signals))}::jsonb[]) AS t(paper_id, source, signals)
    ), newest AS (
      SELECT DISTINCT ON (s.paper_id, s.source) s.id, s.paper_id, s.source, s.signals FROM sightings s
      JOIN said USING (paper_id, source) ORDER BY s.paper_id, s.source, s.seen_at DESC, s.id DESC
    ), same AS (
      UPDATE sightings s SET last_seen_at = greatest(s.last_seen_at, ${seenAt})
      FROM newest JOIN said ON said.paper_id = newest.paper_id AND said.source = newest.source AND said.signals = newest.signals
      WHERE s.id = newest.id RETURNING s.paper_id, s.source)
    INSERT INTO sightings (paper_id, source, signals, seen_at, last_seen_at)
    SELECT paper_id, source, signals, ${seenAt}, ${seenAt} FROM said
    WHERE NOT EXISTS (SELECT FROM same WHERE same.paper_id = said.paper_id AND same.source = said.source)`;
}

interface PaperRow {
  id: number;
  public_id: string;
  title: string;
  abstract: string;
  summary: string;
  authors: string[];
  categories: string[];
  keywords: string[];
  published_at: Date | null;
  url: string;
  pdf_url: string | null;
  code_url: string | null;
  project_url: string | null;
  organization: string | null;
  withdrawn: boolean;
  told_by: string;
  aliases: string[];
}

function factsOf(row: PaperRow): PaperFacts {
  const { title, abstract, summary, authors, categories, keywords, url, organization, withdrawn } = row;
  return {
    ...{ title, abstract, summary, authors, categories, keywords, url, organization, withdrawn },
    publishedAt: row.published_at,
    pdfUrl: row.pdf_url,
    codeUrl: row.code_url,
    projectUrl: row.project_url,
    toldBy: row.told_by,
  };
}
