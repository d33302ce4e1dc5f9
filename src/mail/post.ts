/** The mail room's counter: what the product wants written, with its links, composed and sent. */
import { createHash } from "node:crypto";
import PostalMime from "postal-mime";
import { type Digest, sectionsOf } from "../core/digest.ts";
import type { Edition } from "../core/edition.ts";
import type { Links } from "../core/link.ts";
import type { Payloads } from "../core/link-payload.ts";
import type { QuietNews } from "../core/quiet-news.ts";
import type { Named, ReturnAddresses } from "../core/return-address.ts";
import type { Preferences } from "../core/subscription.ts";
import { Invalid, Permanent } from "../errors.ts";
import { composeDigest, type DigestReader, fitDigest } from "./compose.ts";
import type { Signer } from "./dkim.ts";
import { countSignatures } from "./dkim-check.ts";
import { addressForWire, type Mailbox, parseMailbox } from "./headers.ts";
import type { Composed, Letterhead, Waybill } from "./message.ts";
import { wrapLines } from "./plain-lines.ts";
import type { Parcel, Profile } from "./profiles.ts";
import type { EditionFragments, Notice, Renderer } from "./render.ts";
import type { Mail, Outcome, Sender } from "./sender.ts";
import { reuseSheet } from "./sheets.ts";
import {
  composeAccount,
  composeAlarm,
  composeAlreadySubscribed,
  composeConfirm,
  composeLink,
  composeMove,
  composeMoved,
  composeQuiet,
  type ToldIncident,
} from "./short-mails.ts";
import type { Part } from "./templates.ts";

/** What is written to the owner of an address. */
export type Letter = AnswerLetter | QuietLetter;

/** The answer to a request. */
export interface AnswerLetter {
  readonly kind: "confirmation" | "already" | "link" | "account" | "move" | "moved";
  readonly requestId: bigint;
  readonly subscriptionId: bigint | null;
  readonly email: string;
  readonly language: string;
  readonly askedAt: Date;
  readonly askedBy: "form" | "api" | "clock";
  /** Path of the page it was asked on, where that is known. */
  readonly page: string | null;
  /** When this answer was begun: what a link of one hour counts from, since a cap may have held it back for longer. */
  readonly takenAt: Date;
}

/** That nothing matched for a month. Nobody asked for it. */
export interface QuietLetter {
  readonly kind: "quiet";
  readonly requestId: bigint;
  readonly subscriptionId: bigint;
  readonly email: string;
  readonly language: string;
  readonly format: Part;
  /** When it was decided on. */
  readonly askedAt: Date;
  readonly news: QuietNews;
}

/** What the operator is told: incidents of one kind, one at least. */
export interface Alarm {
  readonly email: string;
  readonly incidents: readonly (ToldIncident & { readonly id: bigint })[];
  readonly at: Date;
}

/** What a digest's mail needs to know of its delivery. */
export interface Addressee {
  readonly id: bigint;
  readonly localDay: string;
  readonly subscriptionId: bigint;
  readonly email: string;
  readonly preferences: Pick<Preferences, "filter" | "language" | "format">;
}

/** Who gets a digest that stands alone, and what in. */
export interface Alone {
  readonly digest: Digest;
  readonly edition: EditionHead;
  readonly reader: DigestReader;
  /** Names the message, like a delivery does: letters, digits and `._-`. */
  readonly id: string;
  readonly composedAt: Date;
}

type EditionHead = Pick<Edition, "date" | "rankedBy" | "revision">;

export interface Post {
  /** The digest, cut to what one mail may hold. */
  fitDigest(of: { digest: Digest; edition: EditionHead; delivery: Addressee }): Digest;
  /** The same input makes the same bytes. */
  composeDigest(of: { digest: Digest; edition: EditionHead; delivery: Addressee; composedAt: Date }): Composed;
  /** A digest that somebody makes for themselves, without a subscription or a server behind it: it leads to papers alone. */
  composeAlone(of: Alone): { readonly message: Composed /** How many of its papers fitted. */; readonly count: number };
  /** A digest as its reader would get it: one of its parts, or the whole message. */
  show(of: Parameters<Post["composeDigest"]>[0], as: "text" | "html" | "eml"): Promise<string>;
  send(mail: Composed): Promise<Outcome>;
  /** The mail was accepted and nobody looks at it again: its memory becomes another's. */
  letGo(mail: Composed): void;
  sendLetter(letter: Letter): Promise<Outcome>;
  /** The same incidents in the same stages have the same Message-ID. */
  sendAlarm(alarm: Alarm): Promise<Outcome>;
}

