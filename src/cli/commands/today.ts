import { createHash } from "node:crypto";
import { Command, Option } from "commander";
import { makeTodaysDigest, type TodaysDigest } from "../../actions/make-todays-digest.ts";
import { type Address, maskAddress, parseAddress } from "../../core/email-address.ts";
import type { Filter } from "../../core/filter.ts";
import { Permanent, Temporary } from "../../errors.ts";
import type { Post } from "../../mail/post.ts";
import type { Outcome } from "../../mail/sender.ts";
import type { TodayDesk } from "../../today-desk.ts";
import { digestInTerminal, type Screen } from "../digest-in-terminal.ts";
import { type FilterOptions, filterFrom, withFilterOptions } from "../filter-options.ts";
import { papersAtMost } from "../option-values.ts";
import type { Progress } from "../progress.ts";
import { examples, json, type Terminal } from "../terminal.ts";

interface Options extends FilterOptions {
  readonly papers?: string[];
  readonly maxPapers: number;
  readonly language: string;
  readonly to?: string;
  readonly again?: boolean;
  readonly format: "html" | "text";
  readonly json?: boolean;
}

/** What one digest needs: neither a database nor a server. */
export interface TodayNeeds extends Pick<Terminal, "print" | "complain"> {
  readonly screen: Screen;
  readonly progress: Progress;
  withDesk<T>(work: (desk: TodayDesk) => Promise<T>): Promise<T>;
}

export const today = (needs: TodayNeeds) =>
  withFilterOptions(new Command("today"))
    .description("one digest of the last complete day, for you: no subscription, no database, no server")
    .option("--papers <file...>", "take papers from files, in any format that `import` reads, and ask no source")
    .option("--max-papers <count>", "papers at most, 1–50", papersAtMost, 10)
    .option("--language <tag>", "language of the words around the papers: en, de", "en")
    .option(
      "--to <address>",
      "send it by SMTP_URL instead of printing it; a paper that was sent there is not sent again",
    )
    .option("--again", "with --to: papers that were sent before, too")
    .addOption(new Option("--format <format>", "of the mail").choices(["html", "text"]).default("html"))
    .option("--json", "print one JSON object")
    .addHelpText(
      "after",
      examples(
        "paperboy today --topics agents,reasoning",
        'paperboy today --include "speculative decoding" --authors "Ada Lovelace"',
        "paperboy today --papers sample/papers.jsonl --max-papers 5",
        "SMTP_URL=smtps://me:password@smtp.example.org paperboy today --to me@example.org",
      ),
    )
    .action((options: Options) =>
      needs.withDesk((desk) =>
        options.to === undefined ? print(needs, desk, options) : send(needs, desk, options, options.to),
      ),
    );

async function print(needs: TodayNeeds, desk: TodayDesk, options: Options): Promise<void> {
  const filter = filterFrom(options, desk.catalogue);
  const made = await make(needs, desk, options, { filter, hadBefore: new Set() });
  if (options.json) return needs.print(json(asObject(made)));
  const say = desk.texts(options.language);
  if (made.digest.items.length > 0)
    needs.print(
      digestInTerminal(made.digest, needs.screen, { say, topicName: (id) => desk.topicName(id, options.language) }),
    );
  else needs.print(nothing(made));
}

async function send(needs: TodayNeeds, desk: TodayDesk, options: Options, to: string): Promise<void> {
  const address = parseAddress(to);
  const filter = filterFrom(options, desk.catalogue);
  // Before anything is read: without a server to send by nothing else is worth the wait.
  const post = await desk.openPost();
  const onWait = (pid: number) => needs.complain(`Process ${pid} sends from the same DATA_DIR. Waiting for it.`);
  await desk.alone(() => sendAlone(needs, desk, options, { address, filter, post }), onWait);
}

