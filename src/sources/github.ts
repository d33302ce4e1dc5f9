/** GitHub: how many stars the repositories of papers have that other sources told of. */
import { z } from "zod";
import type { Day, Sighting } from "../core/paper.ts";
import { Invalid, Permanent, Temporary } from "../errors.ts";
import type { Fetch, Fetched } from "../fetch.ts";
import { understand } from "./answer.ts";
import { countOf, loosely, sightingOf, signalsOf } from "./fields.ts";
import type { Refusal, Source } from "./source.ts";

/** A paper as the store knows it, with the address of its code. */
export interface PaperWithCode {
  /** Absent for one that is known by its title. */
  readonly arxivId?: string;
  readonly title: string;
  readonly codeUrl: string;
}

export type GitHubNeeds = {
  fetch: Pick<Fetch, "get" | "post">;
  /** Papers that may stand in the edition of `day` and were not counted since that day ended, the most wanted first. */
  papersWithCode: (day: Day) => Promise<readonly PaperWithCode[]>;
  now?: () => number;
};

export interface GitHubOptions {
  /** `GITHUB_URL` */
  readonly url?: string;
  /** `GITHUB_TOKEN`. Without it GitHub answers 60 questions an hour and address (docs.github.com/rest, "Rate limits"). */
  readonly token?: string | null;
}

/** Without a token, in one pull: others behind our address want something of the 60, and the next hour has 60 again. */
const MOST_BY_ONE = 40;
const LEFT_FOR_OTHERS = 10;
/** With a token: so many in one question of GraphQL, which costs one of 5,000 points an hour. */
const AT_ONCE = 100;
const MOST_AT_ONCE = 1_000;
const NO_LONGER_THAN_MS = 24 * 60 * 60 * 1000;

/**
 * Asks of each repository once a day at most: whoever was counted is no longer among the papers that the need names, and
 * one that is gone counts as a sighting without stars.
 *
 * Conditional requests would spare nothing: a 304 is free only to those with a token, who need one question for a hundred.
 */
