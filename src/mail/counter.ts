/** The post with all that it writes with: templates, signatures, and what providers do to mails. */
import { fileURLToPath } from "node:url";
import type { Texts } from "../core/text.ts";
import { openSigner, type SignerOptions } from "./dkim.ts";
import { openPost, type PostOptions } from "./post.ts";
import { mostSignatures, profilesOf, signableHeaders } from "./profiles.ts";
import { openRenderer, type RendererOptions } from "./render.ts";
import { openTemplates } from "./templates.ts";

export interface CounterSettings extends Pick<PostOptions, "mailFrom" | "confirmFrom"> {
  readonly smtpUrls: readonly string[] | null;
  readonly dkim: Pick<SignerOptions, "domain" | "keys"> | null;
  readonly postalAddress: string | null;
}

export interface CounterNeeds
  extends Pick<PostOptions, "sender" | "letterSender" | "returns" | "links" | "publicUrl" | "notice" | "hasAdmin">,
    Pick<RendererOptions, "topicName"> {
  readonly texts: Texts;
  readonly log: SignerOptions["log"];
}

const templatesFolder = fileURLToPath(new URL("../../templates", import.meta.url));

/** @throws {Invalid} for keys, senders or templates that cannot be used */
export async function openCounter(settings: CounterSettings, { texts, topicName, log, ...needs }: CounterNeeds) {
  const { mailFrom, confirmFrom, dkim, postalAddress } = settings;
  const profiles = profilesOf(settings.smtpUrls ?? []);
  const signing = { headers: signableHeaders(profiles), mostSignatures: mostSignatures(profiles) };
  const senders = { MAIL_FROM: mailFrom, CONFIRM_FROM: confirmFrom };
  const signer = dkim ? await openSigner({ ...dkim, ...signing, senders, log }) : null;
  const templates = await openTemplates({ folder: templatesFolder, texts });
  const renderer = openRenderer({ templates, texts, topicName, postalAddress, publicUrl: needs.publicUrl });
  return { signer, post: openPost({ ...needs, renderer, signer, profiles, mailFrom, confirmFrom }) };
}
