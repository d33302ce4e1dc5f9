/** Fills templates/pages: one layout, one page in it, all words from the text catalogue. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Request, RequestHandler, Response } from "express";
import Handlebars from "handlebars";
import { dayOfYear } from "../core/day.ts";
import { filterWords } from "../core/filter-in-words.ts";
import { wordsNeeded } from "../core/in-words.ts";
import { inertLine } from "../core/inert.ts";
import type { Day } from "../core/paper.ts";
import { scoreWords } from "../core/score-in-words.ts";
import { dateOf, type Say, type Texts, type Values } from "../core/text.ts";
import { Invalid, type Problem } from "../errors.ts";
import { adminWords } from "./admin/words.ts";
import { editionWords } from "./edition-view.ts";
import { feedWords } from "./feeds.ts";
import { checkPage } from "./page-check.ts";
import { paperWords } from "./papers.ts";
import { sheetsOf } from "./sheets.ts";
import { wordsOfFound } from "./understood-view.ts";

/** What a page is filled with. A name that a template uses and a view lacks is an error, so that none is empty by mistake. */
export type View = Readonly<Record<string, unknown>>;

/** Pages that say one thing, by name, and the way on they offer. Their words stand under `page.notice.<name>`. */
const NOTICES = {
  checkInbox: "none",
  inboxLater: "none",
  linkOnItsWay: "none",
  alreadyConfirmed: "lost",
  neverAgain: "none",
  unknownLink: "lost",
  accountLink: "none",
  moveAsked: "none",
  erased: "home",
  undone: "lost",
  ended: "home",
  fault400: "home",
  fault403: "home",
  fault404: "home",
  fault405: "home",
  fault413: "home",
  fault415: "home",
  fault422: "home",
  fault429: "home",
  fault500: "home",
  fault503: "home",
} as const;
type Notice = keyof typeof NOTICES;

/** Pages that ask for one press: nothing happens before it. Their words stand under `page.press.<name>`. */
const PRESSES = ["confirm", "never", "unsubscribe", "undo", "erase"] as const;
type Press = (typeof PRESSES)[number];

/** The edition that a page is of: its day, and for one that came out its number, which is 0 else. */
interface Dateline {
  readonly date: Day;
  readonly number: number;
}

export interface Pages {
  /** Pages behind it carry the day of the newest edition under the name, as a newspaper does. */
  dated(newest: () => Promise<Day | null>): RequestHandler;
  /** The words, in the language the browser asks for most of those we have. */
  say(req: Request): Say;
  /**
   * @param view with the page's `title`, what a shared link says of it (else what Paperboy is), the feeds of what it shows
   *   (feeds.ts), and the edition it is itself, if it is one
   */
  send(
    res: Response,
    say: Say,
    page: string,
    view: View & {
      readonly title: string;
      readonly description?: string;
      readonly alternates?: readonly View[];
      readonly dateline?: Dateline;
    },
  ): void;
  /** A piece of a page, which the script of one that is open puts in its place. */
  part(res: Response, say: Say, page: string, view: View): void;
  notice(req: Request, res: Response, name: Notice, problems?: readonly Problem[]): void;
  /** @param action where the press is sent to */
  press(req: Request, res: Response, name: Press, action: string): void;
  fault(req: Request, res: Response, fault: { readonly status: number; readonly problems: readonly Problem[] }): void;
}

export interface PagesOptions {
  /** `templates/pages`: a page a file, the operator's named `admin-…`, `layout.hbs`, and what several share in `parts/`. */
  readonly folder: string;
  readonly texts: Texts;
  readonly assetUrl: (name: string) => string;
  readonly postalAddress: string | null;
}