async function sendAlone(
  needs: TodayNeeds,
  desk: TodayDesk,
  options: Options,
  { address, filter, post }: { readonly address: Address; readonly filter: Filter; readonly post: Post },
): Promise<void> {
  const key = await desk.addressKey(address);
  const made = await make(needs, desk, options, {
    filter,
    hadBefore: options.again ? new Set() : await desk.sent.to(key),
  });
  const { edition, digest, names } = made;
  const report = { ...asObject(made), to: maskAddress(address.typed), sent: 0 };
  if (digest.items.length === 0) return needs.print(options.json ? json(report) : `${nothing(made)} No mail was sent.`);

  const composedAt = desk.now();
  const inIt = createHash("sha256").update(`${address.key} ${composedAt.toISOString()}`).digest("hex").slice(0, 16);
  const mail = post.composeAlone({
    ...{ edition, digest, composedAt, id: `${edition.date}.${inIt}` },
    reader: { email: address.typed, language: options.language, format: options.format, filter },
  });
  const outcome = await post.send(mail.message);
  // What may have arrived counts as sent, here as everywhere.
  const { count } = mail;
  if (outcome.kind === "accepted" || outcome.kind === "uncertain")
    await desk.sent.add(key, names.slice(0, count).flat(), composedAt);
  if (outcome.kind !== "accepted") throw notSent(outcome);
  if (options.json) needs.print(json({ ...report, papers: report.papers.slice(0, count), sent: count }));
  else needs.print(`Sent to ${report.to}: ${count === 1 ? "one paper" : `${count} papers`} of ${edition.date}.`);
}

async function make(
  { progress, complain }: TodayNeeds,
  desk: TodayDesk,
  { papers: files = [], maxPapers }: Options,
  asked: { readonly filter: Filter; readonly hadBefore: ReadonlySet<string> },
): Promise<TodaysDigest> {
  progress.show(
    files.length > 0 ? `reading ${files.join(", ")}` : `asking ${desk.sources.map(({ name }) => name).join(", ")}`,
  );
  try {
    const made = await makeTodaysDigest(desk, { ...asked, files, maxPapers });
    progress.done();
    for (const note of made.notes) complain(note);
    return made;
  } catch (error) {
    progress.done();
    if (!(error instanceof Temporary)) throw error;
    throw new Temporary(
      `${error.message}\nTry again when there is a network, or take papers from a file: paperboy today --papers FILE (sample/papers.jsonl is a week of April 2026).`,
      { cause: error },
    );
  }
}

function nothing({ edition, digest, hadBefore }: TodaysDigest): string {
  if (edition.papers.length === 0) return `Nothing was listed in the week up to ${edition.date}.`;
  if (digest.matched === 0)
    return `None of the ${edition.papers.length} papers of ${edition.date} matches. Leave something out of the filter.`;
  return `All ${hadBefore} papers of ${edition.date} that match were sent before. --again sends them once more.`;
}

function asObject({ edition, digest, hadBefore }: TodaysDigest) {
  return {
    ...{ date: edition.date, matched: digest.matched, hadBefore },
    papers: digest.items.map(({ paper, because }) => ({ id: paper.id, title: paper.title, url: paper.url, because })),
  };
}

function notSent(outcome: Exclude<Outcome, { kind: "accepted" }>): Error {
  if (outcome.kind === "uncertain")
    return new Temporary(
      "The mail server took the whole mail and did not say what became of it. It counts as sent; --again sends it once more.",
    );
  if (outcome.kind === "refused") return new Permanent(`The mail server refused it: ${outcome.response}`);
  if (outcome.kind === "temporary") return new Temporary(`The mail server does not take it now: ${outcome.response}`);
  const why = {
    auth: "it does not take the name and password in SMTP_URL",
    tls: "no safe connection to it could be made",
    connection: "no connection to it could be made",
    closing: "we are closing",
    withheld: "SEND_ONLY_TO does not name this address",
  }[outcome.cause];
  return new Temporary(`The mail server did not get it: ${why}. \`paperboy doctor\` looks at it.`);
}