export interface PostOptions {
  readonly renderer: Renderer;
  /** For digests, and for letters: a burst of the one does not hold up the other. */
  readonly sender: Pick<Sender, "send">;
  readonly letterSender: Pick<Sender, "send">;
  /** Null: nothing is signed here. */
  readonly signer?: Pick<Signer, "signatures" | "count"> | null;
  /** What becomes of bounces; without a domain they go to the address in From. */
  readonly returns: Pick<ReturnAddresses, "domain" | "of" | "tokenOf" | "withToken">;
  /** Of the servers behind both senders. */
  readonly profiles?: readonly Profile[];
  readonly links: Pick<Links, "sign">;
  readonly publicUrl: string;
  /** As settings write them: `Paperboy <digest@example.org>`. */
  readonly mailFrom: string;
  readonly confirmFrom: string;
  /** Said on top of every digest, such as that its papers are a sample; asked once an edition. Null: nothing. */
  readonly notice: () => Notice | null;
  /** Whether there is an `/admin` that alarms can lead to. */
  readonly hasAdmin?: boolean;
}

/** Editions whose fragments are kept: yesterday's retries run beside today's. */
const EDITIONS_KEPT = 4;

export function openPost({
  renderer,
  sender,
  letterSender,
  signer = null,
  returns,
  profiles = [],
  links,
  publicUrl,
  mailFrom,
  confirmFrom,
  notice,
  hasAdmin = false,
}: PostOptions): Post {
  const digestHead = letterhead(mailFrom, "MAIL_FROM");
  const letterHead = letterhead(confirmFrom, "CONFIRM_FROM");
  const fragments = new Map<string, EditionFragments>();
  const listId = `digest.${digestHead.messageIdDomain}`;
  const linkTo = (path: string) => `${publicUrl}${path}`;

  const fragmentsOf = ({ date, rankedBy, revision }: EditionHead): EditionFragments => {
    const key = `${date} ${revision}`;
    const known = fragments.get(key) ?? renderer.edition({ date, rankedBy, notice: notice() });
    fragments.delete(key);
    fragments.set(key, known);
    if (fragments.size > EDITIONS_KEPT) fragments.delete(fragments.keys().next().value!);
    return known;
  };

  const signed = async (mail: Composed): Promise<Mail> => {
    if (!signer) return mail;
    const head = await signer.signatures(mail.raw, { at: mail.composedAt });
    // Receivers file what is unsigned as spam, for weeks: a mail that waits is better.
    if (countSignatures(head) !== signer.count)
      throw new Permanent(`${mail.messageId} was not signed, so it was not sent`);
    return { ...mail, head };
  };

  const waybillOf = (named: Named, at: Date, kind: Parcel["kind"]): Waybill => {
    const token = returns.tokenOf(named, at);
    const parcel = { kind, token };
    return {
      envelopeFrom: returns.domain === null ? undefined : returns.withToken(named.kind, token),
      envelopeId: token,
      extra: profiles.flatMap((profile) => profile.headersOf(parcel)),
    };
  };

  const waysOut = (of: Payloads["unsubscribe"], at: Date) => ({
    unsubscribeUrl: linkTo(`/unsubscribe/${links.sign("unsubscribe", of, at)}`),
    unsubscribeMailto: returns.domain === null ? undefined : `mailto:${returns.of({ kind: "leave", ...of }, at)}`,
  });

  const compose: Post["composeDigest"] = ({ digest, edition, delivery, composedAt }) => {
    const { subscriptionId, id: deliveryId } = delivery;
    const preferences = linkTo(`/preferences/${links.sign("preferences", { subscriptionId }, composedAt)}`);
    const inSections = sectionsOf(digest, delivery.preferences.filter).flatMap(({ items }) => items);
    const paperKeys = inSections.map((item) => item.paper.key);
    return composeDigest({
      digest,
      fragments: fragmentsOf(edition),
      reader: readerOf(delivery),
      links: {
        ...waysOut({ subscriptionId, deliveryId }, composedAt),
        preferencesUrl: preferences,
        pauseUrl: `${preferences}#pause`,
        viewUrl: linkTo(`/digest/${links.sign("digest", { editionDate: edition.date, paperKeys }, composedAt)}`),
        editionUrl: linkTo(`/editions/${edition.date}`),
      },
      letterhead: digestHead,
      waybill: waybillOf(
        { kind: "delivery", localDay: delivery.localDay, deliveryId, subscriptionId },
        composedAt,
        "digest",
      ),
      listId,
      deliveryId: `${delivery.localDay}.${deliveryId}`,
      composedAt,
    });
  };

  const composeAnswer = ({
    requestId,
    subscriptionId,
    language,
    askedAt,
    takenAt,
    askedBy,
    ...letter
  }: AnswerLetter) => {
    const page = linkTo(letter.page ?? (askedBy === "form" ? "/" : "/api/v1/subscriptions"));
    const mail = {
      ...{
        renderer,
        to: letter.email,
        language,
        format: "html" as const,
        letterhead: letterHead,
        id: String(requestId),
      },
      ...{ composedAt: askedAt, asked: { at: askedAt, page } },
      waybill: waybillOf({ kind: "letter", requestId }, askedAt, "letter"),
    };
    const preferencesUrl = () =>
      linkTo(`/preferences/${links.sign("preferences", { subscriptionId: subscriptionId! }, askedAt)}`);
    const accountUrl = () => linkTo(`/account/${links.sign("account", { subscriptionId: subscriptionId! }, takenAt)}`);
    const yesOrNever = () => ({
      confirmUrl: linkTo(`/confirm/${links.sign("confirm", { requestId }, askedAt)}`),
      neverUrl: linkTo(`/never/${links.sign("never", { requestId }, askedAt)}`),
    });
    const answers = {
      confirmation: () => composeConfirm({ ...mail, ...yesOrNever() }),
      already: () => composeAlreadySubscribed({ ...mail, preferencesUrl: preferencesUrl() }),
      link: () => composeLink({ ...mail, preferencesUrl: preferencesUrl() }),
      account: () => composeAccount({ ...mail, accountUrl: accountUrl() }),
      move: () => composeMove({ ...mail, ...yesOrNever() }),
      moved: () => composeMoved({ ...mail, subscribeUrl: linkTo("/") }),
    };
    return answers[letter.kind]();
  };

  // From the digests' sender and by their stream, since it is of their list: whoever takes it for spam means the digests,
  // and the letters that somebody waits for do not suffer for it.
  const composeNews = ({ requestId, subscriptionId, email, language, format, askedAt, news }: QuietLetter) => {
    const { unsubscribeUrl, unsubscribeMailto } = waysOut({ subscriptionId, deliveryId: 0n }, askedAt);
    return composeQuiet({
      ...{ renderer, to: email, language, format, letterhead: digestHead, id: String(requestId) },
      ...{ composedAt: askedAt, news, list: { listId, unsubscribeUrl, unsubscribeMailto } },
      preferencesUrl: linkTo(`/preferences/${links.sign("preferences", { subscriptionId }, askedAt)}`),
      waybill: waybillOf({ kind: "letter", requestId }, askedAt, "digest"),
    });
  };

  // Its bounces are the operator's own, and go to the sender's address.
  const composeTold = ({ email, incidents, at }: Alarm) => {
    const about = incidents.map(({ id, stage }) => `${id} ${stage}`).join("\n");
    const id = createHash("sha256").update(about).digest("hex").slice(0, 24);
    return composeAlarm({
      ...{ renderer, to: email, language: "en", format: "html", letterhead: letterHead, id, composedAt: at },
      ...{ incidents, adminUrl: hasAdmin ? linkTo("/admin") : null, site: new URL(publicUrl).host },
      waybill: { extra: profiles.flatMap((profile) => profile.headersOf({ kind: "letter", token: `alarm-${id}` })) },
    });
  };

  return {
    fitDigest: ({ digest, edition, delivery }) => fitDigest(digest, fragmentsOf(edition), readerOf(delivery)),

    composeDigest: compose,

    composeAlone({ digest, edition: { date, rankedBy }, reader, id, composedAt }) {
      const fragments = renderer.edition({ date, rankedBy, isAlone: true });
      const fitted = fitDigest(digest, fragments, reader);
      const message = composeDigest({
        ...{ digest: fitted, fragments, reader, links: null, letterhead: digestHead, listId },
        ...{ deliveryId: `today.${id}`, composedAt },
      });
      return { message, count: fitted.items.length };
    },

    async show(of, as) {
      const { raw } = compose(of);
      if (as === "eml") return raw.toString("latin1");
      const { html = "", text = "" } = await PostalMime.parse(raw);
      return as === "html" ? html : wrapLines(text);
    },

    send: async (mail) => sender.send(await signed(mail)),
    letGo: ({ raw }) => reuseSheet(raw),

    sendLetter: async (letter) =>
      letterSender.send(await signed(letter.kind === "quiet" ? composeNews(letter) : composeAnswer(letter))),

    sendAlarm: async (alarm) => letterSender.send(await signed(composeTold(alarm))),
  };
}

function readerOf({ email, preferences }: Addressee) {
  const { language, format, filter } = preferences;
  return { email, language, format, filter };
}

/** @throws {Invalid} naming the setting */
function letterhead(from: string, setting: "MAIL_FROM" | "CONFIRM_FROM"): Letterhead {
  const mailbox = mailboxOf(from, setting);
  const address = addressForWire(mailbox.address);
  return { from: mailbox, messageIdDomain: address.slice(address.lastIndexOf("@") + 1) };
}

function mailboxOf(from: string, setting: string): Mailbox {
  try {
    return parseMailbox(from);
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    throw new Invalid(`${setting}: ${error.message}`, [{ field: setting, message: error.message }], { cause: error });
  }
}
