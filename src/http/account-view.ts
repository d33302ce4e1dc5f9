/** What the account page shows. */
import { isDay } from "../core/day.ts";
import { inertLine } from "../core/inert.ts";
import { dateOf, type Say } from "../core/text.ts";
import { Invalid, type Problem } from "../errors.ts";
import type { CameBack, DeliveryCursor, DeliveryRecord, ReaderStanding } from "../store/reader-records.ts";
import type { Subscription } from "../store/subscriptions.ts";
import type { View } from "./pages.ts";
import { paperHref } from "./paper-view.ts";

/** Digests on one page of the history. */
export const HISTORY_PAGE = 20;
const LONGEST_TITLE = 300;
/** What a far end says is for machines; a line of it tells a person enough. */
const LONGEST_ANSWER = 200;
const DAY_MS = 24 * 60 * 60 * 1000;

/** What is held on the reader who looks. `deliveries`: one more than fits on the page, if there is one. */
interface Held {
  readonly subscription: Subscription & { readonly email: string };
  readonly standing: ReaderStanding;
  readonly deliveries: readonly DeliveryRecord[];
  readonly cameBack: readonly CameBack[];
}

interface Shown {
  readonly say: Say;
  readonly link: string;
  /** The form for another address. */
  readonly form: { readonly typed: string; readonly problems: readonly Problem[] };
  readonly retentionDays: number;
}

export function accountView(
  { subscription, standing, deliveries, cameBack }: Held,
  { say, link, form, retentionDays }: Shown,
): View & { readonly title: string } {
  const { email, state, endedAt } = subscription;
  const page = deliveries.slice(0, HISTORY_PAGE);
  const last = page.at(-1);
  const [problem] = form.problems;
  return {
    title: say("page.account.heading"),
    address: inertLine(email, 254),
    since: say("page.account.since", { at: standing.confirmedAt ?? standing.createdAt }),
    state: say("page.account.state", {
      state,
      until: new Date((endedAt?.getTime() ?? 0) + retentionDays * DAY_MS),
    }),
    isReached: state === "active" && cameBack.length === 0 && page.some((delivery) => delivery.state === "accepted"),
    isEnded: state === "ended",
    remedy: say("page.account.remedy", {
      state: state === "suspended" && standing.tryAgainAt !== null ? "tryAgain" : state,
      at: standing.tryAgainAt ?? standing.createdAt,
    }),
    cameBack: cameBack.map(({ at, class: kind, status, text }) => ({
      said: say("page.account.trouble", { at, kind }),
      text: inertLine([status ?? "", text].filter(Boolean).join(" "), LONGEST_ANSWER),
    })),
    retentionDays,
    history: page.map((delivery) => deliveryView(delivery, say)),
    olderHref: deliveries.length > HISTORY_PAGE && last ? `/account/${link}?before=${last.localDay}.${last.id}` : "",
    action: `/account/${link}`,
    exportHref: `/api/v1/account/${link}/export`,
    email: {
      id: "field-email",
      name: "email",
      value: form.typed,
      wrong: problem ? say("page.wrong", { field: "email" }) : "",
      detail: problem?.message ?? "",
    },
  };
}

function deliveryView({ localDay, state, papers }: DeliveryRecord, say: Say): View {
  return {
    date: say("page.account.date", { date: dateOf(localDay) }),
    fate: say("page.account.fate", { state, count: papers.length }),
    papers: papers.map(({ id, title }) => ({ href: paperHref(id), title: inertLine(title, LONGEST_TITLE) })),
  };
}

/** `2026-04-16.1207`: the last delivery of the page before. @throws {Invalid} for anything else */
export function readCursor(text: string | null): DeliveryCursor | null {
  if (text === null || text === "") return null;
  const [, localDay, id] = /^(\d{4}-\d\d-\d\d)\.(\d{1,18})$/.exec(text) ?? [];
  if (localDay !== undefined && id !== undefined && isDay(localDay)) return { localDay, id: BigInt(id) };
  const message = "This is no place in the history. Open your account without it.";
  throw new Invalid(message, [{ field: "before", message }]);
}
