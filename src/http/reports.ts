/**
 * Where bounces and complaints come in over HTTP. Whoever posts is a program and shows that it may; what it says is kept as
 * it came before it hears 200, and read later. A way in that no setting opens is an address like any other: 404.
 */
import { createHash } from "node:crypto";
import { type Request, type RequestHandler, type Response, Router } from "express";
import { type Needs as ReceiveNeeds, receiveMail } from "../actions/receive-mail.ts";
import { receiveReport } from "../actions/receive-report.ts";
import { keepOfStream } from "../core/keep.ts";
import type { Log } from "../log.ts";
import type { Providers } from "../mail/providers/open.ts";
import type { Provider, ProviderName } from "../mail/providers/provider.ts";
import { bearerOf, isToken } from "./bearer.ts";
import { Refused } from "./faults.ts";
import { answer } from "./methods.ts";
import { atMostAtOnce, chunksOf, type InTurn, openRoom, readBody } from "./report-bodies.ts";

export type ReportNeeds = ReceiveNeeds & {
  /** Those that settings name. */
  readonly providers: Providers;
  /** RAW_INTAKE_TOKEN; null: there is no raw intake. */
  readonly rawIntakeToken: string | null;
  readonly log: Log;
};

/** Of each way in, so that strangers at one do not close the others. Ten thousand bounces at once have 5 kB each. */
const ROOM_BYTES = 64_000_000;
/** Stored at once: a flood leaves connections of the database to readers. */
const STORES = 4;
/** Of the raw intake, read and stored at once, 256 kB and some each; the others' bodies stay in the network until then. */
const RAW_AT_ONCE = 100;
const QUIET_MS = 60_000;

export function reportRoutes(app: ReportNeeds): Router {
  const router = Router();
  const common = { store: atMostAtOnce(STORES), refuse: openRefusals(app) };
  for (const [name, provider] of Object.entries(app.providers) as [ProviderName, Provider][])
    answer(router, `/reports/${name}`, { post: fromProvider(app, name, provider, common) });
  if (app.rawIntakeToken !== null)
    answer(router, "/reports/raw", { post: fromMailServer(app, app.rawIntakeToken, common) });
  return router;
}

type Way = ProviderName | "raw";

interface Common {
  readonly store: InTurn;
  readonly refuse: (res: Response, via: Way, why: string) => Refused;
}

function fromProvider(
  app: ReportNeeds,
  via: ProviderName,
  provider: Provider,
  { store, refuse }: Common,
): RequestHandler {
  const room = openRoom(ROOM_BYTES);
  return async (req, res) => {
    const posted = { headers: req.headers, now: app.now() };
    const objection = provider.objection(posted);
    if (objection !== null) throw refuse(res, via, objection);
    const hold = room.begin();
    try {
      const raw = await readBody(req, hold);
      const judged = await provider.authentic({ ...posted, rawBody: raw });
      if (!judged.ok) throw refuse(res, via, judged.why);
      const { eventKey } = judged;
      // An opened mail is no report: a provider told to post everything would fill the database with what nobody asks.
      if (eventKey !== null && provider.translate(raw).length > 0)
        await store(() => receiveReport(app, { via, raw, cut: 0, eventKey, envelope: null }));
      res.status(200).end();
    } finally {
      hold.release();
    }
  };
}

/** A mail as it came to a mail server of the operator's; that server's own queue tries again when it hears 503. */
function fromMailServer(app: ReportNeeds, token: string, { store, refuse }: Common): RequestHandler {
  const inTurn = atMostAtOnce(RAW_AT_ONCE);
  const isOurs = isToken(token);
  const take = async (req: Request) => {
    const digest = createHash("sha256");
    const { raw, cut } = await keepOfStream(measured(req, (chunk) => digest.update(chunk)));
    if (raw.length === 0) throw new Refused(400, "There is no report. Send the mail as the body.");
    const envelope = envelopeOf(req);
    // To another address the same bytes are another report.
    digest.update(`\0${envelope?.to}`);
    const eventKey = `raw:${digest.digest("hex")}`;
    await store(() => receiveMail(app, { via: "raw", raw, cut, eventKey, envelope }));
  };
  return async (req, res) => {
    if (!isOurs(bearerOf(req))) throw refuse(res, "raw", "token");
    await inTurn(() => take(req));
    res.status(200).end();
  };
}

async function* measured(req: Request, see: (chunk: Buffer) => void): AsyncGenerator<Buffer> {
  for await (const chunk of chunksOf(req)) {
    see(chunk);
    yield chunk;
  }
}

/** Whom the mail was for and who sent it, if the mail server says: its header lines alone need not have it. */
function envelopeOf({ headers }: Request): { to: string | null; from: string | null } | null {
  const [to, from] = ["x-envelope-to", "x-envelope-from"].map((name) => {
    const value = headers[name];
    return typeof value === "string" && value.length <= LONGEST_ADDRESS ? value.trim().replace(/^<(.*)>$/, "$1") : null;
  });
  return to == null && from == null ? null : { to: to ?? null, from: from ?? null };
}

/** RFC 5321 4.5.3.1.3, with its angle brackets. */
const LONGEST_ADDRESS = 256;

const SCHEMES: Partial<Record<Way, string>> = { postmark: "Basic", raw: "Bearer" };

/** What a stranger hears, and, once a minute for each way in, the operator: a wrong key would show nowhere else. */
function openRefusals({ log, now }: Pick<ReportNeeds, "log" | "now">): Common["refuse"] {
  const toldAt = new Map<Way, number>();
  return (res, via, why) => {
    const at = now().getTime();
    if (Math.abs(at - (toldAt.get(via) ?? Number.NEGATIVE_INFINITY)) > QUIET_MS) {
      toldAt.set(via, at);
      log.warn({ via, why }, "Reports are refused: they do not show that they come from where they should");
    }
    // RFC 9110 15.5.2 wants to be told how; what is signed has no scheme of its own.
    res.set("WWW-Authenticate", `${SCHEMES[via] ?? "Signature"} realm="reports"`);
    return new Refused(401, "This does not show that you may report here.");
  };
}
