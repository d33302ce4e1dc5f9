import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { openAdminKey } from "../../src/core/admin-key.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { at } from "../support/time.ts";
import { aWeb, unescaped, type Web } from "./web.ts";

const PASSWORD = "correct horse battery staple";
const DATE = "2026-04-15";
const EVIL =
  '</pre><script>alert(1)</script><img src="https://evil.example/x.png">\u202e\u0007<a href="javascript:1">x</a>';

let web: Web;
let cookie: string;
let formToken: string;
let reader: bigint;
beforeAll(async () => {
  web = await aWeb({ adminKey: openAdminKey(PASSWORD, "a secret of the tests, long enough") });
  await web.anEdition(DATE, [{ title: "Agents that plan" }, { title: "Looms and mills", arxivId: "2604.00002" }]);
  reader = await web.store.aReader(preferences({ filter: aFilter({ name: "Looms", include: ["looms"] }) }));
  await web.store.sql("SELECT make_delivery_partitions('2026-04-01', '2026-04-30')");
  await web.store.sql(
    `INSERT INTO deliveries (local_day, id, subscription_id, edition_date, cadence, due_at, send_by, state, reason, paper_ids, ended_at, answer)
     SELECT '2026-04-16', n, $1, '2026-04-15', 'daily', now(), now(), CASE WHEN n = 7 THEN 'refused' ELSE 'accepted' END,
       CASE WHEN n = 7 THEN 'refused-by-server' END, '{1}', now(), CASE WHEN n = 7 THEN '550 ' || $2::text END
     FROM generate_series(1, 120) n`,
    [reader, EVIL],
  );
  const login = await web.press("/admin/login", { password: PASSWORD });
  cookie = login.headers.getSetCookie()[0]!.split(";")[0]!;
  formToken = /name="formToken" value="([\w-]+)"/.exec(await page("/admin"))![1]!;
});
afterAll(() => web.close());

const ask = (path: string) => web.send(path, { headers: { cookie } });
const page = async (path: string) => (await ask(path)).text();
/** What is on a page, without its tags. */
const read = async (path: string) =>
  unescaped((await page(path)).replace(/^.*<main[^>]*>/s, "").replace(/<[^>]*>/g, " ")).replace(/\s+/g, " ");
const press = (path: string, fields: Record<string, string> = {}, token = formToken) =>
  web.send(path, {
    method: "POST",
    headers: { cookie },
    body: new URLSearchParams({ formToken: token, ...fields }),
  });
/** Where a press leads, and what it leaves in the audit lines. */
const pressed = async (path: string, fields: Record<string, string> = {}) => {
  await web.store.sql("TRUNCATE audit_lines RESTART IDENTITY");
  const { status, headers } = await press(path, fields);
  const lines = await web.store.sql("SELECT by, what, about, details FROM audit_lines ORDER BY id");
  return { status, to: headers.get("location"), lines };
};

const PAGES = [
  ...["/admin", "/admin/readers", "/admin/readers/1", "/admin/readers/1/erase", "/admin/deliveries", "/admin/reports"],
  ...["/admin/reports/1", "/admin/suppressions", "/admin/editions", `/admin/editions/${DATE}`],
  ...[`/admin/editions/${DATE}/preview`, `/admin/editions/${DATE}/preview/mail`, "/admin/audit", "/admin/queues"],
];

test("nobody without a session sees or does anything", async () => {
  const seen = await Promise.all(PAGES.map((path) => web.get(path)));
  expect(seen.map(({ status }) => status)).toEqual(PAGES.map(() => 401));
  const before = await web.state();
  const doors = [
    ...["/admin/pause", "/admin/resume", "/admin/readers/1/suppress", "/admin/readers/1/erase", "/admin/suppressions"],
    ...["/admin/suppressions/lift", `/admin/editions/${DATE}/reopen`, `/admin/editions/${DATE}/close`],
    ...[`/admin/editions/${DATE}/test`, "/admin/readers/find"],
  ];
  const strangers = await Promise.all(doors.map((path) => web.press(path, { formToken, who: "a@example.org" })));
  expect(strangers.map(({ status }) => status)).toEqual(doors.map(() => 401));
  const forged = await Promise.all(doors.map((path) => press(path, { who: "a@example.org", note: "x" }, "x")));
  expect(forged.map(({ status }) => status)).toEqual(doors.map(() => 403));
  expect(await web.state()).toBe(before);
  expect(await web.store.stops.standing()).toEqual([]);
});

