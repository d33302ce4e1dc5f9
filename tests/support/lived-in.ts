/** A database as it looks after a while: rows in every table, of every kind of column, with every kind of letter in them. */
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import type { Press } from "../actions/press.ts";
import { preferences } from "./builders.ts";

/** A few days of the product, and by hand what does not come by itself in so few. */
export async function liveIn(press: Press): Promise<void> {
  const { store } = press;
  await press.list("2026-04-14", [{ title: 'A "title"\nwith\ttabs, \\N and \\\\ in it' }, { title: "Größe 𝔘nd ∑" }]);
  for (const hour of [7, 7, 20]) await store.aReader(preferences({ hour }));
  await store.aReader(preferences({ cadence: "weekly", weekday: 3, zone: "Asia/Kathmandu" }));
  const leaving = await store.aReader(preferences({ hour: 9 }));
  await press.tick("2026-04-15T01:00Z");
  await press.tick("2026-04-15T07:00Z");
  await store.tallies.addUp(1_000);
  await press.list("2026-04-22", [{ title: "a week later" }]);
  await press.tick("2026-04-23T01:00Z");
  await press.tick("2026-04-23T07:00Z");
  await store.sql(
    "UPDATE papers SET merged_into = (SELECT min(id) FROM papers) WHERE id = (SELECT max(id) FROM papers)",
  );
  await store.sql("INSERT INTO reports (via, raw, cut) VALUES ('raw', $1, 3)", [
    Buffer.from([0, 1, 9, 10, 13, 92, 255]),
  ]);
  await store.sql("INSERT INTO suppressions (address_key, because, note) VALUES ('k', 'operator', E'a\\nnote\\\\.')");
  await unsubscribe({ ...press.needs, ...store }, leaving, "one-click", store.clock.now());
  const one = "(SELECT min(id) FROM subscriptions)";
  for (const statement of [
    `INSERT INTO leaving_reasons (subscription_id, left_at, reason, words)
      SELECT id, ended_at, 'other', E'too\\much, "really"' FROM subscriptions WHERE state = 'ended'`,
    `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, report_id, verdict, because)
      SELECT ${one}, received_at, received_at, 'soft', false, '4.2.2', 'voll – später', 'raw', id, 'counted', 'full' FROM reports`,
    `INSERT INTO pulls (source, day, started_at, ended_at, outcome, papers, refused, problem)
      VALUES ('hugging-face', '2026-04-14', now(), now(), 'failed', 0, 0, E'HTTP 503\r\n')`,
    `INSERT INTO audit_lines (by, what, about, details) VALUES ('cli', 'suppress', 'key k', '{"note": "a\\nb ☂ c"}')`,
    "INSERT INTO database_identity (id) VALUES (gen_random_uuid())",
    "INSERT INTO witnesses (id, height, risen_at) VALUES (gen_random_uuid(), 9007199254740993, now())",
    "INSERT INTO restorations (number, at) VALUES (3, now())",
    "INSERT INTO clock_watch (seen_at, steady_since) VALUES (now(), now())",
    "INSERT INTO sending_stops (kind, because, at, lifted_at) VALUES ('operator', 'a try', now(), now())",
    "INSERT INTO incidents (kind, subject, words, ended_at) VALUES ('server', 'smtp.example.org', 'down', now())",
    "INSERT INTO ticks (name, at) VALUES ('house', now())",
    "INSERT INTO heartbeats (edition_date, not_before, sent_at) VALUES ('2026-04-14', now(), now())",
    "INSERT INTO send_days (key, points, expire) VALUES ('a day', 7, 1776000000000)",
    "INSERT INTO door_spent (id, until) VALUES ('an answer', now())",
    "INSERT INTO door_counts (key, count, until) VALUES ('a key', 1, now())",
  ])
    await store.sql(statement);
}
