/** What all of the operator's pages have: a session, ways to the others, a token in each form, a word on what was done. */
import type { Request, RequestHandler, Response } from "express";
import type { Say } from "../../core/text.ts";
import { type FormBody, readForm } from "../bodies.ts";
import { Refused } from "../faults.ts";
import type { Pages } from "../pages.ts";
import { queryOf } from "../query.ts";
import type { Session, Sessions } from "./session.ts";
import { choice } from "./words.ts";

/** A request of the operator's, and how it is answered. */
export interface Visit {
  readonly req: Request;
  readonly res: Response;
  readonly say: Say;
  readonly query: URLSearchParams;
  /** Fields of a form that was pressed; empty where none was. */
  readonly body: FormBody;
  /** Shows a page, `templates/pages/admin-<page>.hbs`. */
  show(page: string, view: Parameters<Pages["send"]>[3]): void;
  /** Back to a page after a press, which says there what was done: a name that `page.admin.done` knows. */
  back(path: string, done?: string): void;
}

export interface Desk {
  /** A page; whoever has no session is shown the login. */
  page(work: (visit: Visit) => Promise<void> | void): RequestHandler;
  /** What a form does; without a session, or from elsewhere, nothing. */
  press(work: (visit: Visit) => Promise<void>): RequestHandler[];
}

/** The ways between the operator's pages, in their order. */
const WAYS = [
  ["overview", "/admin"],
  ["readers", "/admin/readers"],
  ["deliveries", "/admin/deliveries"],
  ["reports", "/admin/reports"],
  ["suppressions", "/admin/suppressions"],
  ["editions", "/admin/editions"],
  ["audit", "/admin/audit"],
  ["queues", "/admin/queues"],
] as const;

/** What a page may say was done; anything else in the address says nothing. */
const DONE: readonly string[] = [
  ...["paused", "resumed", "suppressed", "already-suppressed", "lifted", "not-suppressed", "erased", "nothing-erased"],
  ...[
    "no-reader",
    "wrong-address",
    "no-note",
    "reopened",
    "planned",
    "open",
    "closed",
    "still-open",
    "already-decided",
  ],
  ...["sent", "nothing", "no-edition", "withheld", "refused", "not-sent"],
];

export function openDesk(pages: Pages, sessions: Sessions, sendLogin: (req: Request, res: Response) => void): Desk {
  const visitOf = (req: Request, res: Response, session: Session): Visit => {
    const say = pages.say(req);
    const query = queryOf(req);
    const here = req.path.split("/").slice(0, 3).join("/");
    const done = query.get("done") ?? "";
    const frame = {
      formToken: session.formToken,
      ways: WAYS.map(([name, href]) => ({ name, href, isHere: href === here })),
      done: DONE.includes(done) ? say("page.admin.done", { done: choice(done) }) : "",
    };
    return {
      ...{ req, res, say, query, body: (req.body as FormBody | undefined) ?? {} },
      show: (page, view) => pages.send(res, say, `admin-${page}`, { ...frame, ...view }),
      back: (path, word) => res.redirect(303, word === undefined ? path : `${path}?done=${word}`),
    };
  };

  return {
    page: (work) => async (req, res) => {
      const session = await sessions.of(req);
      if (!session) return sendLogin(req, res);
      await work(visitOf(req, res, session));
    },
    press: (work) => [
      ...readForm,
      async (req, res) => {
        const session = await sessions.of(req);
        if (!session) return sendLogin(req, res);
        if (!sessions.isOwnForm(session, req.body?.formToken))
          throw new Refused(403, "This form is not of your session. Load the page again.");
        await work(visitOf(req, res, session));
      },
    ],
  };
}

/** The last value of a field, without the white space around it; empty when it is not there. */
export function fieldOf(body: FormBody, name: string): string {
  // PostgreSQL takes no text with a zero byte.
  return ([body[name] ?? ""].flat().at(-1) ?? "").replaceAll("\0", "").trim().slice(0, 2_000);
}