describe("readers", () => {
  test("stand with their filter and a masked address; one is shown whole", async () => {
    const list = await read("/admin/readers?state=active");
    expect([list.includes("r•••@example.org"), list.includes("reader1@"), list.includes("looms")]).toEqual([
      ...[true, false, true],
    ]);
    expect(await read("/admin/readers?state=ended")).toContain("There is nothing of that kind.");
    const one = await read(`/admin/readers/${reader}`);
    expect(
      ["reader1@example.org", "“looms”", "confirmed", "confirmation-link"].filter((w) => !one.includes(w)),
    ).toEqual([]);
    expect((await ask("/admin/readers/999")).status).toBe(404);
  });

  test("are found by address in any spelling, number and key; the address stands in no address of a page", async () => {
    const to = async (who: string) => (await press("/admin/readers/find", { who })).headers.get("location");
    expect([
      await to("READER1@Example.ORG"),
      await to(String(reader)),
      await to("nobody@example.org"),
      await to("x"),
    ]).toEqual([
      ...[`/admin/readers/${reader}`, `/admin/readers/${reader}`, "/admin/readers?done=no-reader"],
      "/admin/readers?done=wrong-address",
    ]);
  });

  test("are suppressed and erased, with an audit line each that names no address; erasing is asked twice", async () => {
    const id = await web.store.aReader();
    const key = (await web.store.readerList.findById(id))!.addressKey;
    expect(await pressed(`/admin/readers/${id}/suppress`, { note: "asked by phone" })).toEqual({
      status: 303,
      to: `/admin/readers/${id}?done=suppressed`,
      lines: [
        {
          ...{ by: "admin", what: "suppress", about: `key ${key}` },
          details: { hasNote: true, outcome: "suppressed" },
        },
      ],
    });
    expect((await web.store.subscriptions.findById(id))?.state).toBe("ended");
    const asked = await page(`/admin/readers/${id}/erase`);
    expect([asked.includes(`action="/admin/readers/${id}/erase"`), asked.includes("cannot be undone")]).toEqual([
      true,
      true,
    ]);
    expect((await web.store.subscriptions.findById(id))?.email).not.toBeNull();
    expect(await pressed(`/admin/readers/${id}/erase`)).toEqual({
      status: 303,
      to: `/admin/readers/${id}?done=erased`,
      lines: [{ by: "admin", what: "erase", about: `key ${key}`, details: { subscriptions: 1, requests: 1 } }],
    });
    expect((await web.store.subscriptions.findById(id))?.email).toBeNull();
    expect(await read(`/admin/readers/${id}?done=erased`)).toContain("Erased. The key of the address stays.");
  });
});

describe("deliveries", () => {
  test("are looked through by state, day, edition and reader, and page by page", async () => {
    const first = await page("/admin/deliveries");
    const next = unescaped(/href="([^"]*)" rel="next"/.exec(first)![1]!);
    expect(next).toBe("/admin/deliveries?after=2026-04-16.71");
    const second = await page(next);
    expect(unescaped(/href="([^"]*)" rel="prev"/.exec(second)![1]!)).toBe("/admin/deliveries?before=2026-04-16.70");
    const rows = async (query: string) => (await page(`/admin/deliveries?${query}`)).split("<tr>").length - 2;
    expect([
      await rows("state=refused"),
      await rows("localDay=2026-04-15"),
      await rows(`edition=2026-04-15&reader=${reader}&after=2026-04-16.115`),
    ]).toEqual([1, -1, 5]);
    expect(await page("/admin/deliveries?state=refused")).not.toContain("<script>alert");
  });
});

