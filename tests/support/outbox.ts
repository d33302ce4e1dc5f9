/** Every mail the product makes, as it leaves: put together by the post room, signed, with its envelope. */
import { openLinks } from "../../src/core/link.ts";
import type { QuietNews } from "../../src/core/quiet-news.ts";
import { openReturnAddresses, type ReturnAddresses } from "../../src/core/return-address.ts";
import type { Envelope } from "../../src/mail/message.ts";
import { type AnswerLetter, openPost, type PostOptions } from "../../src/mail/post.ts";
import type { Mail } from "../../src/mail/sender.ts";
import { preferences } from "./builders.ts";
import { aDigest, aRankedPaper, aRenderer } from "./mails.ts";
import { at } from "./time.ts";

const KEYS = [{ id: "1", secret: "a secret of tests", retired: false }];
export const LINKS = openLinks(KEYS);
export const NOON = at("2026-04-15T12:00Z");
const EDITION = { date: "2026-04-14", rankedBy: "trend", revision: 1 } as const;

/** Real titles, authors and numbers, with sentences written for tests. */
export const PAPERS = [
  aRankedPaper({
    key: 1,
    title: "FIPO: Eliciting Deep Reasoning with Future-KL Influenced Policy Optimization",
    summary: "Rewards each token by how much it sways what follows. Answers grow longer & better.",
    authors: ["Chiyu Ma", "Shuo Yang", "Kexin Huang", "Jinda Lu", "Haoming Meng"],
    url: "https://huggingface.co/papers/2603.19835",
    pdfUrl: "https://arxiv.org/pdf/2603.19835",
    codeUrl: "https://github.com/qwenpilot/FIPO",
    ...{ upvotes: 351, comments: 12, stars: 1_204, upvotesGained: 0, starsGained: 34 },
  }),
  aRankedPaper({
    key: 2,
    title: "GLM-5V-Turbo: Toward a Native Foundation Model for Multimodal Agents",
    summary: "Images, video and web pages become part of planning and of using tools, and text-only coding keeps pace.",
    authors: ["V Team", "Wenyi Hong", "Xiaotao Gu"],
    ...{ upvotes: 108, comments: 4 },
  }),
  aRankedPaper({ key: 3, title: "LLäMmlein: Größer ist nicht immer besser", upvotes: 17 }),
  aRankedPaper({ key: 4, title: "A followed paper", lane: "followed" }),
];

export function returnsAt(domain: string | null): ReturnAddresses {
  return openReturnAddresses({ keys: KEYS, domain });
}

/** One mail on its way out. */
export interface Outgoing {
  readonly name: string;
  /** Signatures and all. */
  readonly bytes: Buffer;
  readonly envelope: Envelope;
}

export const LETTERS: readonly AnswerLetter["kind"][] = ["confirmation", "already", "link", "account", "move", "moved"];

export const NEWS: QuietNews = {
  ...{ days: 30, since: at("2026-03-16T12:00Z"), editions: 21 },
  advice: { widening: "minUpvotes", name: "Decoding & more", number: 2, isOnly: false, papersPerWeek: 3 },
};

/** A digest in html, one in text alone, each letter, and the mail after a month without a match. */
export async function everyMail(given: Partial<PostOptions> = {}, language = "en"): Promise<Outgoing[]> {
  const mails: Outgoing[] = [];
  let name = "";
  const sender = {
    async send({ head = Buffer.alloc(0), raw, envelope }: Mail) {
      mails.push({ name, bytes: Buffer.concat([head, raw]), envelope });
      return { kind: "accepted", response: "250 ok" } as const;
    },
  };
  const post = openPost({
    ...{ renderer: await aRenderer({ postalAddress: "Paperboy, 1 Example Street, 12345 Exampleton" }) },
    ...{ sender, letterSender: sender, links: LINKS, returns: returnsAt("bounce.paperboy.example") },
    publicUrl: "https://paperboy.example",
    mailFrom: "Paperboy <digest@paperboy.example>",
    confirmFrom: "Paperboy <hello@confirm.paperboy.example>",
    notice: () => null,
    ...given,
  });
  for (const format of ["html", "text"] as const) {
    name = `digest, ${format}`;
    const delivery = { id: 7n, localDay: "2026-04-15", subscriptionId: 42n, email: "ada@example.org" };
    await post.send(
      post.composeDigest({
        digest: aDigest(PAPERS, { editionDate: EDITION.date }),
        edition: EDITION,
        delivery: { ...delivery, preferences: preferences({ format, language }) },
        composedAt: NOON,
      }),
    );
  }
  for (const kind of LETTERS) {
    name = kind;
    await post.sendLetter({
      ...{ kind, requestId: 5n, subscriptionId: 42n, email: "ada@example.org", language },
      ...{ askedAt: NOON, takenAt: NOON, askedBy: "form", page: null },
    });
  }
  name = "quiet";
  await post.sendLetter({
    ...{ kind: "quiet", requestId: 5n, subscriptionId: 42n, email: "ada@example.org", language },
    ...{ format: "html", askedAt: NOON, news: NEWS },
  });
  return mails;
}
