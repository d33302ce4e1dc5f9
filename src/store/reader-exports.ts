/** All readers, page by page: for the list that an operator takes along. */
import type pg from "pg";
import type { Preferences, SubscriptionState } from "../core/subscription.ts";
import { asFault } from "./faults.ts";

/** A reader with what proves that they agreed. */
export interface ReaderForExport {
  readonly id: bigint;
  readonly email: string;
  readonly state: SubscriptionState;
  readonly pausedUntil: Date | null;
  /** At home, when they are elsewhere for a while. */
  readonly preferences: Preferences;
  /** Of the request they confirmed last; null where none is kept. */
  readonly proof: {
    /** Of an import: the list's own words. */
    readonly consent: string | null;
    readonly askedBy: string;
    readonly askedAt: Date;
    readonly confirmedAt: Date | null;
    readonly page: string | null;
    readonly textVersion: string | null;
  } | null;
}

export type ReaderExports = ReturnType<typeof readerExports>;

export function readerExports(pool: pg.Pool) {
  return {
    count: async (states: readonly SubscriptionState[]): Promise<number> => {
      const text = "SELECT count(*)::int AS count FROM subscriptions WHERE state = ANY ($1) AND email IS NOT NULL";
      return (await read<{ count: number }>(text, [states]))[0]!.count;
    },

    /** In the order they came, `limit` at most, those behind an id; whoever was erased has no place in a list. */
    async page(states: readonly SubscriptionState[], after: bigint, limit: number): Promise<ReaderForExport[]> {
      const rows = await read<Row>(PAGE, [states, after, limit]);
      return rows.map(asReader);
    },
  };

  async function read<T extends pg.QueryResultRow>(text: string, values: unknown[]): Promise<T[]> {
    try {
      return (await pool.query<T>(text, values)).rows;
    } catch (error) {
      throw asFault(error);
    }
  }
}

/** Field by field: V8 keeps what several spreads made in ten times the room, and there are as many of these as readers. */
function asReader(row: Row): ReaderForExport {
  const { id, email, state, filter, cadence, weekday, hour, zone, language, format } = row;
  const preferences = { filter, cadence, hour, zone, maxPapers: row.max_papers, language, format };
  return {
    id: BigInt(id),
    email,
    state,
    pausedUntil: row.paused_until,
    preferences: (cadence === "weekly" ? Object.assign(preferences, { weekday }) : preferences) as Preferences,
    proof: proofIn(row),
  };
}

function proofIn({ consent, asked_by, asked_at, confirmed_at, page, text_version }: Row): ReaderForExport["proof"] {
  if (asked_by === null || asked_at === null) return null;
  return { consent, askedBy: asked_by, askedAt: asked_at, confirmedAt: confirmed_at, page, textVersion: text_version };
}

const PAGE = `
  SELECT s.id, s.email, s.state, s.paused_until, s.filter, s.cadence, s.weekday, s.hour, coalesce(s.home_zone, s.zone) AS zone,
    s.max_papers, s.language, s.format, r.consent, r.asked_by, r.asked_at, r.confirmed_at, r.page, r.text_version
  FROM subscriptions s
  LEFT JOIN LATERAL (SELECT c.request_id FROM subscription_changes c
    WHERE c.subscription_id = s.id AND c.what = 'confirmed' AND c.request_id IS NOT NULL ORDER BY c.version DESC LIMIT 1) c ON true
  LEFT JOIN requests r ON r.id = c.request_id
  WHERE s.id > $2 AND s.state = ANY ($1) AND s.email IS NOT NULL ORDER BY s.id LIMIT $3`;

interface Row {
  id: string;
  email: string;
  state: SubscriptionState;
  paused_until: Date | null;
  filter: Preferences["filter"];
  cadence: Preferences["cadence"];
  weekday: number | null;
  hour: number;
  zone: string;
  max_papers: number;
  language: string;
  format: Preferences["format"];
  consent: string | null;
  asked_by: string | null;
  asked_at: Date | null;
  confirmed_at: Date | null;
  page: string | null;
  text_version: string | null;
}
