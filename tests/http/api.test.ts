import { afterAll, beforeAll, expect, test } from "vitest";
import { aWeb, type Web } from "./web.ts";

let web: Web;
beforeAll(async () => {
  web = await aWeb();
  await web.anEdition("2026-04-14", [
    { title: "Speech for all", abstract: "They speak.", arxivId: "2604.00901" },
    { title: "Agents that plan", arxivId: "2604.00902" },
  ]);
  await web.anEdition("2026-04-15", [
    {
      title: "Agents that act",
      arxivId: "2604.00903",
      codeUrl: "https://github.com/example/act",
      url: "https://arxiv.org/abs/2604.00903",
      signals: { upvotes: 31, comments: 3, stars: 12 },
    },
  ]);
  await web.store.editions.open("2026-04-13");
});
afterAll(() => web.close());

const get = async (path: string) => {
  const answer = await web.json("GET", path);
  return { status: answer.status, type: answer.headers.get("content-type"), body: await answer.json() };
};
type Papers = { date: string; state: string; papers: { id: string }[] };
const idsOf = ({ papers }: { papers: readonly { id: string }[] }) => papers.map(({ id }) => id);

test("an edition has its papers best first, with every field of the contract and no other", async () => {
  const { body } = await get("/editions/2026-04-15");
  const { papers, ...edition } = body as Papers & { papers: unknown[] };
  expect(edition).toEqual({ date: "2026-04-15", state: "closed", closedAt: "2026-04-16T09:00:00.000Z", revision: 1 });
  expect(papers.find((paper) => (paper as { id: string }).id === "2604.00903")).toEqual({
    rank: expect.any(Number),
    id: "2604.00903",
    title: "Agents that act",
    authors: ["Ada Lovelace", "Alan Turing"],
    summary: "We study agents. They act.",
    url: "https://arxiv.org/abs/2604.00903",
    pdfUrl: "https://arxiv.org/pdf/2604.00903",
    codeUrl: "https://github.com/example/act",
    upvotes: 31,
    comments: 3,
    stars: 12,
    upvotesGained: 0,
    starsGained: 0,
    score: expect.any(Number),
    scoreParts: { votes: 5, comments: 1, stars: 0, age: 0 },
    topics: ["agents"],
    listedOn: "2026-04-15",
  });
});

test("editions come newest first, with a filter, a number and a day to begin before", async () => {
  const dates = async (query: string) =>
    ((await get(`/editions${query}`)).body as Papers[]).map(({ date, state }) => `${date} ${state}`);
  expect(await dates("")).toEqual(["2026-04-15 closed", "2026-04-14 closed", "2026-04-13 open"]);
  expect(await dates("?limit=1")).toEqual(["2026-04-15 closed"]);
  expect(await dates("?before=2026-04-15&limit=1")).toEqual(["2026-04-14 closed"]);
  const [, second] = (await get("/editions?include=speech")).body as Papers[];
  expect(idsOf(second!)).toEqual(["2604.00901"]);
});

test("the latest edition is the newest closed one with papers; one there is not is a problem", async () => {
  expect((await get("/editions/latest")).body).toMatchObject({ date: "2026-04-15" });
  for (const date of ["2026-04-01", "2026-02-30", "tomorrow", "%27%3B%20DROP%20TABLE"]) {
    expect(await get(`/editions/${date}`)).toMatchObject({
      status: 404,
      type: "application/problem+json; charset=utf-8",
      body: { status: 404, title: "Not Found" },
    });
  }
});

test("topics say how many new papers they brought a day", async () => {
  const { body } = await get("/topics");
  const topics = body as { id: string; papersPerDay: number }[];
  expect(topics).toHaveLength(25);
  expect(Object.keys(topics[0]!)).toEqual(["id", "name", "description", "papersPerDay"]);
  // Three papers in two editions, each new in one.
  expect(
    topics.filter(({ papersPerDay }) => papersPerDay > 0).map(({ id, papersPerDay }) => ({ id, papersPerDay })),
  ).toEqual([{ id: "agents", papersPerDay: 1.5 }]);
});

