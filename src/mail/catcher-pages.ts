/** The pages of the mail catcher: the list of mails left, one mail right. Works without script. */
import type { Caught } from "./catcher.ts";

export type MailView = "html" | "text" | "source";

/** The inbox with one mail open, the newest when none was chosen. */
export function inboxPage(all: readonly Caught[], open: Caught | undefined, view: MailView): string {
  const title = open === undefined ? "Inbox" : subjectOf(open);
  return page(
    title,
    listPane(all, open?.id, view),
    open === undefined ? emptyPane() : mailPane(open, view),
    open !== undefined,
  );
}

export function notFoundPage(all: readonly Caught[]): string {
  const pane = `<main class="empty"><h1>No such mail</h1><p>It is not here, or a thousand newer ones have taken its place.</p></main>`;
  return page("No such mail", listPane(all, undefined, "html"), pane, false);
}

/** A mail without HTML, for the frame. */
export function plainDocument(text: string): string {
  return `<!doctype html><meta charset="utf-8"><title>Text</title><style>body{margin:24px;font:15px/1.5 ui-monospace,Menlo,Consolas,monospace;white-space:pre-wrap;overflow-wrap:anywhere;background:#fff;color:#222}</style>${escapeHtml(text)}`;
}

function listPane(all: readonly Caught[], openId: number | undefined, view: MailView): string {
  const entries = [...all].reverse().map((mail) => {
    const current = mail.id === openId ? ' aria-current="page"' : "";
    return `<li><a href="${pathOf(mail, view)}"${current}><span class="subject">${escapeHtml(subjectOf(mail))}</span><span class="meta"><span>${escapeHtml(mail.envelope.to.join(", "))}</span><time datetime="${mail.receivedAt.toISOString()}">${timeOf(mail)}</time></span></a></li>`;
  });
  const counted = all.length === 1 ? "1 mail" : `${all.length} mails`;
  return `<nav aria-label="Mails"><header><a class="home" href="/">Mail catcher</a><p>${counted}, newest first. Nothing here was delivered. <a href="">Look again</a></p></header><ol>${entries.join("")}</ol></nav>`;
}

function mailPane(mail: Caught, view: MailView): string {
  const views: [MailView, string][] = [
    ["html", "Mail"],
    ["text", "Plain text"],
    ["source", "Source"],
  ];
  const tabs = views.map(
    ([name, label]) => `<a href="${pathOf(mail, name)}"${name === view ? ' aria-current="page"' : ""}>${label}</a>`,
  );
  const from = mail.email.from;
  const sender = from?.name ? `${from.name} <${from.address ?? ""}>` : (from?.address ?? mail.envelope.from);
  return `<main>
<header><h1>${escapeHtml(subjectOf(mail))}</h1>
<dl><dt>From</dt><dd>${escapeHtml(sender)}</dd><dt>To</dt><dd>${escapeHtml(mail.envelope.to.join(", "))}</dd><dt>Received</dt><dd><time datetime="${mail.receivedAt.toISOString()}">${dayOf(mail)}, ${timeOf(mail)} UTC</time> · ${kilobytes(mail)}</dd></dl>
<p class="tabs">${tabs.join("")}<a class="raw" href="/messages/${mail.id}.eml" download="${mail.id}.eml">Download .eml</a></p></header>
${contentOf(mail, view)}
</main>`;
}

function contentOf(mail: Caught, view: MailView): string {
  if (view === "source") return `<pre>${escapeHtml(mail.raw.toString("utf8"))}</pre>`;
  if (view === "text") return `<pre>${linked(mail.email.text ?? "This mail has no plain text.")}</pre>`;
  return `<iframe src="/messages/${mail.id}/body" title="The mail as a mail program shows it" sandbox="allow-popups allow-popups-to-escape-sandbox"></iframe>`;
}

function emptyPane(): string {
  return `<main class="empty"><h1>No mail yet</h1><p>Whatever Paperboy sends appears here.</p><p><a href="/">Look again</a></p></main>`;
}

function pathOf(mail: Caught, view: MailView): string {
  return `/messages/${mail.id}${view === "html" ? "" : `/${view}`}`;
}

function subjectOf({ email }: Caught): string {
  return email.subject?.trim() || "(no subject)";
}

function dayOf({ receivedAt }: Caught): string {
  return receivedAt.toISOString().slice(0, 10);
}

function timeOf({ receivedAt }: Caught): string {
  return receivedAt.toISOString().slice(11, 16);
}

