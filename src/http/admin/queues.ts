/** The queues, in Bull Board: to look at, never to change. Loaded when somebody looks. */
import { type Request, type RequestHandler, type Response, Router } from "express";
import { NotFound } from "../../errors.ts";
import type { Queue } from "../../queue/queue.ts";
import { Refused } from "../faults.ts";
import type { Sessions } from "./session.ts";

type Board = Awaited<ReturnType<Queue["board"]>>;

const PATH = "/admin/queues";

/**
 * Its styles stand in its elements, and it looks up its own files by <base>. Everything comes from here all the same: the
 * sheet of fonts that its page names elsewhere is not fetched.
 */
const POLICY = Object.entries({
  "default-src": "'none'",
  "script-src": "'self'",
  "style-src": "'self' 'unsafe-inline'",
  "img-src": "'self' data:",
  "font-src": "'self'",
  "connect-src": "'self'",
  "base-uri": "'self'",
  "form-action": "'none'",
  "frame-ancestors": "'none'",
})
  .map(([name, values]) => `${name} ${values}`)
  .join(";");

export function queuePages(
  { queue }: { queue: Pick<Queue, "board"> },
  sessions: Sessions,
  sendLogin: (req: Request, res: Response) => void,
): Router {
  const router = Router();
  let opening: Promise<Board> | null = null;

  const guard: RequestHandler = async (req, res, next) => {
    if (!(await sessions.of(req))) return sendLogin(req, res);
    if (req.method !== "GET" && req.method !== "HEAD") throw new Refused(405, "The queues are there to be looked at.");
    // Of a zero byte PostgreSQL makes a fault, and Bull Board 500.
    if (/%00/.test(req.url)) throw new NotFound("There is nothing at this address.");
    next();
  };

  router.use(PATH, guard, async (req, res, next) => {
    opening ??= queue.board(PATH).catch((error: unknown) => {
      opening = null;
      throw error;
    });
    const board = await opening;
    res.set("Content-Security-Policy", POLICY);
    board(req, res, next);
  });
  return router;
}
