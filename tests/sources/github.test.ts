import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import { Permanent, Temporary } from "../../src/errors.ts";
import { openGitHub, type PaperWithCode, repositoryOf } from "../../src/sources/github.ts";
import { closeBehindEachTest, faultOf, fetching, site } from "../fetch/fetching.ts";
import { at } from "../support/time.ts";

closeBehindEachTest();

const day = "2026-04-15";
const paper = (n: number, codeUrl = `https://github.com/lab/code-${n}`): PaperWithCode => ({
  arxivId: `2604.0000${n}`,
  title: `Paper ${n}`,
  codeUrl,
});
const stars = (response: ServerResponse, count: number, headers = {}) =>
  response.writeHead(200, headers).end(JSON.stringify({ full_name: "lab/code", stargazers_count: count }));

/** GitHub as a test has it, and a source that asks it about these papers. */
async function gitHub(
  papers: readonly PaperWithCode[],
  answer: (request: IncomingMessage, response: ServerResponse) => unknown,
  { token = null as string | null, now = () => at("2026-04-16T00:10Z").getTime() } = {},
) {
  const { url, asked } = await site(answer);
  const fetch = fetching({ allow: [url] });
  return { url, asked, source: openGitHub({ fetch, papersWithCode: async () => papers, now }, { url, token }) };
}
const counted = ({ sightings }: { sightings: readonly { title: string; signals: object }[] }) =>
  sightings.map(({ title, signals }) => [title, signals]);

test.each([
  ["https://github.com/EleutherAI/pythia", "eleutherai/pythia"],
  ["http://www.github.com/EleutherAI/pythia.git", "eleutherai/pythia"],
  ["https://github.com/EleutherAI/pythia/tree/main/models?tab=readme#use", "eleutherai/pythia"],
  ["https://github.com//lab//code.js/", "lab/code.js"],
  ["https://github.com/EleutherAI", null],
  ["https://github.com/orgs/EleutherAI/repositories", null],
  ["https://github.com/topics/llm", null],
  ["https://gist.github.com/lab/0123456789abcdef", null],
  ["https://gitlab.com/lab/code", null],
  ["https://github.com.evil.example/lab/code", null],
  ["https://github.com/lab/..", null],
  ["https://github.com/lab/%22%7D", null],
  ["no address", null],
])("the repository of %s is %s", (address, said) => expect(repositoryOf(address)).toBe(said));

describe("without a token", () => {
  test("each repository is asked once, whatever its papers call it; what is none is not asked", async () => {
    const papers = [
      paper(1),
      paper(2, "https://github.com/Lab/Code-1/tree/main"),
      paper(3, "https://github.com/lab"),
      { title: "Known by its title", codeUrl: "https://github.com/lab/other.git" },
    ];
    const { source, asked } = await gitHub(papers, ({ url }, response) =>
      stars(response, url!.endsWith("other") ? 7 : 42),
    );
    expect(await source.fetch({ day })).toEqual({
      sightings: [
        { arxivId: "2604.00001", title: "Paper 1", signals: { stars: 42 }, position: 0 },
        { arxivId: "2604.00002", title: "Paper 2", signals: { stars: 42 }, position: 1 },
        { title: "Known by its title", signals: { stars: 7 }, position: 2 },
      ].map((told) => ({ ...told, source: "github", authors: [], categories: [], keywords: [] })),
      refusals: [],
    });
    expect(asked).toEqual(["/repos/lab/code-1", "/repos/lab/other"]);
  });

  test("a repository that moved is followed, one that is gone, blocked or taken down counts nothing", async () => {
    const { source, url } = await gitHub(
      [1, 2, 3, 4].map((n) => paper(n)),
      (request, response) => {
        if (request.url === "/repos/lab/code-1") response.writeHead(301, { location: `${url}/repositories/5` }).end();
        else if (request.url === "/repositories/5") stars(response, 5);
        else response.writeHead({ 2: 404, 3: 403, 4: 451 }[request.url!.at(-1)!] ?? 500).end("{}");
      },
    );
    expect(await source.fetch({ day })).toMatchObject({
      sightings: [{ signals: { stars: 5 } }, { signals: {} }, { signals: {} }, { signals: {} }],
      refusals: [],
    });
  });

  test("forty are asked at most, and fewer when others behind the same address have asked", async () => {
    const many = Array.from({ length: 60 }, (_, n) => paper(n));
    const alone = await gitHub(many, (_, response) => stars(response, 1));
    await alone.source.fetch({ day });
    expect(alone.asked).toHaveLength(40);

    let left = 13;
    const shared = await gitHub(many, (_, response) => stars(response, 1, { "x-ratelimit-remaining": String(--left) }));
    expect((await shared.source.fetch({ day })).sightings).toHaveLength(3);
    expect(left).toBe(10);
  });

  test.each([
    ["429 with Retry-After", 429, { "retry-after": "120" }, 120_000],
    ["403 with Retry-After", 403, { "retry-after": "120" }, 120_000],
    ["403 at the limit", 403, { "x-ratelimit-remaining": "0", "x-ratelimit-reset": "1776298800" }, 1_200_000],
    ["429 that names no time", 429, {}, 60_000],
    ["403 with a time years away", 403, { "retry-after": "999999999" }, 86_400_000],
  ])("a %s is obeyed: nobody asks before, and the pull says until when", async (_, status, headers, waitMs) => {
    let time = at("2026-04-16T00:00Z").getTime();
    const limited = (_: IncomingMessage, response: ServerResponse) => response.writeHead(status, headers).end();
    const { source, asked } = await gitHub([paper(1)], limited, { now: () => time });
    const until = new Date(time + waitMs).toISOString();
    const message = `GitHub asks to wait until ${until}. With GITHUB_TOKEN it answers more.`;
    expect(await faultOf(source.fetch({ day }))).toEqual({ name: "Temporary", message, retryAfterMs: waitMs });
    time += waitMs - 1;
    expect(await faultOf(source.fetch({ day }))).toEqual({ name: "Temporary", message, retryAfterMs: 1 });
    expect(asked).toHaveLength(1);
    time += 1;
    await faultOf(source.fetch({ day }));
    expect(asked).toHaveLength(2);
  });

  test("what was counted before GitHub fails is kept", async () => {
    const { source } = await gitHub(
      [1, 2, 3].map((n) => paper(n)),
      ({ url }, response) => (url!.endsWith("2") ? response.end("<html>") : stars(response, 9)),
    );
    const pulled = await source.fetch({ day });
    expect(counted(pulled)).toEqual([["Paper 1", { stars: 9 }]]);
    expect(pulled.refusals).toEqual([
      { where: "lab/code-2 and after", reason: expect.stringContaining("cannot be read: not whole JSON") },
    ]);
  });

  test("nothing is asked when nothing is left to count", async () => {
    const { source, asked } = await gitHub([], (_, response) => stars(response, 1));
    expect([await source.fetch({ day }), asked]).toEqual([{ sightings: [], refusals: [] }, []]);
  });
});