export function openGitHub(
  { fetch, papersWithCode, now = Date.now }: GitHubNeeds,
  { url = "https://api.github.com", token = null }: GitHubOptions = {},
): Source {
  /** GitHub bans who goes on asking when told to wait. */
  let waitUntil = 0;

  return {
    name: "github",
    trending: false,
    everyRound: true,
    async fetch({ day, signal }) {
      const papers = byRepository(await papersWithCode(day));
      const repositories = [...papers.keys()].slice(0, token === null ? MOST_BY_ONE : MOST_AT_ONCE);
      const size = token === null ? 1 : AT_ONCE;
      const counts = new Map<string, Count>();
      const refusals: Refusal[] = [];
      for (let from = 0; from < repositories.length; from += size) {
        const asked = repositories.slice(from, from + size);
        try {
          const answer = await (token === null ? askOne(asked[0]!, signal) : askMany(asked, token, signal));
          for (const [repository, count] of answer.counts) counts.set(repository, count);
          refusals.push(...answer.refusals);
          if (!answer.mayGoOn) break;
        } catch (fault) {
          // What was counted is kept, and the next round asks for the rest.
          if (counts.size === 0 || signal?.aborted || !(fault instanceof Temporary || fault instanceof Permanent))
            throw fault;
          refusals.push({ where: `${asked[0]} and after`, reason: fault.message });
          break;
        }
      }
      const told = [...counts].flatMap(([repository, count]) =>
        papers.get(repository)!.map((paper) => ({ paper, count })),
      );
      return { sightings: told.map(({ paper, count }, position) => sightingFor(paper, count, position)), refusals };
    },
  };

  async function askOne(repository: string, signal: AbortSignal | undefined): Promise<Counted> {
    refuseToAskEarly();
    const answer = await fetch.get(`${url}/repos/${repository}`, asking([403, 404, 429, 451], signal));
    refuseWhenLimited(answer);
    const count = answer.status < 300 ? understand(answer, (text) => parse(REPOSITORY, text).stargazers_count) : GONE;
    const left = countOf(answer.headers["x-ratelimit-remaining"]);
    return {
      counts: new Map([[repository, count]]),
      refusals: [],
      mayGoOn: left === undefined || left > LEFT_FOR_OTHERS,
    };
  }

  async function askMany(asked: readonly string[], key: string, signal: AbortSignal | undefined): Promise<Counted> {
    refuseToAskEarly();
    const answer = await fetch.post(
      `${url}/graphql`,
      { query: queryFor(asked) },
      asking([401, 403, 404, 429], signal, key),
    );
    if (answer.status === 401) throw new Permanent("GitHub refuses GITHUB_TOKEN. Make a new one, or leave it out.");
    if (answer.status === 404) throw new Permanent(`${url} has no /graphql. Check GITHUB_URL.`);
    refuseWhenLimited(answer);
    if (answer.status >= 300)
      throw new Permanent(`GitHub answers ${answer.status} to GITHUB_TOKEN. Check what it may do.`);
    const { data, errors = [] } = understand(answer, (text) => parse(MANY, text));
    if (errors.some(({ type }) => type === "RATE_LIMITED")) throw waiting(resetOf(answer));
    if (!data) throw new Temporary(`GitHub says: ${errors[0]?.message ?? "nothing"}. Try again later.`);
    const troubles = new Map(errors.map(({ path, type, message }) => [path?.[0], { type, message }]));
    const counts = new Map<string, Count>();
    const refusals: Refusal[] = [];
    for (const [n, repository] of asked.entries()) {
      const trouble = troubles.get(`r${n}`);
      const found = data[`r${n}`];
      if (found) counts.set(repository, found.stargazerCount);
      else if (trouble && !GONE_TYPES.includes(trouble.type ?? ""))
        refusals.push({ where: repository, reason: trouble.message });
      else counts.set(repository, GONE);
    }
    return { counts, refusals, mayGoOn: true };
  }

  function refuseToAskEarly(): void {
    if (now() < waitUntil) throw waiting(waitUntil);
  }

  /** 403 and 429 are also said to who asks too much; a 403 that names no time is one repository that nobody may see. */
  function refuseWhenLimited(answer: Fetched): void {
    const isLimited =
      answer.status === 429 ||
      (answer.status === 403 &&
        (answer.headers["retry-after"] !== undefined || answer.headers["x-ratelimit-remaining"] === "0"));
    if (isLimited) throw waiting(resetOf(answer));
  }

  /** When to ask again: after `Retry-After`, else at the reset, else in a minute, as GitHub has it. */
  function resetOf({ headers }: Fetched): number {
    const seconds = countOf(headers["retry-after"]);
    const reset = headers["x-ratelimit-remaining"] === "0" ? countOf(headers["x-ratelimit-reset"]) : undefined;
    const until = seconds !== undefined ? now() + seconds * 1000 : reset !== undefined ? reset * 1000 : now() + 60_000;
    return Math.min(until, now() + NO_LONGER_THAN_MS);
  }

  function waiting(until: number): Temporary {
    waitUntil = until;
    const retryAfterMs = Math.max(until - now(), 0);
    const advice = token === null ? " With GITHUB_TOKEN it answers more." : "";
    return new Temporary(`GitHub asks to wait until ${new Date(until).toISOString()}.${advice}`, { retryAfterMs });
  }
}

/** Stars; null for a repository that is gone, or hidden. */
type Count = number | null;
const GONE = null;
interface Counted {
  readonly counts: ReadonlyMap<string, Count>;
  /** Not answered this time: the next round asks for these again. */
  readonly refusals: readonly Refusal[];
  readonly mayGoOn: boolean;
}

/** What GraphQL says of a repository that is deleted, private or blocked. */
const GONE_TYPES: readonly string[] = ["NOT_FOUND", "FORBIDDEN"];

