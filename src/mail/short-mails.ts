/**
 * The mails that answer a request: "was this you?", "you are subscribed already", "here is your link" and so on. Nothing in them
 * was typed by a stranger but the address they go to, and none carries List-Unsubscribe: there is no list to leave yet. But
 * for two, which nobody asked for: that nothing matched for a month, which is of the list and is left like a digest; and
 * alarms, which go to the operator.
 */
import { EVENTS, type IncidentKind, type Stage } from "../core/alarms.ts";
import { adviceInWords } from "../core/in-words.ts";
import { inertLine } from "../core/inert.ts";
import type { QuietNews } from "../core/quiet-news.ts";
import type { Say, Values } from "../core/text.ts";
import { Invalid } from "../errors.ts";
import { headerLines, type ListHeaders, messageIdOf } from "./headers.ts";
import { type Composed, type Letterhead, messageOf, PLAIN_WAYBILL, type Waybill } from "./message.ts";
import type { Renderer } from "./render.ts";
import type { MailName, Part } from "./templates.ts";

/** What all of them need. */
export interface ShortMail {
  readonly renderer: Renderer;
  readonly to: string;
  readonly language: string;
  readonly format: Part;
  readonly letterhead: Letterhead;
  readonly waybill?: Waybill;
  /** Names the message: the same on every try. Letters, digits and `._-`. */
  readonly id: string;
  readonly composedAt: Date;
}

/** What answers somebody. */
export interface AskedMail extends ShortMail {
  /** When it was asked for, and at which of our own pages: a full address without parameters. */
  readonly asked: { readonly at: Date; readonly page: string };
}

/** @throws {Invalid} for an address that cannot be written to, or a page with anything in it that a visitor chose */
export function composeConfirm(mail: AskedMail & { readonly confirmUrl: string; readonly neverUrl: string }): Composed {
  return compose("confirm", mail, { actionUrl: mail.confirmUrl, neverUrl: mail.neverUrl });
}

/** For an active reader who asks again. @throws {Invalid} like `composeConfirm` */
export function composeAlreadySubscribed(mail: AskedMail & { readonly preferencesUrl: string }): Composed {
  return compose("already-subscribed", mail, { actionUrl: mail.preferencesUrl });
}

/** For a reader who lost their link. @throws {Invalid} like `composeConfirm` */
export function composeLink(mail: AskedMail & { readonly preferencesUrl: string }): Composed {
  return compose("link", mail, { actionUrl: mail.preferencesUrl });
}

/** For a reader who wants to see what is kept. @throws {Invalid} like `composeConfirm` */
export function composeAccount(mail: AskedMail & { readonly accountUrl: string }): Composed {
  return compose("account", mail, { actionUrl: mail.accountUrl });
}

/** To the address a digest is to move to. @throws {Invalid} like `composeConfirm` */
export function composeMove(mail: AskedMail & { readonly confirmUrl: string; readonly neverUrl: string }): Composed {
  return compose("move", mail, { actionUrl: mail.confirmUrl, neverUrl: mail.neverUrl });
}

/** To the address a digest moved away from. @throws {Invalid} like `composeConfirm` */
export function composeMoved(mail: AskedMail & { readonly subscribeUrl: string }): Composed {
  return compose("moved", mail, { actionUrl: mail.subscribeUrl });
}

/** To a reader for whom nothing matched. @throws {Invalid} for an address that cannot be written to */
export function composeQuiet(
  mail: ShortMail & {
    readonly news: QuietNews;
    readonly preferencesUrl: string;
    readonly list: Omit<ListHeaders, "listName">;
  },
): Composed {
  const { days, since, editions, advice } = mail.news;
  const links = { actionUrl: mail.preferencesUrl, unsubscribeUrl: mail.list.unsubscribeUrl };
  const view = (say: Say) => ({
    ...{ ...links, days, since, editions },
    advice: advice === null ? "" : adviceInWords(advice, say),
  });
  return written("quiet", mail, view, mail.list);
}

/** Something that went wrong, as the operator is told of it. */
export interface ToldIncident {
  readonly kind: IncidentKind;
  readonly subject: string;
  readonly words: string;
  readonly beganAt: Date;
  readonly endedAt: Date | null;
  readonly stage: Stage;
}

/** The longest sentence of an incident, which may hold what a far end said. */
const LONGEST_WORDS = 1_000;
/** Subjects that are named of those beyond the first. */
const MOST_NAMED = 10;

/**
 * To the operator: the first of the incidents, of one kind, in full; the others by what they are about.
 *
 * @param mail.adminUrl null: there is no page to look at
 * @param mail.site which of several installations it is
 * @throws {Invalid} for an address that cannot be written to
 */
export function composeAlarm(
  mail: ShortMail & {
    readonly incidents: readonly ToldIncident[];
    readonly adminUrl: string | null;
    readonly site: string;
  },
): Composed {
  // What still stands matters more than what is over.
  const [first, ...others] = mail.incidents.toSorted((a, b) => rankOf(a) - rankOf(b));
  if (first === undefined) throw new Invalid("An alarm is about something");
  const view = (say: Say) => ({
    ...{ stage: first.stage, isOver: first.stage === "begun" ? "" : "yes", what: say(`mail.alarm.what.${first.kind}`) },
    ...{ words: inertLine(first.words, LONGEST_WORDS), since: first.beganAt, until: first.endedAt ?? first.beganAt },
    others: others.length === 0 ? "" : othersInWords(others, say),
    ...{ adminUrl: mail.adminUrl ?? "", site: mail.site },
    isEndTold: first.stage === "begun" && !EVENTS.includes(first.kind) ? "yes" : "no",
  });
  return written("alarm", mail, view);
}

function rankOf({ stage }: ToldIncident): number {
  return stage === "begun" ? 0 : 1;
}

function othersInWords(others: readonly ToldIncident[], say: Say): string {
  const named = [...new Set(others.map(({ subject }) => inertLine(subject, 100)))];
  const subjects = say.list(named.slice(0, MOST_NAMED), "unit");
  return say("mail.alarm.moreOf", { more: others.length, subjects, isPart: String(named.length > MOST_NAMED) });
}

function compose(
  name: Exclude<MailName, "digest" | "quiet" | "alarm">,
  mail: AskedMail,
  links: { readonly actionUrl: string; readonly neverUrl?: string },
): Composed {
  return written(name, mail, () => ({ ...links, at: mail.asked.at, page: ownPage(mail.asked.page) }));
}

function written(
  name: Exclude<MailName, "digest">,
  { renderer, to, language, format, letterhead, waybill = PLAIN_WAYBILL, id, composedAt }: ShortMail,
  view: (say: Say) => Values,
  list?: Omit<ListHeaders, "listName">,
): Composed {
  const mail = renderer.short(name, language, view);
  const messageId = messageIdOf(name, id, letterhead.messageIdDomain);
  const headers = headerLines(
    {
      ...{ from: letterhead.from, to, subject: mail.subject, messageId, composedAt },
      feedback: ["letter", name, mail.language],
      extra: waybill.extra,
    },
    list && { ...list, listName: mail.listName },
  );
  const bodies = { text: mail.text, html: format === "html" ? mail.html : null };
  return messageOf({ headers, ...bodies, messageId, composedAt, letterhead, waybill, to });
}

function ownPage(page: string): string {
  if (!/^https?:\/\/[\w.:[\]-]+(?:\/[a-z0-9/-]*)?$/u.test(page)) {
    throw new Invalid(
      `"${page}" is not the plain address of one of our pages, and a mail must not repeat what a visitor sent`,
    );
  }
  return page;
}