describe("with a token", () => {
  /** GraphQL that answers each repository by `reply`. */
  const graphql =
    (seen: { query: string; authorization: string | undefined }[], reply: (field: number) => unknown) =>
    async (request: IncomingMessage, response: ServerResponse) => {
      const chunks: Buffer[] = [];
      for await (const chunk of request) chunks.push(chunk as Buffer);
      const { query } = JSON.parse(Buffer.concat(chunks).toString()) as { query: string };
      seen.push({ query, authorization: request.headers.authorization });
      const fields = [...query.matchAll(/r(\d+):/g)].map(([, n]) => Number(n));
      response.end(JSON.stringify({ data: Object.fromEntries(fields.map((n) => [`r${n}`, reply(n)])) }));
    };

  test("a hundred are asked in one question, which names them and carries the token", async () => {
    const seen: { query: string; authorization: string | undefined }[] = [];
    const papers = Array.from({ length: 101 }, (_, n) => paper(n, `https://github.com/lab/code.${n}`));
    const { source, asked } = await gitHub(
      papers,
      graphql(seen, (n) => ({ stargazerCount: n })),
      { token: "github_pat_x" },
    );
    const { sightings } = await source.fetch({ day });
    expect([sightings.length, sightings[99]!.signals, sightings[100]!.signals]).toEqual([
      101,
      { stars: 99 },
      { stars: 0 },
    ]);
    expect(asked).toEqual(["/graphql", "/graphql"]);
    expect(seen[1]).toEqual({
      query: 'query { r0: repository(owner: "lab", name: "code.100") { stargazerCount } }',
      authorization: "Bearer github_pat_x",
    });
  });

  test("one that is gone counts nothing, one that GitHub could not tell is asked again", async () => {
    const answer = {
      data: { r0: { stargazerCount: 3 }, r1: null, r2: null },
      errors: [
        { type: "NOT_FOUND", path: ["r1"], message: "Could not resolve to a Repository" },
        { path: ["r2"], message: "Something went wrong" },
      ],
    };
    const { source } = await gitHub(
      [1, 2, 3].map((n) => paper(n)),
      (_, response) => response.end(JSON.stringify(answer)),
      {
        token: "github_pat_x",
      },
    );
    const pulled = await source.fetch({ day });
    expect(counted(pulled)).toEqual([
      ["Paper 1", { stars: 3 }],
      ["Paper 2", {}],
    ]);
    expect(pulled.refusals).toEqual([{ where: "lab/code-3", reason: "Something went wrong" }]);
  });

  test.each<[string, number, unknown, typeof Permanent | typeof Temporary, RegExp]>([
    ["that GitHub does not know", 401, {}, Permanent, /refuses GITHUB_TOKEN/],
    ["that may not ask", 403, {}, Permanent, /answers 403 to GITHUB_TOKEN/],
    [
      "that has asked enough",
      200,
      { errors: [{ type: "RATE_LIMITED", message: "no" }] },
      Temporary,
      /asks to wait until/,
    ],
    ["while GitHub is troubled", 200, { errors: [{ message: "Sorry" }] }, Temporary, /GitHub says: Sorry/],
  ])("%s: the fault says so, and never what the token is", async (_, status, answer, kind, words) => {
    const token = "github_pat_secret";
    const { source } = await gitHub(
      [paper(1)],
      (_, response) => response.writeHead(status).end(JSON.stringify(answer)),
      { token },
    );
    const pulled = source.fetch({ day });
    await expect(pulled).rejects.toBeInstanceOf(kind);
    await expect(pulled).rejects.toThrow(words);
    expect(JSON.stringify(await faultOf(pulled))).not.toContain("secret");
  });
});