describe("B7: a report is text and nothing else", () => {
  test("HTML, script and letters that steer stand in it as letters, and at most 256 kB", async () => {
    const raw = Buffer.from(`Subject: ${EVIL}\r\n\r\n${EVIL}\n\xff\xfe\0${"a".repeat(300_000)}TAIL`, "latin1");
    const id = await web.store.reports.keep({
      ...{ via: "raw", raw, cut: 0, eventKey: null, envelopeTo: EVIL, envelopeFrom: null },
    });
    const answer = await ask(`/admin/reports/${id}`);
    const html = await answer.text();
    expect(answer.headers.get("content-security-policy")).toContain("script-src 'self'");
    const harm = ["<script>", "<img", 'javascript:1">', "\u202e", "\u0007", "\0", "TAIL"];
    expect(harm.filter((each) => html.includes(each))).toEqual([]);
    expect(unescaped(html)).toContain('Subject: </pre><script>alert(1)</script><img src="https://evil.example/x.png">');
    expect(html.length).toBeLessThan(400_000);
    expect(unescaped(html.replace(/<[^>]*>/g, ""))).toContain(`of ${raw.length.toLocaleString("en")} bytes`);
    expect(await page("/admin/reports?via=raw")).toContain(`/admin/reports/${id}`);
    expect((await ask("/admin/reports/999")).status).toBe(404);
  });
});

describe("suppressions", () => {
  test("are added and lifted by address or key, with a reason for lifting, and listed by key", async () => {
    const added = await pressed("/admin/suppressions", { who: "gone@example.org", note: "left us <b>" });
    expect(added).toEqual({
      ...{ status: 303, to: "/admin/suppressions?done=suppressed" },
      lines: [
        {
          ...{ by: "admin", what: "suppress", about: "key key of gone@example.org" },
          details: { hasNote: true, outcome: "suppressed" },
        },
      ],
    });
    const list = await read("/admin/suppressions");
    expect([list.includes("key of gone@example.org"), list.includes("left us <b>")]).toEqual([true, true]);
    expect((await pressed("/admin/suppressions/lift", { who: "gone@example.org" })).to).toBe(
      "/admin/suppressions?done=no-note",
    );
    expect(await pressed("/admin/suppressions/lift", { who: "gone@example.org", note: "they called" })).toEqual({
      ...{ status: 303, to: "/admin/suppressions?done=lifted" },
      lines: [
        {
          ...{ by: "admin", what: "lift", about: "key key of gone@example.org" },
          details: { lifted: true, because: "operator" },
        },
      ],
    });
    expect([
      (await read("/admin/suppressions")).includes("gone@"),
      (await read("/admin/suppressions?lifted=yes")).includes("they called"),
    ]).toEqual([false, true]);
  });
});