test("a preview gives the papers with what in the filter took them, and as many as were asked for", async () => {
  const answer = await web.json("POST", "/preview", { watches: [{ name: "mine", include: ["agents"] }] });
  const { papers, papersPerDay } = (await answer.json()) as {
    papers: { id: string; because: unknown }[];
    papersPerDay: number;
  };
  expect([answer.status, idsOf({ papers }).sort(), papersPerDay]).toEqual([200, ["2604.00902", "2604.00903"], 1]);
  expect(papers[0]!.because).toEqual([
    { watch: 0, name: "mine", topics: [], categories: [], include: ["agents"], authors: [] },
  ]);
  const one = await web.json("POST", "/preview?maxPapers=1", {});
  expect(((await one.json()) as { papers: unknown[] }).papers).toHaveLength(1);
});

test("a preview says what each word and name was read as, what it found lately, and what was probably meant", async () => {
  const answer = await web.json("POST", "/preview", {
    watches: [{ include: ['title:"agents"', "agents OR robots"], authors: ["Nobody At All"] }],
  });
  const { understood } = (await answer.json()) as { understood: Record<string, unknown> };
  expect(understood).toEqual({
    editions: 2,
    papers: 3,
    watches: [
      {
        include: [
          {
            entry: 'title:"agents"',
            read: { parts: [{ words: ["agents"], titleOnly: true, exact: true }] },
            papers: 2,
            isFlood: false,
            hints: [],
          },
          {
            entry: "agents OR robots",
            read: { parts: [{ words: ["agents", "or", "robots"], titleOnly: false, exact: false }] },
            papers: 0,
            isFlood: false,
            hints: [
              "This was read as “agents or robots”. For papers with either, make them entries of their own: agents · robots.",
            ],
          },
        ],
        authors: [{ entry: "Nobody At All", names: [], people: 0, isFlood: false, hints: [] }],
        exclude: [],
      },
    ],
  });
});

test("X9: unknown, misspelt and hostile parameters are refused by name", async () => {
  const tries: Record<string, string> = {
    "sort=upvotes": "sort",
    "limit=0": "limit",
    "limit=1;drop": "limit",
    "limit=1&limit=x": "limit",
    "before=2026-13-01": "before",
    "before=2026-04-15%27%20OR%201=1": "before",
    "topics=nonsense": "topics.0",
    "minUpvotes=-1": "minUpvotes",
    "filter=%7B%7D": "filter",
    "include=a&include=%2B": "include.1",
  };
  for (const [query, field] of Object.entries(tries)) {
    const { status, body } = await get(`/editions?${query}`);
    expect([query, status, (body as { errors: { field: string }[] }).errors.map((error) => error.field)]).toEqual([
      query,
      400,
      [field],
    ]);
  }
});

test.each([
  "/API/v1/nothing",
  "/api/V1/editions/2026-02-30",
  "/Feed.xml?sort=x",
  "/feed.json/?sort=x",
  "/OpenAPI.json/x",
])(
  "%s: what is wrong with it is told in a form for programs, as Express takes it for the same address",
  async (path) => {
    const answer = await web.send(path);
    expect([answer.headers.get("content-type"), ((await answer.json()) as { status: number }).status]).toEqual([
      "application/problem+json; charset=utf-8",
      answer.status,
    ]);
  },
);

test("a body that cannot be used is a problem document that says why", async () => {
  const post = (body: string | null, type?: string) =>
    web.send("/api/v1/subscriptions", {
      method: "POST",
      body,
      headers: type === undefined ? {} : { "content-type": type },
    });
  const problem = async (response: Response) => [
    response.status,
    response.headers.get("content-type"),
    ((await response.json()) as { status: number }).status,
  ];
  const type = "application/problem+json; charset=utf-8";
  expect(await problem(await post("{", "application/json"))).toEqual([400, type, 400]);
  expect(await problem(await post("email=a@example.org", "application/x-www-form-urlencoded"))).toEqual([
    415,
    type,
    415,
  ]);
  expect(await problem(await post("{}", "application/json; charset=ebcdic"))).toEqual([415, type, 415]);
  expect(await problem(await post(null))).toEqual([422, type, 422]);
  expect(await problem(await post(JSON.stringify({ email: "x".repeat(100_000) }), "application/json"))).toEqual([
    413,
    type,
    413,
  ]);
  expect(await problem(await post(JSON.stringify({ email: "x".repeat(99_000) }), "application/json"))).toEqual([
    422,
    type,
    422,
  ]);
  expect((await web.press("/subscriptions", { email: "x".repeat(100_000) })).status).toBe(413);
});

