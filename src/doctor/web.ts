/** The pages as a reader and a mail provider meet them: at PUBLIC_URL, from outside as far as we can be. */
import type { Answer, Question } from "./ask.ts";
import { amber, green, notLookedAt, red, type Verdict } from "./finding.ts";
import { judgeCertificate } from "./server.ts";

export interface Web {
  readonly publicUrl: string;
  /** PUBLIC_URL names this machine: its pages are for whoever sits at it. */
  readonly isLoopback: boolean;
  readonly now: () => Date;
  /** Whether a name that nobody knows here may be known elsewhere. */
  readonly knowsInternet: () => Promise<boolean>;
  readonly ask: (url: string, question?: Question) => Promise<Answer>;
}

/** Nobody has it: the key's id is one we know, the rest is made up. */
const MADE_UP = "/unsubscribe/aGVsbG8tdGhlcmUtdGhpcy1pcy1uby1saW5r.1";

export async function lookAtWeb(web: Web): Promise<Verdict[]> {
  const { publicUrl, isLoopback, now } = web;
  let health: Answer;
  try {
    health = await web.ask(`${publicUrl}/health`);
  } catch (error) {
    const { code = "no answer" } = error as NodeJS.ErrnoException;
    const isDenied = code === "ENOTFOUND" && !(await web.knowsInternet());
    return [judgeSilence(web, isDenied ? "ENETUNREACH" : code)];
  }
  if (!isOurs(health))
    return [
      red(
        `${publicUrl}/health does not answer as Paperboy does (${inShort(health)}).`,
        "Let PUBLIC_URL lead to the port of `paperboy web` (PORT), for all paths.",
      ),
    ];
  const certificate = health.validUntil && judgeCertificate(publicUrl, health.validUntil, now());
  const answers = isLoopback
    ? green(`Paperboy answers at ${publicUrl}, for this machine alone.`)
    : publicUrl.startsWith("https:")
      ? green(`Paperboy answers at ${publicUrl}, with a certificate that is trusted.`)
      : red(
          `Paperboy answers at ${publicUrl}, readable to everybody on the way; mail providers take no one-click address without https.`,
          "Put a proxy with a certificate before it, and write PUBLIC_URL=https://…",
        );
  const others = await Promise.all([lookAtOneClick(web), lookAtAssets(web)]);
  return [certificate ?? answers, ...others];
}

/** RFC 8058 as a mail provider does it: a POST without cookies that gets 200 and no redirect, whatever the link. */
async function lookAtOneClick({ publicUrl, ask }: Web): Promise<Verdict> {
  const answer = await ask(publicUrl + MADE_UP, { method: "POST", body: "List-Unsubscribe=One-Click" });
  if (answer.status === 200 && answer.headers["set-cookie"] === undefined)
    return green("One-click unsubscribe answers a POST with 200, as mail providers want it.");
  const advice =
    "Let the proxy pass POST to /unsubscribe/ on as it is: no login, no redirect, no check of cookies or origin (RFC 8058).";
  return red(`One-click unsubscribe answers a POST with ${inShort(answer)}.`, advice);
}

/**
 * An address it had before stands in mails for ever. A host that is gone, or that leads elsewhere, keeps who has only such a
 * mail from leaving.
 */
export async function lookAtPrevious(url: string, { ask }: Pick<Web, "ask">): Promise<Verdict> {
  const advice = `Let ${new URL(url).host} lead to the same web server as PUBLIC_URL, POST included, for as long as mails with it may be opened; take it out of PREVIOUS_PUBLIC_URLS when it is no longer yours.`;
  try {
    const answer = await ask(url + MADE_UP, { method: "POST", body: "List-Unsubscribe=One-Click" });
    return answer.status === 200
      ? green(`Links of mails that name ${url} still lead here.`)
      : red(`One-click unsubscribe at ${url}, where it was before, answers ${inShort(answer)}.`, advice);
  } catch (error) {
    const { code = "no answer" } = error as NodeJS.ErrnoException;
    if (["EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"].includes(code))
      return notLookedAt(`${url} is out of reach from here (${code})`);
    return red(`${url}, where it was before, does not answer (${code}): links in mails of then do not open.`, advice);
  }
}

async function lookAtAssets({ publicUrl, ask }: Web): Promise<Verdict> {
  const page = await ask(`${publicUrl}/`);
  const [path] = /\/assets\/page\.\w+\.css/u.exec(page.body) ?? [];
  if (page.status !== 200 || path === undefined)
    return red(
      `${publicUrl}/ is not our first page (${inShort(page)}).`,
      "Let the proxy pass all paths on as they are.",
    );
  const sheet = await ask(publicUrl + path);
  return sheet.status === 200 && (sheet.headers["content-type"] ?? "").startsWith("text/css")
    ? green("Pages and their style sheet arrive.")
    : red(
        `The style sheet ${path} does not arrive (${inShort(sheet)}).`,
        "Let the proxy pass /assets/ on as well; after an upgrade restart every web process.",
      );
}

function judgeSilence({ publicUrl, isLoopback }: Web, code: string): Verdict {
  const { hostname } = new URL(publicUrl);
  if (isLoopback && code === "ECONNREFUSED") return amber(`Nothing answers at ${publicUrl}.`, "Start it: npm start");
  if (["EAI_AGAIN", "ENETUNREACH", "EHOSTUNREACH"].includes(code))
    return notLookedAt(`${publicUrl} is out of reach from here (${code})`);
  if (code === "ENOTFOUND")
    return red(
      `There is no host ${hostname}.`,
      `Write an A or AAAA record: ${hostname}. A THE-ADDRESS-OF-THE-WEB-SERVER`,
    );
  if (/CERT|SIGNED|TLS|SSL|UNABLE_TO|EPROTO/u.test(code))
    return red(
      `The certificate of ${publicUrl} is not one that browsers trust (${code}).`,
      `Get one for ${hostname}, from Let's Encrypt for example, and see that the whole chain is sent.`,
    );
  return red(
    `${publicUrl} does not answer (${code}).`,
    "Start `paperboy web` and the proxy before it. If it answers from elsewhere, this network cannot reach its own public address.",
  );
}

function isOurs({ status, headers, body }: Answer): boolean {
  if (status !== 200 || !(headers["content-type"] ?? "").startsWith("application/json")) return false;
  return /^\{\s*"status"\s*:\s*"ok"/u.test(body);
}

function inShort({ status, headers }: Answer): string {
  const { location } = headers;
  return location === undefined ? String(status) : `${status} to ${location.slice(0, 100)}`;
}
