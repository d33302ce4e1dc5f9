/** Ten weeks of editions for readers whose filter finds nothing in most of them. */
import PostalMime, { type Email } from "postal-mime";
import { afterAll, beforeAll, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { unsubscribe } from "../../src/actions/unsubscribe.ts";
import { addDays } from "../../src/core/day.ts";
import { aPress, LINKS, type Press } from "../actions/press.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";

const START = "2026-03-01";
/** On it the paper is listed that is popular enough for the reader with a minimum of votes. */
const LUCKY_DAY = "2026-04-09";
const CHANGED_ON = "2026-03-21";
const END = "2026-05-12";

const READERS = {
  picky: preferences({ filter: aFilter({ name: "Gravity", include: ["gravity"], minUpvotes: 500 }) }),
  searching: preferences({ filter: aFilter({ include: ["string theory"] }) }),
  weekly: preferences({ filter: aFilter({ include: ["string theory"] }), cadence: "weekly", weekday: 1 }),
  everything: preferences(),
};
type Name = keyof typeof READERS;

let press: Press;
let ids: Record<Name, bigint>;
const told: { day: string; name: Name | undefined; mail: Email }[] = [];

beforeAll(async () => {
  press = await aPress({ start: at(`${START}T06:00Z`) });
  const emails = new Map<string, Name>();
  const made = {} as Record<Name, bigint>;
  for (const name of Object.keys(READERS) as Name[]) {
    made[name] = await press.store.aReader(READERS[name]);
    emails.set((await press.store.subscriptions.findById(made[name]))!.email!, name);
  }
  ids = made;
  for (let day = addDays(START, 1); day <= END; day = addDays(day, 1)) {
    const before = press.smtp.taken.length;
    await play(day);
    for (const { raw, to } of press.smtp.taken.slice(before).filter((mail) => mail.raw.includes("<quiet.")))
      told.push({ day, name: emails.get(to[0]!), mail: await PostalMime.parse(raw) });
  }
}, 400_000);
afterAll(() => press.end());

/** A morning: an edition of one new paper, the digests of 07:00, and by noon the letters. */
async function play(day: string): Promise<void> {
  const yesterday = addDays(day, -1);
  await press.store.clock.set(at(`${day}T00:30Z`));
  const upvotes = yesterday === LUCKY_DAY ? 600 : 100;
  await press.list(yesterday, [{ title: `Gravity on ${yesterday}`, signals: { upvotes } }]);
  await press.tick(`${day}T07:00Z`);
  await press.store.clock.set(at(`${day}T12:00Z`));
  for (const { id } of await press.store.requests.overdue(100)) await answerRequest(press.needs, id);
  if (day === CHANGED_ON)
    await press.store.subscriptions.change(ids.searching, { ...READERS.searching, maxPapers: 5 }, "preferences-link");
}

test("each is told once after thirty days without a match, and once more when that happens again", async () => {
  expect(told.map(({ day, name }) => [day, name])).toEqual([
    ["2026-03-31", "picky"],
    // A Monday; the one before is 29 days after they subscribed.
    ["2026-04-06", "weekly"],
    // Thirty days after the change, not after they subscribed.
    ["2026-04-21", "searching"],
    // Thirty days after the paper that came on April 10.
    ["2026-05-10", "picky"],
  ]);
  const answers = await press.store.sql("SELECT answer, count(*)::int FROM requests WHERE kind = 'quiet' GROUP BY 1");
  expect(answers).toEqual([{ answer: "quiet", count: 4 }]);
});

test("it says since when, how many editions there were, and what would have helped", () => {
  const [first, weekly] = told.map(({ mail }) => mail.text!.replace(/\s+/g, " "));
  expect(first).toMatch(
    /^Nothing new matched for 30 days Since March 1, 2026 no new paper has matched what you asked for, so no digest came\. Paperboy works: 30 editions came out in that time\. Without the minimum of votes, your watch “Gravity” would have brought about 5 papers a week\. Change what I look for: /,
  );
  expect(weekly).toContain("Lifting a single limit would not have helped");
});

test("its links open the reader's preferences, and one press on the other ends it", async () => {
  const { mail } = told[0]!;
  const token = (purpose: string) => new RegExp(`/${purpose}/([\\w.-]+)`).exec(mail.text!)![1]!;
  const now = at("2026-04-01T08:00Z");
  expect(LINKS.open("preferences", token("preferences"), now)).toEqual({ payload: { subscriptionId: ids.picky } });
  const left = { subscriptionId: ids.picky, deliveryId: 0n };
  expect(LINKS.open("unsubscribe", token("unsubscribe"), now)).toEqual({ payload: left });
  expect(await unsubscribe(press.needs, left.subscriptionId, "one-click", now)).toBe("ended");
});
