/** The operator's pages. Without ADMIN_PASSWORD there are none: every address below /admin is unknown. */
import { type RequestHandler, type Response, Router } from "express";
import type { AdminKey } from "../../core/admin-key.ts";
import { LOGIN_CAPS } from "../../core/caps.ts";
import type { Door } from "../../store/door.ts";
import { openTurnstile, type TurnstileApp } from "../abuse/turnstile.ts";
import { readForm } from "../bodies.ts";
import { Refused } from "../faults.ts";
import { answer } from "../methods.ts";
import type { MovedApp } from "../moved.ts";
import type { Pages } from "../pages.ts";
import { sameSite, unlisted } from "../security.ts";
import { openKnownDevices } from "./known-device.ts";
import { openSessions, type Session, type SessionApp } from "./session.ts";

export type AdminApp = SessionApp &
  MovedApp &
  TurnstileApp & {
    readonly door: Pick<Door, "count" | "forgive" | "spend" | "isSpent">;
    /** Null: there is no operator's page. */
    readonly adminKey: AdminKey | null;
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

  const sendLogin = (req: Parameters<RequestHandler>[0], res: Response, isWrong: boolean) => {
    const say = pages.say(req);
    pages.send(res.status(401), say, "admin-login", { title: say("page.admin.login"), isWrong });
  };

  answer(router, "/admin", {
    async get(req, res) {
      const session = await sessions.of(req);
      if (!session) return sendLogin(req, res, false);
      const say = pages.say(req);
      const { formToken } = session;
      pages.send(res, say, "admin-overview", { title: say("page.admin.overview"), formToken });
    },
  });

  answer(router, "/admin/login", {
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
        sessions.begin(res);
        devices.mark(res);
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
  return router;
}