describe("editions", () => {
  test("are shown with what became of their deliveries", async () => {
    expect(await read("/admin/editions")).toContain("2026-04-15");
    const one = await read(`/admin/editions/${DATE}`);
    expect([one.includes("accepted 119"), one.includes("refused 1"), one.includes("it stays as it is")]).toEqual([
      ...[true, true, true],
    ]);
    expect((await ask("/admin/editions/2026-01-01")).status).toBe(404);
  });

  test("are opened again and closed by hand, unless digests of them are planned", async () => {
    await web.anEdition("2026-04-14", [{ title: "Yesterday's news", arxivId: "2604.00003" }]);
    expect(await pressed("/admin/editions/2026-04-14/reopen")).toEqual({
      ...{ status: 303, to: "/admin/editions/2026-04-14?done=reopened" },
      lines: [{ by: "admin", what: "reopen-edition", about: "edition 2026-04-14", details: { outcome: "reopened" } }],
    });
    const { to, lines } = await pressed("/admin/editions/2026-04-14/close");
    expect([to, lines]).toEqual([
      "/admin/editions/2026-04-14?done=closed",
      [
        {
          ...{ by: "admin", what: "close-edition", about: "edition 2026-04-14" },
          details: { outcome: expect.stringMatching(/^(closed|broken|quiet)$/) },
        },
      ],
    ]);
    expect((await web.store.editions.standing("2026-04-14"))?.revision).toBe(2);
    await web.store.sql("UPDATE deliveries SET is_welcome = true WHERE id = 1");
    expect((await pressed(`/admin/editions/${DATE}/reopen`)).to).toBe(`/admin/editions/${DATE}?done=planned`);
  });

  test("are seen as any filter sees them, and a filter that is wrong is explained", async () => {
    const seen = await read(`/admin/editions/${DATE}/preview?include=looms%0D%0Aplan`);
    expect([seen.includes("Looms and mills"), seen.includes("Agents that plan")]).toEqual([true, true]);
    expect(await read(`/admin/editions/latest/preview?include=zeppelin`)).toContain("No paper of this edition fits.");
    expect(await read(`/admin/editions/${DATE}/preview?minUpvotes=many`)).toContain("This filter cannot be used");
    const mail = await ask(`/admin/editions/${DATE}/preview/mail?include=looms`);
    expect([
      mail.headers.get("content-security-policy")!.endsWith("sandbox"),
      (await mail.text()).includes("Looms"),
    ]).toEqual([...[true, true]]);
  });

  test("a test is a digest whose links change nothing, and no delivery; whom we do not write to gets none", async () => {
    const before = await web.state();
    const fields = { to: "Operator@example.org", include: "looms", language: "de", format: "html", maxPapers: "3" };
    expect(await pressed(`/admin/editions/${DATE}/test`, fields)).toEqual({
      ...{ status: 303, to: `/admin/editions/${DATE}?done=sent` },
      lines: [
        {
          ...{ by: "admin", what: "send-test", about: `edition ${DATE}` },
          details: { key: "key of operator@example.org", outcome: "sent" },
        },
      ],
    });
    const raw = web.sent.at(-1)!.raw.toString("latin1");
    expect([
      /^To: Operator@example\.org\r$/m.test(raw),
      raw.includes("Looms and mills"),
      /Abbestellen|abbestellen/.test(raw),
    ]).toEqual([...[true, true, true]]);
    const links = [
      ...new Set(raw.replace(/=\r\n/g, "").match(/http:\/\/paperboy\.example\/(?:unsubscribe|preferences)\/[\w.-]+/g)),
    ];
    expect(links.length).toBeGreaterThan(1);
    for (const link of links) await web.press(new URL(link).pathname, { "List-Unsubscribe": "One-Click", do: "pause" });
    expect(await web.state()).toBe(before);

    const count = web.sent.length;
    await web.store.suppressions.suppress("key of blocked@example.org", "never");
    const to = async (more: object) => (await pressed(`/admin/editions/${DATE}/test`, { ...fields, ...more })).to;
    expect([
      await to({ to: "blocked@example.org" }),
      await to({ to: "nobody" }),
      await to({ include: "zeppelin" }),
      web.sent.length - count,
    ]).toEqual([
      `/admin/editions/${DATE}?done=suppressed`,
      `/admin/editions/${DATE}?done=wrong-address`,
      `/admin/editions/${DATE}?done=nothing`,
      0,
    ]);
  });
});

