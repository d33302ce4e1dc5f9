/** A database of an earlier release, with readers in it, and the product of this one on it. */
import { cpSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { migrate } from "../../src/store/migrate.ts";
import { aPress } from "../actions/press.ts";
import { aDatabase } from "../support/database.ts";
import { at } from "../support/time.ts";
import { query } from "../support/vaults.ts";

const OWN = fileURLToPath(new URL("../../prisma/migrations", import.meta.url));
const MIGRATIONS = readdirSync(OWN).filter((name) => /^\d/.test(name));

/** What stood in every release's tables: a paper that both readers were sent yesterday, somebody who left, one suppressed. */
const ROWS = [
  `INSERT INTO papers (public_id, title, abstract, authors, categories, keywords, url, told_by)
    VALUES ('2604.99999', 'Sent yesterday', 'It was.', '{Ada Lovelace}', '{cs.AI}', '{}', 'https://arxiv.org/abs/2604.99999', 'file')`,
  "INSERT INTO paper_aliases VALUES ('2604.99999', 1)",
  `INSERT INTO sightings (paper_id, source, signals, seen_at, last_seen_at)
    VALUES (1, 'file', '{"upvotes": 7}', '2026-04-14T12:00Z', '2026-04-14T12:00Z')`,
  "INSERT INTO listings VALUES ('file', '2026-04-14', 1, 0, '2026-04-14T12:00Z')",
  "INSERT INTO editions (date, state, closed_at) VALUES ('2026-04-14', 'closed', '2026-04-15T01:00Z')",
  `INSERT INTO subscriptions (address_key, email, state, filter, cadence, hour, zone, max_papers, language, format, created_at,
      confirmed_at, ended_at, ended_because)
    SELECT 'key ' || n, 'reader' || n || '@example.org', CASE n WHEN 3 THEN 'ended' ELSE 'active' END,
      '{"grammar":1,"watches":[]}', 'daily', 7, 'UTC', 10, 'en', 'text', '2026-04-01Z', '2026-04-01Z',
      CASE n WHEN 3 THEN timestamptz '2026-04-10Z' END, CASE n WHEN 3 THEN 'reader' END FROM generate_series(1, 3) n`,
  `INSERT INTO subscription_changes (subscription_id, version, what, preferences, via, at)
    SELECT id, 1, 'confirmed', '{}', 'confirmation-link', '2026-04-01Z' FROM subscriptions`,
  "INSERT INTO delivery_groups (cadence, weekday, zone, hour) VALUES ('daily', 0, 'UTC', 7)",
  `INSERT INTO subscription_clocks (subscription_id, group_id, last_local_day, last_edition, joined_at)
    SELECT id, CASE WHEN id < 3 THEN 1 END, '2026-04-15', '2026-04-14', '2026-04-01Z' FROM subscriptions`,
  `INSERT INTO group_days (group_id, local_day, due_at, outcome, edition_date, planned, decided_at)
    VALUES (1, '2026-04-15', '2026-04-15T07:00Z', 'planned', '2026-04-14', 2, '2026-04-15T07:00Z')`,
  "SELECT make_delivery_partitions('2026-04-15', '2026-04-15')",
  `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, paper_ids, version,
      composed_at, ended_at)
    SELECT '2026-04-15', id, '2026-04-14', 'daily', '2026-04-15T07:00Z', '2026-04-16T03:00Z', 'accepted', '{1}', 1,
      '2026-04-15T07:00Z', '2026-04-15T07:00Z' FROM subscriptions WHERE id < 3`,
  "INSERT INTO suppressions (address_key, because) VALUES ('key 4', 'never')",
];

/** Which migrations a database had had: the first alone, half of them, all but the last. */
const RELEASES = [1, Math.ceil(MIGRATIONS.length / 2), MIGRATIONS.length - 1];

test.each(RELEASES)(
  "a database that had had %i migrations is brought forward, and its readers notice nothing",
  async (had) => {
    const dir = mkdtempSync(join(tmpdir(), "paperboy-upgrade-"));
    const database = await aDatabase({ template: null });
    for (const name of MIGRATIONS.slice(0, had)) cpSync(join(OWN, name), join(dir, name), { recursive: true });
    await migrate({ databaseUrl: database.url, migrationsDir: dir });
    for (const statement of ROWS) await query(database.url, statement);
    const [columns, values] = had === 1 ? ["", ""] : [", facts", `, '{"id": "2604.99999", "title": "Sent yesterday"}'`];
    await query(
      database.url,
      `INSERT INTO edition_papers (edition_date, rank, paper_id, lane, listed_on, upvotes, comments, stars_gained, score,
      score_parts, topics, is_new${columns}) VALUES ('2026-04-14', 1, 1, 'trending', '2026-04-14', 7, 0, 0, 1,
      '{"votes":1,"comments":0,"stars":0,"age":0}', '{agents}', true${values})`,
    );
    expect(await migrate({ databaseUrl: database.url })).toEqual({ applied: MIGRATIONS.slice(had) });

    const press = await aPress({ on: database.url, start: at("2026-04-16T00:30Z") });
    await press.list("2026-04-15", [{ arxivId: "2604.99999", title: "Sent yesterday" }, { title: "New today" }]);
    await press.tick("2026-04-16T01:00Z");
    await press.tick("2026-04-16T07:00Z");
    expect(press.smtp.seen.map(({ to }) => to[0]).sort()).toEqual(["reader1@example.org", "reader2@example.org"]);
    const { text } = await PostalMime.parse(press.smtp.seen[0]!.raw);
    expect([text!.includes("New today"), text!.includes("Sent yesterday")]).toEqual([true, false]);
    expect(await unsubscribe({ ...press.needs, ...press.store }, 1n, "one-click", press.store.clock.now())).toBe(
      "ended",
    );
    await press.list("2026-04-16", [{ title: "A day later" }]);
    await press.tick("2026-04-17T01:00Z");
    await press.tick("2026-04-17T07:00Z");
    expect(press.smtp.seen.slice(2).map(({ to }) => to[0])).toEqual(["reader2@example.org"]);
    expect((await press.store.tallies.byEdition("2026-04-15")).accepted).toBe(2);
    await press.end();
    await database.drop();
    rmSync(dir, { recursive: true });
  },
);