/** @param statuses that say something of a repository, or of us; 451 is "taken down by law" */
function asking(statuses: readonly number[], signal: AbortSignal | undefined, token?: string) {
  return {
    statuses,
    accept: "application/vnd.github+json",
    headers: {
      "x-github-api-version": "2022-11-28",
      ...(token !== undefined && { authorization: `Bearer ${token}` }),
    },
    ...(signal && { signal }),
  };
}

/** `r0: repository(owner: "a", name: "b") { stargazerCount } …`: one that was renamed is found under its old name. */
function queryFor(repositories: readonly string[]): string {
  const fields = repositories.map((repository, n) => {
    const [owner, name] = repository.split("/").map((part) => JSON.stringify(part));
    return `r${n}: repository(owner: ${owner}, name: ${name}) { stargazerCount }`;
  });
  return `query { ${fields.join(" ")} }`;
}

function sightingFor({ arxivId, title }: PaperWithCode, stars: Count, position: number): Sighting {
  return sightingOf({
    ...{ source: "github", arxivId, title, authors: [], categories: [], keywords: [], position },
    signals: signalsOf({ stars: stars ?? undefined }),
  });
}

/** Papers by `owner/name` in lower case, as GitHub compares; those whose address is no repository are left out. */
function byRepository(papers: readonly PaperWithCode[]): Map<string, PaperWithCode[]> {
  const found = new Map<string, PaperWithCode[]>();
  for (const paper of papers) {
    const repository = repositoryOf(paper.codeUrl);
    if (repository !== null) found.set(repository, [...(found.get(repository) ?? []), paper]);
  }
  return found;
}

/**
 * The repository an address leads to, `owner/name` in lower case: its front page, or anything in it (`/tree/main/code`).
 *
 * @returns null for people, organisations, gists, pages about GitHub, and other sites
 */
export function repositoryOf(address: string): string | null {
  if (!URL.canParse(address)) return null;
  const { hostname, pathname } = new URL(address);
  if (!/^(?:www\.)?github\.com$/.test(hostname)) return null;
  const [owner = "", file = ""] = pathname.toLowerCase().split("/").filter(Boolean);
  const name = file.replace(/\.git$/, "");
  const isOne = /^[\w-]{1,39}$/.test(owner) && /^[\w.-]{1,100}$/.test(name) && !/^\.*$/.test(name);
  return isOne && !NO_OWNERS.has(owner) ? `${owner}/${name}` : null;
}

/** First words of addresses that are GitHub's own: github.com/orgs/NAME is no repository of "orgs". */
const NO_OWNERS: ReadonlySet<string> = new Set([
  ...["about", "apps", "codespaces", "collections", "contact", "customer-stories", "enterprise", "events", "explore"],
  ...[
    "features",
    "issues",
    "login",
    "marketplace",
    "models",
    "new",
    "notifications",
    "orgs",
    "organizations",
    "pricing",
  ],
  ...[
    "pulls",
    "readme",
    "search",
    "settings",
    "site",
    "solutions",
    "sponsors",
    "stars",
    "team",
    "topics",
    "trending",
    "users",
  ],
]);

const REPOSITORY = z.object({ stargazers_count: z.int().nonnegative() });
const MANY = z
  .object({
    data: z.record(z.string(), z.object({ stargazerCount: z.int().nonnegative() }).nullable()).nullish(),
    errors: z
      .array(z.object({ type: z.string().optional(), path: loosely((path) => path as string[]), message: z.string() }))
      .optional(),
  })
  .refine(({ data, errors }) => data || errors, "neither data nor errors");

/** @throws {Invalid} for anything but JSON of this shape */
function parse<T extends z.ZodType>(shape: T, text: string): z.infer<T> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Invalid(`not whole JSON: ${(error as Error).message.slice(0, 200)}`, [], { cause: error });
  }
  const read = shape.safeParse(value);
  if (read.success) return read.data;
  throw new Invalid(`not what GitHub says of a repository: ${read.error.issues[0]?.message.slice(0, 200)}`);
}
