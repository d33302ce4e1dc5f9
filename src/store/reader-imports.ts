/** Readers whom a list brings: who is new becomes a reader with the proof of consent, everybody else stays as they are. */
import type pg from "pg";
import type { Preferences } from "../core/subscription.ts";
import { asFault } from "./faults.ts";

export interface NewReader {
  readonly email: string;
  readonly addressKey: string;
  readonly preferences: Preferences;
  readonly isPaused: boolean;
  readonly pausedUntil: Date | null;
  readonly consent: string;
  readonly consentedAt: Date | null;
}

/** `already`: a reader, or on an earlier line; `ended`: left, and stays away; `erased`: forgotten; `suppressed`: not written to. */
export type ImportOutcome = "added" | "already" | "ended" | "erased" | "suppressed";

export type ReaderImports = ReturnType<typeof readerImports>;

export function readerImports(pool: pg.Pool) {
  return {
    /**
     * All in one statement, so that cut short anywhere a line is in or it is not. Whoever is new falls due from now on with
     * their group; there is no welcome digest.
     *
     * @param isDry nothing is written, and the same is told
     * @returns what became of each, in their order
     */
    async add(readers: readonly NewReader[], { isDry = false } = {}): Promise<ImportOutcome[]> {
      const values = [`[${readers.map(asJson).join(",")}]`];
      try {
        if (!isDry) await pool.query(GROUPS, values);
        // Without a name: planned anew each time, since a plan made while the tables are empty reads them whole ever after.
        const told = await pool.query<{ outcome: ImportOutcome }>(isDry ? LOOK : ADD, values);
        return told.rows.map(({ outcome }) => outcome);
      } catch (error) {
        throw asFault(error);
      }
    },
  };
}

/** One row of the statement, written as soon as it is made: of two thousand rows in objects V8 kept ten times what they say. */
function asJson({ email, addressKey, preferences, isPaused, pausedUntil, consent, consentedAt }: NewReader): string {
  return JSON.stringify({
    email,
    address_key: addressKey,
    preferences,
    state: isPaused ? "paused" : "active",
    paused_until: pausedUntil,
    consent,
    consented_at: consentedAt,
  });
}

/** Before their readers, so that the statement after this sees them; in one order, so that two imports do not wait for each other. */
const GROUPS = `
  INSERT INTO delivery_groups (cadence, weekday, zone, hour)
  SELECT DISTINCT cadence, coalesce(weekday, 0), zone, hour
  FROM jsonb_to_recordset($1::jsonb) AS r (preferences jsonb),
    jsonb_to_record(preferences) AS p (cadence text, weekday int, zone text, hour int) ORDER BY 1, 2, 3, 4
  ON CONFLICT DO NOTHING`;

/** A reader who is there already is left as they are, whatever the list says. */
const LOOKED = `
  WITH looked AS MATERIALIZED (
    SELECT r.*, CASE
      WHEN x.address_key IS NOT NULL THEN 'suppressed'
      WHEN s.id IS NULL THEN
        CASE row_number() OVER (PARTITION BY r.address_key ORDER BY r.nth) WHEN 1 THEN 'added' ELSE 'already' END
      WHEN s.email IS NULL THEN 'erased'
      WHEN s.state = 'ended' THEN 'ended'
      ELSE 'already' END AS outcome
    FROM ROWS FROM (jsonb_to_recordset($1::jsonb) AS (email text, address_key text, preferences jsonb, state text,
      paused_until timestamptz, consent text, consented_at timestamptz)) WITH ORDINALITY
      AS r (email, address_key, preferences, state, paused_until, consent, consented_at, nth)
    LEFT JOIN subscriptions s ON s.address_key = r.address_key
    LEFT JOIN suppressions x ON x.address_key = r.address_key AND x.lifted_at IS NULL
  )`;

const LOOK = `${LOOKED} SELECT outcome FROM looked ORDER BY nth`;

const ADD = `${LOOKED}, fresh AS MATERIALIZED (
    SELECT nextval('subscriptions_id_seq') AS id, nextval('requests_id_seq') AS request_id, l.*, p.*
    FROM (SELECT * FROM looked WHERE outcome = 'added' ORDER BY nth) l, jsonb_to_record(l.preferences) AS p (filter jsonb,
      cadence text, weekday int, hour int, zone text, "maxPapers" int, language text, format text)
  ), added AS (
    INSERT INTO subscriptions (id, address_key, email, state, filter, cadence, weekday, hour, zone, max_papers, language, format,
      paused_until, confirmed_at)
    SELECT id, address_key, email, state, filter, cadence, weekday, hour, zone, "maxPapers", language, format, paused_until,
      paperboy_now() FROM fresh
    ORDER BY address_key -- in one order as well: of two lists with the same readers one waits for the other, and not both
    ON CONFLICT (address_key) DO NOTHING RETURNING id
  ), ours AS MATERIALIZED (
    -- As a test of each and not as a join, which PostgreSQL plans for one row and then does two thousand times over.
    SELECT * FROM fresh WHERE (id IN (SELECT id FROM added)) IS TRUE
  ), proved AS (
    -- What was asked elsewhere: forgotten with the reader, as every proof of consent is. The address stands in one place alone.
    INSERT INTO requests (id, kind, address_key, wanted, asked_by, consent, asked_at, state, confirmed_at, expires_at)
    SELECT request_id, 'subscribe', address_key, '{}', 'import', consent, coalesce(consented_at, paperboy_now()), 'confirmed',
      paperboy_now(), paperboy_now() FROM ours
  ), noted AS (
    INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, request_id)
    SELECT id, 1, 'confirmed', preferences, 'import', request_id FROM ours
  ), joined AS (
    INSERT INTO subscription_clocks (subscription_id, group_id, joined_at, joined_late)
    SELECT o.id, CASE o.state WHEN 'active' THEN d.id END, paperboy_now(), false FROM ours o JOIN delivery_groups d
      ON d.cadence = o.cadence AND d.weekday = coalesce(o.weekday, 0) AND d.zone = o.zone AND d.hour = o.hour
  )
  -- Who subscribed in this very moment is a reader already.
  SELECT CASE WHEN l.outcome = 'added' AND o.id IS NULL THEN 'already' ELSE l.outcome END AS outcome
  FROM looked l LEFT JOIN ours o USING (nth) ORDER BY nth`;
