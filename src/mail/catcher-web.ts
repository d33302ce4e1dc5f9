/** What the mail catcher answers over HTTP: the inbox, a mail in three views, its source, and a list for programs. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caught } from "./catcher.ts";
import { inboxPage, type MailView, notFoundPage, plainDocument } from "./catcher-pages.ts";

/** Pages run no script and load nothing; a mail is shown in a frame that may do as little. */
const pagePolicy =
  "default-src 'none'; style-src 'unsafe-inline'; frame-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
// Links in a mail open in a new tab; nothing else of it reaches out of its frame, and no picture or font is fetched.
const mailPolicy =
  "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'self'; form-action 'none'; frame-ancestors 'self'";

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string | Buffer;
  readonly policy?: string;
}

const html = "text/html; charset=utf-8";

export function answerCatcher(
  request: IncomingMessage,
  response: ServerResponse,
  messages: () => readonly Caught[],
): void {
  const { status, type, body, policy = pagePolicy } = answerTo(request, messages());
  response.writeHead(status, {
    "Content-Type": type,
    "Content-Security-Policy": policy,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

function answerTo({ headers, method, url = "/" }: IncomingMessage, all: readonly Caught[]): Answer {
  if (!isLoopback(headers.host)) {
    return { status: 421, type: "text/plain", body: "This mail catcher answers on 127.0.0.1 only.\n" };
  }
  if (method !== "GET" && method !== "HEAD") {
    return { status: 405, type: "text/plain", body: "There is only reading here.\n" };
  }
  const path = url.split("?", 1)[0]!;
  if (path === "/") return { status: 200, type: html, body: inboxPage(all, all.at(-1), "html") };
  if (path === "/messages.json") {
    return { status: 200, type: "application/json; charset=utf-8", body: `${JSON.stringify(all.map(listed))}\n` };
  }
  const [, id, view = ""] = /^\/messages\/(\d{1,12})(\/text|\/source|\/body|\.eml)?$/u.exec(path) ?? [];
  const mail = all.find((one) => one.id === Number(id));
  if (mail === undefined) return { status: 404, type: html, body: notFoundPage(all) };
  if (view === ".eml") return { status: 200, type: "message/rfc822", body: mail.raw };
  if (view === "/body") return { status: 200, type: html, body: bodyOf(mail), policy: mailPolicy };
  return { status: 200, type: html, body: inboxPage(all, mail, (view.slice(1) || "html") as MailView) };
}

function bodyOf({ email }: Caught): string {
  return email.html ? withTargets(email.html) : plainDocument(email.text ?? "");
}

/** Only by a name of this machine: a page elsewhere that points its own name here (DNS rebinding) must not read the mails. */
function isLoopback(host: string | undefined): boolean {
  return /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d+)?$/u.test(host ?? "");
}

/** A frame cannot show our own pages beside the mail, so its links open outside. */
function withTargets(html: string): string {
  const base = '<base target="_blank">';
  return /<head[\s>]/iu.test(html) ? html.replace(/<head[^>]*>/iu, (head) => head + base) : base + html;
}

function listed({ id, receivedAt, envelope, email, raw, file }: Caught): object {
  return {
    id,
    receivedAt,
    from: envelope.from,
    to: envelope.to,
    subject: email.subject ?? "",
    messageId: email.messageId ?? null,
    bytes: raw.length,
    text: email.text ?? null,
    html: `/messages/${id}/body`,
    eml: `/messages/${id}.eml`,
    file,
  };
}
