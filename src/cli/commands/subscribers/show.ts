import { Command } from "commander";
import type { App } from "../../../app.ts";
import { parseAddress } from "../../../core/email-address.ts";
import { filterInWords } from "../../../core/filter-in-words.ts";
import { inertLine } from "../../../core/inert.ts";
import { nextDue } from "../../../core/schedule.ts";
import { groupOf } from "../../../core/subscription.ts";
import { catalogueIn } from "../../../core/topic-names.ts";
import { NotFound } from "../../../errors.ts";
import type { ReaderStanding } from "../../../store/reader-records.ts";
import type { Subscription } from "../../../store/subscriptions.ts";
import { examples, json, type ListTerminal, table } from "../../terminal.ts";

/** Of what is read page by page, the newest are shown. */
const SHOWN = 10;
const PAGE = 100;
/** What a far end says is for machines; so much of it tells a person enough. */
const LONGEST_TEXT = 120;

export const show = ({ print, withApp }: ListTerminal) =>
  new Command("show")
    .description("one reader: what they chose, when they are due, what they got and what came back")
    .argument("<who>", "an address, in any spelling of it, or the number of a subscription")
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      examples("paperboy subscribers show reader@example.org", "paperboy subscribers show 4711 --json"),
    )
    .action(async (who: string, { json: asJson }: { json?: boolean }) => {
      const found = await withApp((app) => lookAt(app, who));
      print(asJson ? json(found) : inWords(found));
    });

type Found = Awaited<ReturnType<typeof lookAt>>;

/** @throws {NotFound} when nobody is known by it */
async function lookAt(app: App, who: string) {
  const isNumber = /^\d{1,18}$/.test(who);
  const key = isNumber ? null : app.addressKey(parseAddress(who));
  const subscription =
    key === null ? await app.subscriptions.findById(BigInt(who)) : await app.subscriptions.findByAddressKey(key);
  const standing = subscription && (await app.readerRecords.standing(subscription.id));
  if (!subscription || !standing) {
    const suppression = key === null ? null : await app.suppressions.find(key);
    throw new NotFound(
      suppression && suppression.liftedAt === null
        ? `Nobody is subscribed under it, and it is not written to since ${minute(suppression.at)} (${suppression.because}).`
        : `Nobody is subscribed under ${isNumber ? `the number ${who}` : "this address"}.`,
    );
  }
  const { id } = subscription;
  const records = app.readerRecords;
  const now = await app.databaseNow();
  return {
    ...{ ...subscription, ...standing },
    preferencesInWords: preferencesInWords(app, subscription),
    nextDueAt: subscription.state === "active" ? nextDue(groupOf(subscription.preferences), now).at : null,
    deliveries: await records.deliveries(id, null, SHOWN),
    verdicts: await newest((after: bigint) => records.verdicts(id, after, PAGE)),
    reports: await newest((after: bigint) => records.reports(id, after, PAGE)),
  };
}

/** The last rows of what is read oldest first, newest first. */
async function newest<Row extends { readonly id: bigint }>(pageAfter: (id: bigint) => Promise<Row[]>): Promise<Row[]> {
  let last: Row[] = [];
  for (let after = 0n; ; ) {
    const page = await pageAfter(after);
    last = [...last, ...page].slice(-SHOWN);
    if (page.length < PAGE) return last.reverse();
    after = page.at(-1)!.id;
  }
}

function preferencesInWords({ texts, catalogue }: App, { preferences, email }: Subscription): string {
  if (email === null) return "";
  const say = texts("en");
  const { topics } = catalogueIn(say, catalogue);
  const { cadence, hour, zone, maxPapers, language, format, filter } = preferences;
  const day = preferences.cadence === "weekly" ? ` on ${WEEKDAYS[preferences.weekday - 1]}` : "";
  const papers = filterInWords(filter, say, (id) => topics.find((topic) => topic.id === id)?.name ?? id);
  return `${cadence}${day} at ${String(hour).padStart(2, "0")}:00, ${zone}; at most ${maxPapers} papers, ${format}, ${language}; ${papers === "" ? "every trending paper" : `papers ${papers}`}`;
}

const WEEKDAYS = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

function inWords(found: Found): string {
  const { deliveries, verdicts, reports } = found;
  const facts: [string, string][] = [
    ["reader", `${found.id}  ${found.email === null ? "(erased)" : inertLine(found.email, 254)}`],
    ["state", stateInWords(found)],
    ["since", `${minute(found.confirmedAt ?? found.createdAt)}, version ${found.version}`],
    ...(found.preferencesInWords === "" ? [] : [["gets", found.preferencesInWords] as [string, string]]),
    ["next due", found.nextDueAt === null ? "never, as it is" : minute(found.nextDueAt)],
    ...suppressionInWords(found),
  ];
  const parts = [table(facts)];
  parts.push(
    deliveries.length === 0
      ? "No digest was planned yet."
      : `Digests, newest first:\n${table([
          ["day", "edition", "state", "papers", "tries", "why"],
          ...deliveries.map(({ localDay, editionDate, state, papers, attempts, reason, answer }) => [
            ...[localDay, editionDate, state, papers.length, attempts],
            inertLine([reason, answer].filter(Boolean).join(": "), LONGEST_TEXT),
          ]),
        ])}`,
  );
  if (verdicts.length > 0)
    parts.push(
      `What came back, newest first:\n${table(
        verdicts.map(({ at, via, class: kind, status, verdict, because, text }) => [
          ...[minute(at), via, kind, verdict, because],
          inertLine([status, text].filter(Boolean).join(" "), LONGEST_TEXT),
        ]),
      )}`,
    );
  if (reports.length > 0)
    parts.push(
      `Reports, newest first:\n${table(reports.map(({ id, receivedAt, via, state, note }) => [String(id), minute(receivedAt), via, state, inertLine(note ?? "", LONGEST_TEXT)]))}`,
    );
  return parts.join("\n\n");
}

function stateInWords({ state, pausedUntil, elsewhere, endedAt, endedBecause }: Subscription & ReaderStanding): string {
  if (state === "ended")
    return `ended${endedAt ? ` ${minute(endedAt)}` : ""}${endedBecause ? `: ${endedBecause}` : ""}`;
  const until = state === "paused" && pausedUntil ? ` until ${minute(pausedUntil)}` : "";
  return `${state}${until}${elsewhere ? `, at home in ${elsewhere.homeZone} again from ${minute(elsewhere.until)}` : ""}`;
}

function suppressionInWords({ suppression }: Found): [string, string][] {
  if (suppression === null) return [];
  const { because, at, note, liftedAt, liftedNote } = suppression;
  const lifted = liftedAt === null ? "" : `, lifted ${minute(liftedAt)}${liftedNote ? `: ${liftedNote}` : ""}`;
  return [["suppressed", `${minute(at)} (${because})${note ? `: ${note}` : ""}${lifted}`]];
}

function minute(at: Date): string {
  return `${at.toISOString().slice(0, 16)}Z`;
}