function kilobytes({ raw }: Caught): string {
  return `${Math.max(1, Math.round(raw.length / 1_000)).toLocaleString("en")} kB`;
}

/** Addresses in a text part can be followed, as in a mail program; everything is escaped first. */
function linked(text: string): string {
  return escapeHtml(text).replace(
    /https?:\/\/[^\s<>]+/gu,
    (url) => `<a href="${url}" target="_blank" rel="noreferrer">${url}</a>`,
  );
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/gu, (letter) => `&#${letter.charCodeAt(0)};`);
}

function page(title: string, list: string, pane: string, isOpen: boolean): string {
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escapeHtml(title)} · Mail catcher</title><style>${style}</style></head>
<body class="${isOpen ? "open" : ""}">${list}${pane}</body></html>
`;
}

const style = `
:root { color-scheme: light dark; --page: #efe8d9; --sheet: #fbf7ee; --ink: #241f18; --quiet: #635b4e; --accent: #8f2a1b; --rule: #d8cdb8; --chosen: #fff; }
@media (prefers-color-scheme: dark) { :root { --page: #12100e; --sheet: #1d1a16; --ink: #ede6d8; --quiet: #b8ad9b; --accent: #f2a08c; --rule: #403930; --chosen: #2b261f; } }
* { box-sizing: border-box; }
body { margin: 0; height: 100vh; display: grid; grid-template-columns: minmax(240px, 340px) 1fr; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, Helvetica, Arial, sans-serif; }
a { color: var(--accent); }
a:focus-visible { outline: 2px solid var(--accent); outline-offset: -2px; }
nav { display: flex; flex-direction: column; min-height: 0; background: var(--sheet); border-right: 1px solid var(--rule); }
nav header { padding: 18px 20px 14px; border-bottom: 3px double var(--ink); }
nav header p { margin: 4px 0 0; font-size: 13px; color: var(--quiet); }
.home { font: 700 24px/1.2 Georgia, "Times New Roman", serif; color: var(--ink); text-decoration: none; }
ol { list-style: none; margin: 0; padding: 0; overflow-y: auto; }
li a { display: block; padding: 12px 20px; border-bottom: 1px solid var(--rule); border-left: 3px solid transparent; color: inherit; text-decoration: none; }
li a:hover { background: var(--chosen); }
li a[aria-current] { background: var(--chosen); border-left-color: var(--accent); }
.subject { display: -webkit-box; -webkit-line-clamp: 2; -webkit-box-orient: vertical; overflow: hidden; font-weight: 600; overflow-wrap: anywhere; }
.meta { display: flex; gap: 12px; justify-content: space-between; margin-top: 2px; font-size: 13px; color: var(--quiet); }
.meta span { overflow: hidden; text-overflow: ellipsis; white-space: nowrap; }
main { display: flex; flex-direction: column; min-width: 0; min-height: 0; }
main header { padding: 18px 28px 0; background: var(--sheet); border-bottom: 1px solid var(--rule); }
h1 { margin: 0 0 8px; font: 700 21px/1.3 Georgia, "Times New Roman", serif; overflow-wrap: anywhere; }
dl { display: grid; grid-template-columns: auto 1fr; gap: 0 12px; margin: 0; font-size: 14px; }
dt { color: var(--quiet); }
dd { margin: 0; overflow-wrap: anywhere; }
.tabs { display: flex; flex-wrap: wrap; gap: 4px 20px; margin: 12px 0 0; font-size: 14px; }
.tabs a { padding: 6px 0; text-decoration: none; border-bottom: 2px solid transparent; }
.tabs a[aria-current] { color: var(--ink); font-weight: 600; border-color: var(--accent); }
.tabs .raw { margin-left: auto; }
iframe { flex: 1; width: 100%; border: 0; background: #fff; }
pre { flex: 1; margin: 0; padding: 24px 28px; overflow: auto; font: 14px/1.5 ui-monospace, Menlo, Consolas, monospace; white-space: pre-wrap; overflow-wrap: anywhere; }
.empty { justify-content: center; align-items: center; text-align: center; color: var(--quiet); }
.empty p { margin: 0; }
@media (max-width: 720px) {
  body { display: block; height: auto; }
  nav { max-height: 40vh; border-right: 0; border-bottom: 1px solid var(--rule); }
  main header { padding: 16px 20px 0; }
  iframe { min-height: 100vh; }
  .empty { padding: 64px 20px; }
}
`;