describe("the first page", () => {
  test("tells of alarms and stops, and pauses and resumes with an audit line each", async () => {
    await web.store.incidents.raise("smtp-down", "smtp.example.org", "The mail server is down <b>.");
    expect(await read("/admin")).toContain("smtp.example.org: The mail server is down <b>.");
    expect(await pressed("/admin/pause", { because: "a look at the list" })).toEqual({
      ...{ status: 303, to: "/admin?done=paused" },
      lines: [{ by: "admin", what: "pause", about: null, details: { isNew: true } }],
    });
    expect(await read("/admin")).toContain("All digests, since 2026-04-16 09:00 UTC: a look at the list");
    expect(await pressed("/admin/resume")).toEqual({
      ...{ status: 303, to: "/admin?done=resumed" },
      lines: [{ by: "admin", what: "resume", about: null, details: { lifted: 1 } }],
    });
    expect(await web.store.stops.standing()).toEqual([]);
  });

  test("shows thirty days as lines, in words and as tables", async () => {
    await web.store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, text, via, verdict, because)
       SELECT $1, $2::timestamptz - n * interval '1 minute', now(), CASE WHEN n = 0 THEN 'complaint' ELSE 'hard' END, true, '', 'raw', 'count', ''
       FROM generate_series(0, 3) n`,
      [reader, at("2026-04-16T08:00Z")],
    );
    const left = await web.store.aReader();
    await web.store.subscriptions.end(left, "reader", "test");
    const [moved] = await web.store.sql<{ came: number; left: number }>(
      `SELECT (count(*) FILTER (WHERE what = 'confirmed'))::int AS came, (count(*) FILTER (WHERE what = 'ended'))::int AS "left"
       FROM subscription_changes`,
    );
    const html = await page("/admin");
    const said = [...html.matchAll(/id="chart-\w+-said">([^<]*)</g)].map(([, words]) => unescaped(words!));
    expect(said).toEqual([
      "From March 18, 2026 to April 16, 2026: 119 accepted, 0 empty, and 1 not delivered.",
      `From March 18, 2026 to April 16, 2026: ${moved!.came} came and ${moved!.left} left.`,
      "From March 18, 2026 to April 16, 2026: 3 bounces and 1 complaints.",
    ]);
    expect([html.split("<polyline").length - 1, html.split('role="img"').length - 1]).toEqual([14, 3]);
  });
});

test("the audit lines are a page, by whom and about what", async () => {
  await web.store.sql("TRUNCATE audit_lines");
  await web.store.audit.note({ by: "cli", what: "import", about: null, details: { files: 2 } });
  await web.store.audit.note({ by: "admin", what: "erase", about: "key abc", details: {} });
  expect([
    (await read("/admin/audit")).includes("imported papers"),
    (await read("/admin/audit?by=cli")).includes("erased a reader"),
    (await read("/admin/audit?about=key+abc")).includes("erased a reader"),
    (await read("/admin/audit?about=key+ab")).includes("erased a reader"),
  ]).toEqual([true, false, true, false]);
});

describe("X9: whatever stands in the address of a list", () => {
  const HOSTILE = [
    ...["'", "' OR 1=1 --", "1; DROP TABLE papers; --", "\\", "%", "$1", "\0", "a\0b", "-1", "1e9", "9".repeat(30)],
    ...[
      "0000-00-00",
      "9999-12-31",
      "2026-02-30",
      "2026-04-15' --",
      "2026-04-15.1 OR 1",
      "asc",
      "id desc",
      "x".repeat(3_000),
    ],
    ...["2999-12-31.1", "0001-01-01.1", "2026-04-15.999999999999999999", "__proto__", "constructor", "\u202e"],
  ];
  const LISTS = {
    "/admin/readers": ["state", "after", "before", "sort"],
    "/admin/deliveries": ["state", "localDay", "edition", "reader", "after", "before", "order"],
    "/admin/reports": ["via", "state", "reader", "after", "before"],
    "/admin/suppressions": ["lifted", "after", "before"],
    "/admin/editions": ["after", "before"],
    "/admin/audit": ["by", "about", "after", "before"],
    "/admin": ["done"],
    [`/admin/editions/${DATE}/preview`]: ["include", "filter", "maxPapers", "topics"],
  };

  test.each(Object.entries(LISTS))(
    "%s: it is refused or finds nothing",
    async (path, names) => {
      const before = await web.state();
      const wrong: string[] = [];
      const paths = [
        ...names.flatMap((name) => HOSTILE.map((value) => `?${new URLSearchParams({ [name]: value })}`)),
        ...HOSTILE.map((value) => `/${encodeURIComponent(value)}`),
      ];
      for (let from = 0; from < paths.length; from += 10)
        await Promise.all(
          paths.slice(from, from + 10).map(async (rest) => {
            const { status } = await ask(path + rest);
            if (![200, 400, 404].includes(status)) wrong.push(`${rest.slice(0, 60)} answered ${status}`);
          }),
        );
      expect(wrong).toEqual([]);
      expect(await web.state()).toBe(before);
    },
    60_000,
  );
});
