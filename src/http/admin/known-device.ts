/**
 * A browser that was logged in before is known by a cookie that opens nothing: strangers who guess passwords do not use up its
 * tries. Sealed like a session, so that it ends with the password and the keys.
 */
import { randomBytes } from "node:crypto";
import type { Request, Response } from "express";
import type { AdminKey } from "../../core/admin-key.ts";
import { cookieOf, type SessionApp } from "./session.ts";

export interface KnownDevices {
  /** For 180 days from now. */
  mark(res: Response): void;
  /** Its name; null: a browser that nobody logged in with, or too long ago. */
  of(req: Request): string | null;
}

const LASTS_MS = 180 * 24 * 60 * 60_000;
const COOKIE = "paperboy_known";

export function openKnownDevices({ publicUrl, now }: Omit<SessionApp, "door">, key: AdminKey): KnownDevices {
  return {
    mark(res) {
      const said = `${randomBytes(16).toString("base64url")}.${now().getTime() + LASTS_MS}`;
      res.cookie(COOKIE, `${said}.${key.seal(`device ${said}`)}`, {
        ...{ httpOnly: true, sameSite: "strict", path: "/admin", maxAge: LASTS_MS },
        secure: publicUrl().startsWith("https:"),
      });
    },

    of(req) {
      const [, id, until, seal] = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/.exec(cookieOf(req, COOKIE)) ?? [];
      if (!id || !until || !seal || !key.isSeal(seal, `device ${id}.${until}`)) return null;
      return Number(until) > now().getTime() ? id : null;
    },
  };
}