/** @throws {Invalid} naming the file that is broken, or says what no catalogue has */
export function openPages({ folder, texts, assetUrl, postalAddress }: PagesOptions): Pages {
  const fill = compileAll(folder, texts);
  texts.require(wordsSaid, "src/http");
  const frame = {
    script: assetUrl("page.js"),
    icon: assetUrl("icon.svg"),
    postalAddress: postalAddress === null ? "" : inertLine(postalAddress, 300),
  };

  const pages: Pages = {
    dated: (newest) => async (_req, res, next) => {
      const date = await newest().catch(() => null);
      if (date !== null) res.locals.dateline = { date, number: dayOfYear(date) } satisfies Dateline;
      next();
    },
    say: (req) => texts(req.acceptsLanguages([...texts.languages]) || "en"),
    send(res, say, page, view) {
      const body = new Handlebars.SafeString(fill(page, say, view));
      const dateline: Dateline | undefined = view.dateline ?? res.locals.dateline;
      res
        .vary("Accept-Language")
        .type("html")
        .send(
          fill("layout", say, {
            ...frame,
            sheets: sheetsOf(page).map(assetUrl),
            title: view.title,
            description: view.description || say("page.home.lead"),
            alternates: view.alternates ?? [],
            dateline: datelineView(dateline),
            body,
          }),
        );
    },
    part(res, say, page, view) {
      res
        .vary("Accept-Language")
        .type("html")
        .send(fill(page, say, view));
    },
    notice(req, res, name, problems = []) {
      const say = pages.say(req);
      const title = say(`page.notice.${name}.heading`);
      const paragraphs = say(`page.notice.${name}.body`).split("\n");
      const way = NOTICES[name];
      pages.send(res, say, "notice", { title, paragraphs, problems, toLost: way === "lost", toHome: way === "home" });
    },
    press(req, res, name, action) {
      const say = pages.say(req);
      const [title, body, button] = ["heading", "body", "button"].map((part) => say(`page.press.${name}.${part}`));
      pages.send(res, say, "press", { title: title!, paragraphs: body!.split("\n"), button, action });
    },
    fault(req, res, { status, problems }) {
      const name = `fault${status}`;
      pages.notice(req, res, name in NOTICES ? (name as Notice) : status < 500 ? "fault400" : "fault500", problems);
    },
  };
  return pages;
}

function datelineView(dateline: Dateline | undefined) {
  return dateline && { date: dateOf(dateline.date), number: dateline.number, year: dateline.date.slice(0, 4) };
}

/** What this folder says itself; asked for at start, so that no key is missed at the first visit. */
const wordsSaid = [
  ...adminWords,
  ...[wordsNeeded, wordsOfFound, filterWords, scoreWords, editionWords, paperWords, feedWords].flat(),
  ...Object.keys(NOTICES).flatMap((name) => [`page.notice.${name}.heading`, `page.notice.${name}.body`]),
  ...PRESSES.flatMap((name) => ["heading", "body", "button"].map((part) => `page.press.${name}.${part}`)),
  "page.wrong",
  "page.next",
  "page.home.title",
  "page.home.lead",
  "page.topics.lead",
  "page.privacy.lead",
  "page.docs.lead",
  "page.home.subscribe",
  "page.form.meantHint",
  "page.lost.heading",
  "page.confirmed.heading",
  "page.unsubscribed.heading",
  "page.unsubscribed.reason",
  "page.preferences.heading",
  "page.preferences.done",
  "page.preferences.state",
  "page.preferences.away",
  "page.form.cadences",
  "page.form.weekdays",
  "page.form.formats",
  "page.form.watch",
  "page.form.remove",
  "page.form.perDay",
  "page.form.aDay",
  "page.form.freshness",
  "page.digest.heading",
  "page.topics.heading",
  "page.privacy.heading",
  "page.docs.heading",
  "page.account.heading",
  "page.account.since",
  "page.account.state",
  "page.account.trouble",
  "page.account.remedy",
  "page.account.date",
  "page.account.fate",
];

type Fill = (page: string, say: Say, view: View) => string;

function compileAll(folder: string, texts: Texts): Fill {
  // An instance of its own, so that nothing else can add a helper: pages reach the view, the words, and nothing more.
  const handlebars = Handlebars.create();
  for (const name of ["log", "lookup", "with"]) handlebars.unregisterHelper(name);
  handlebars.registerHelper("t", (key: string, options: Handlebars.HelperOptions) =>
    (options.data.say as Say)(key, options.hash as Values),
  );
  const options = {
    knownHelpers: { t: true, if: true, unless: true, each: true } as KnownHelpers,
    knownHelpersOnly: true,
    strict: true,
    // A part that stands further in would have its lines moved in as well, those of a textarea among them.
    preventIndent: true,
  };
  const pages = new Map<string, HandlebarsTemplateDelegate>();
  const files = readdirSync(folder, { recursive: true, encoding: "utf8" }).filter((file) => file.endsWith(".hbs"));
  for (const file of files) {
    const source = readFileSync(join(folder, file), "utf8");
    texts.require(checkPage(file, source), `templates/pages/${file}`);
    const name = file.replace(/^parts[\\/]|\.hbs$/g, "");
    try {
      handlebars.precompile(source, options); // compile() waits for the first use; a broken page has to stop the start
    } catch (error) {
      throw new Invalid(`templates/pages/${file} is broken: ${(error as Error).message}`, [], { cause: error });
    }
    if (file.startsWith("parts")) handlebars.registerPartial(name, source);
    else pages.set(name, handlebars.compile(source, options));
  }
  return (page, say, view) => {
    const template = pages.get(page);
    if (template === undefined) throw new Error(`templates/pages has no ${page}.hbs`);
    return template({ ...view, language: say.language, direction: say.direction }, { data: { say } });
  };
}
