/**
 * Who is the operator: a cookie, sealed under the password and SECRET_KEYS, so that it ends when either changes, in every
 * process at once. Nothing of it is stored until it is ended before its time.
 */
import { randomBytes } from "node:crypto";
import type { CookieOptions, Request, Response } from "express";
import type { AdminKey } from "../../core/admin-key.ts";
import type { Door } from "../../store/door.ts";

export type SessionApp = {
  readonly door: Pick<Door, "spend" | "isSpent">;
  readonly publicUrl: () => string;
  readonly now: () => Date;
};

export interface Session {
  readonly id: string;
  readonly until: Date;
  /** Stands in every form of the admin pages: another site cannot read it, and so cannot send it (docs/promises.md X5). */
  readonly formToken: string;
}

export interface Sessions {
  begin(res: Response): void;
  /** Null: nobody, or not any more. */
  of(req: Request): Promise<Session | null>;
  /** Ends it everywhere, in a copy of the cookie too. */
  end(res: Response, session: Session): Promise<void>;
  isOwnForm(session: Session, token: unknown): boolean;
}

/** A working day: who sits down in the morning logs in once. */
const LASTS_MS = 12 * 60 * 60_000;
const COOKIE = "paperboy_admin";

export function openSessions(app: SessionApp, key: AdminKey): Sessions {
  const { door, publicUrl, now } = app;
  // Strict: not sent even with a link from elsewhere; the operator then logs in again, and nobody else's page is them.
  const attributes = (): CookieOptions => ({
    ...{ httpOnly: true, sameSite: "strict" as const, path: "/admin" },
    secure: publicUrl().startsWith("https:"),
  });
  const formTokenOf = (id: string) => key.seal(`form ${id}`);

  return {
    begin(res) {
      const said = `${randomBytes(16).toString("base64url")}.${now().getTime() + LASTS_MS}`;
      res.cookie(COOKIE, `${said}.${key.seal(`session ${said}`)}`, { ...attributes(), maxAge: LASTS_MS });
    },

    async of(req) {
      const [, id, until, seal] = /^([\w-]{22})\.(\d{1,15})\.([\w-]{43})$/.exec(cookieOf(req, COOKIE)) ?? [];
      if (!id || !until || !seal || !key.isSeal(seal, `session ${id}.${until}`)) return null;
      if (Number(until) <= now().getTime() || (await door.isSpent(`session ${id}`))) return null;
      return { id, until: new Date(Number(until)), formToken: formTokenOf(id) };
    },

    async end(res, { id, until }) {
      await door.spend(`session ${id}`, until);
      res.clearCookie(COOKIE, attributes());
    },

    isOwnForm: ({ id }, token) => typeof token === "string" && key.isSeal(token, `form ${id}`),
  };
}

export function cookieOf({ headers }: Request, name: string): string {
  const pairs = (headers.cookie ?? "").split(";").map((pair) => pair.trim());
  return pairs.find((pair) => pair.startsWith(`${name}=`))?.slice(name.length + 1) ?? "";
}
