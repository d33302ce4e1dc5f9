/** The operator's pages. Without ADMIN_PASSWORD there are none: every address below /admin is unknown. */
import { type RequestHandler, type Response, Router } from "express";
import { asOperator, type Needs as OperatorNeeds } from "../../actions/as-operator.ts";
import type { Needs as CloseNeeds } from "../../actions/close-edition.ts";
import type { Needs as EraseNeeds } from "../../actions/erase-reader.ts";
import type { Needs as LiftNeeds } from "../../actions/lift-suppression.ts";
import type { Needs as ReopenNeeds } from "../../actions/reopen-edition.ts";
import type { Needs as ResumeNeeds } from "../../actions/resume-sending.ts";
import type { Needs as TestNeeds } from "../../actions/send-test.ts";
import type { Needs as SuppressNeeds } from "../../actions/suppress.ts";
import type { AdminKey } from "../../core/admin-key.ts";
import { LOGIN_CAPS } from "../../core/caps.ts";
import type { SourceRhythm } from "../../core/source-health.ts";
import type { Texts } from "../../core/text.ts";
import { NotFound } from "../../errors.ts";
import type { Post } from "../../mail/post.ts";
import type { Queue } from "../../queue/queue.ts";
import type { Source } from "../../sources/source.ts";
import type { Audit } from "../../store/audit.ts";
import type { DayCounts } from "../../store/day-counts.ts";
import type { DeliveryList } from "../../store/delivery-list.ts";
import type { Door } from "../../store/door.ts";
import type { Editions } from "../../store/editions.ts";
import type { Gate } from "../../store/gate.ts";
import type { Incidents } from "../../store/incidents.ts";
import type { Pulls } from "../../store/pulls.ts";
import type { ReaderList } from "../../store/reader-list.ts";
import type { ReaderRecords } from "../../store/reader-records.ts";
import type { ReportList } from "../../store/report-list.ts";
import type { Stops } from "../../store/stops.ts";
import type { Suppressions } from "../../store/suppressions.ts";
import type { Tallies } from "../../store/tallies.ts";
import { openTurnstile, type TurnstileApp } from "../abuse/turnstile.ts";
import { readForm } from "../bodies.ts";
import { Refused } from "../faults.ts";
import { answer } from "../methods.ts";
import type { MovedApp } from "../moved.ts";
import type { Pages } from "../pages.ts";
import { sameSite, unlisted } from "../security.ts";
import { auditPages } from "./audit.ts";
import { deliveryPages } from "./deliveries.ts";
import { openDesk } from "./desk.ts";
import { editionPages } from "./editions.ts";
import { openKnownDevices } from "./known-device.ts";
import { overviewPages } from "./overview.ts";
import { previewPages } from "./preview.ts";
import { queuePages } from "./queues.ts";
import { readerPages } from "./readers.ts";
import { reportPages } from "./reports.ts";
import { openSessions, type Session, type SessionApp } from "./session.ts";
import { suppressionPages } from "./suppressions.ts";

export type AdminApp = SessionApp &
  MovedApp &
  TurnstileApp &
  OperatorNeeds &
  SuppressNeeds &
  LiftNeeds &
  EraseNeeds &
  CloseNeeds &
  ReopenNeeds &
  TestNeeds &
  ResumeNeeds & {
    readonly door: Pick<Door, "count" | "forgive" | "spend" | "isSpent">;
    /** Null: there is no operator's page. */
    readonly adminKey: AdminKey | null;
    readonly audit: Pick<Audit, "list">;
    readonly readerList: ReaderList;
    readonly deliveryList: DeliveryList;
    readonly reportList: ReportList;
    readonly readerRecords: ReaderRecords;
    readonly suppressions: Pick<Suppressions, "list">;
    readonly editions: Pick<Editions, "list" | "newest" | "standing">;
    readonly post: Pick<Post, "fitDigest" | "show">;
    readonly gate: Pick<Gate, "pause">;
    readonly queue: Pick<Queue, "board">;
    readonly stops: Pick<Stops, "standing">;
    readonly incidents: Pick<Incidents, "standing">;
    readonly pulls: Pick<Pulls, "health">;
    readonly sources: readonly (Pick<Source, "name"> & SourceRhythm)[];
    readonly tallies: Pick<Tallies, "byEdition" | "byDay">;
    readonly dayCounts: DayCounts;
    readonly texts: Texts;
    readonly databaseNow: () => Promise<Date>;
  };

export function adminRoutes(app: AdminApp, pages: Pages): Router {
  const router = Router();
  const { adminKey, door } = app;
  if (adminKey === null) return router;
  const sessions = openSessions(app, adminKey);
  const devices = openKnownDevices(app, adminKey);
  const turnstile = openTurnstile(app, {
    ...{ name: "login", caps: LOGIN_CAPS },
    everybody: { key: "login everybody", caps: LOGIN_CAPS.everybody },
  });
  // Nothing here is anybody else's, so what comes from another site is refused before it is read.
  router.use("/admin", unlisted, sameSite(app));

  const sendLogin = (req: Parameters<RequestHandler>[0], res: Response, isWrong = false) => {
    const say = pages.say(req);
    pages.send(res.status(401), say, "admin-login", { title: say("page.admin.login"), isWrong });
  };

  const desk = openDesk(pages, sessions, sendLogin);
  router.use(overviewPages(app, desk), readerPages(app, desk), deliveryPages(app, desk), reportPages(app, desk));
  router.use(suppressionPages(app, desk), editionPages(app, desk), previewPages(app, desk), auditPages(app, desk));
  router.use(queuePages(app, sessions, sendLogin));

  answer(router, "/admin/login", {
    // Whoever loads the page of a wrong password anew.
    get: (_req, res) => res.redirect(303, "/admin"),
    post: [
      ...readForm,
      async (req, res) => {
        // Counted before the password is looked at: guesses at once are guesses too.
        const device = devices.of(req);
        const own = device === null ? turnstile.of(req) : [{ key: `login device ${device}`, caps: LOGIN_CAPS.device }];
        await (device === null ? turnstile.pass(req) : turnstile.passAs(req, own[0]!));
        const { password } = req.body as Record<string, unknown>;
        if (typeof password !== "string" || !adminKey.isPassword(password)) {
          app.log.warn("Somebody tried to log in to /admin with a wrong password");
          return sendLogin(req, res, true);
        }
        await door.forgive(own);
        await asOperator(app, { by: "admin", what: "login", about: null, details: {} }, async () => {
          sessions.begin(res);
          devices.mark(res);
        });
        res.redirect(303, "/admin");
      },
    ],
  });

  answer(router, "/admin/logout", {
    post: [
      ...readForm,
      async (req, res) => {
        const session = await ownSession(req);
        if (session) await sessions.end(res, session);
        res.redirect(303, "/admin");
      },
    ],
  });

  /** Null without a session. @throws {Refused} for a form that is not of this session's pages */
  const ownSession = async (req: Parameters<RequestHandler>[0]): Promise<Session | null> => {
    const session = await sessions.of(req);
    if (session && !sessions.isOwnForm(session, req.body?.formToken))
      throw new Refused(403, "This form is not of your session. Load the page again.");
    return session;
  };
  // What is not there is the operator's to know as well.
  router.use(
    "/admin",
    desk.page(() => {
      throw new NotFound("There is nothing at this address.");
    }),
  );
  return router;
}