test("every field at fault is named, with what to write instead", async () => {
  const answer = await web.json("POST", "/subscriptions", {
    ...{ email: "nobody", hour: "7", zone: "Mars/Olympus", cadence: "weekly", maxPapers: 51, colour: "red" },
    filter: { watches: [{ topics: ["agents", "nonsense"], size: 3 }] },
  });
  const document = (await answer.json()) as { errors: { field: string; message: string }[] };
  expect(document).toMatchObject({
    type: "about:blank",
    title: "Unprocessable Entity",
    status: 422,
    detail: expect.stringMatching(/\.$/),
  });
  expect(document.errors.map(({ field }) => field).sort()).toEqual([
    "colour",
    "email",
    "filter.watches.0.size",
    "filter.watches.0.topics.1",
    "hour",
    "maxPapers",
    "zone",
  ]);
  for (const { message } of document.errors) expect(message).toMatch(/^[A-Z].*\.$/);
});

test("a path we do not know is 404, a method it does not know 405 with those it does", async () => {
  expect(await get("/nothing")).toMatchObject({ status: 404, type: "application/problem+json; charset=utf-8" });
  const wrong = await web.json("DELETE", "/topics");
  expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "OPTIONS, GET, HEAD"]);
  const options = await web.send("/api/v1/subscriptions/x", { method: "OPTIONS" });
  expect([options.status, options.headers.get("allow")]).toEqual([204, "OPTIONS, GET, HEAD, PATCH, DELETE"]);
});

test("programs of other sites may ask, and no answer takes a cookie along", async () => {
  const answer = await web.send("/api/v1/topics", { headers: { Origin: "https://elsewhere.example" } });
  expect([
    answer.headers.get("access-control-allow-origin"),
    answer.headers.get("access-control-allow-credentials"),
    answer.headers.get("set-cookie"),
  ]).toEqual(["*", null, null]);
});

test("health is about this process, readiness about what it rests on", async () => {
  const parts = { database: "ok", queue: "connect ECONNREFUSED" };
  const pagesOnly = await aWeb({ ready: async () => parts, needs: ["database"] });
  expect([(await pagesOnly.get("/ready")).status, await (await pagesOnly.get("/ready")).json()]).toEqual([
    200,
    { status: "ok", parts },
  ]);
  await pagesOnly.close();
  const ill = await aWeb({ ready: async () => parts, needs: ["database", "queue"] });
  const health = await ill.get("/health");
  const ready = await ill.get("/ready");
  expect([health.status, ready.status, await ready.json()]).toEqual([
    200,
    503,
    { status: "not ready", parts: { database: "ok", queue: "connect ECONNREFUSED" } },
  ]);
  expect((await web.get("/ready")).status).toBe(200);
  await ill.close();
});

test("before the first edition everything answers, with nothing in it", async () => {
  const empty = await aWeb();
  for (const path of ["/", "/editions", "/topics"]) expect([path, (await empty.get(path)).status]).toEqual([path, 200]);
  const preview = await empty.json("POST", "/preview", {});
  expect(await preview.json()).toEqual({
    papers: [],
    papersPerDay: 0,
    understood: { editions: 0, papers: 0, watches: [] },
  });
  expect([
    (await empty.json("GET", "/editions/latest")).status,
    await (await empty.json("GET", "/editions")).json(),
  ]).toEqual([404, []]);
  await empty.close();
});
