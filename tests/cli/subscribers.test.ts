import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import type { App } from "../../src/app.ts";
import { subscribers } from "../../src/cli/commands/subscribers.ts";
import { openProgress } from "../../src/cli/progress.ts";
import type { ListTerminal } from "../../src/cli/terminal.ts";
import { parseDomainList } from "../../src/core/domain-list.ts";
import type { Address } from "../../src/core/email-address.ts";
import { openText } from "../../src/core/text.ts";
import { defaultCatalogue } from "../../src/core/topics.ts";
import { Invalid, NotFound } from "../../src/errors.ts";
import { readCatalogues } from "../../src/mail/catalogues.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aStore, type TestStore } from "../support/store.ts";
import { at } from "../support/time.ts";

const texts = openText(await readCatalogues("templates/text"));
const NOW = at("2026-11-26T12:00Z");
const keyOf = ({ key }: Pick<Address, "key">) => `key of ${key}`;
let folder: string;
let store: TestStore;
let printed: string[];
let complained: string[];
let output: string;
const opened: TestStore[] = [];

async function another(): Promise<TestStore> {
  const it = await aStore(NOW);
  opened.push(it);
  return it;
}
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "paperboy-readers-"));
  store = await another();
});
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
  rmSync(folder, { recursive: true });
  process.exitCode = undefined;
});

async function run(...args: string[]): Promise<string> {
  [printed, complained, output] = [[], [], ""];
  const terminal: ListTerminal = {
    print: (text) => void printed.push(text),
    complain: (text) => void complained.push(text),
    progress: openProgress({ write: () => {} }),
    output: new Writable({
      write(chunk, _, done) {
        output += String(chunk);
        done();
      },
    }),
    withApp: (work) =>
      work({
        ...{ ...store, addressKey: keyOf, catalogue: defaultCatalogue, texts },
        ...{ refusedDomains: parseDomainList("throwaway.example"), databaseNow: async () => store.clock.now() },
      } as unknown as App),
  };
  await subscribers(terminal).exitOverride().parseAsync(args, { from: "user" });
  return printed.join("\n");
}
function aList(...lines: string[]): string {
  const path = join(folder, "list.csv");
  writeFileSync(path, lines.join("\n"));
  return path;
}
const imported = async (...lines: string[]) => JSON.parse(await run("import", aList(...lines), "--json"));
const readers = () =>
  store.sql(
    "SELECT email, state, cadence, weekday, hour, zone, max_papers, language, format, filter FROM subscriptions ORDER BY id",
  );
const NONE = { added: 0, already: 0, ended: 0, erased: 0, suppressed: 0, refused: 0 };

describe("a list of readers is taken in", () => {
  test("with all they chose, as active readers, with the proof of their consent", async () => {
    const list = aList(
      "E-Mail Address;Consent;Topics;Include;Exclude;Authors;Categories;Hour;Time Zone;Cadence;Weekday;Max Papers;Language;Format",
      'ada@example.org;2026-01-02;agents, robotics;"kv cache; ""exact words""";video;Ada Lovelace;cs.CL;9;Europe/Berlin;weekly;Friday;5;de;plain',
      "alan@example.org;signed the form at a fair in May 2025;;;;;;;;;;;;",
    );
    expect(await run("import", list)).toBe("Of 2 lines 2 were taken in, 0 were readers already, 0 refused.");
    expect(await readers()).toEqual([
      {
        ...{ email: "ada@example.org", state: "active", cadence: "weekly", weekday: 5, hour: 9, zone: "Europe/Berlin" },
        ...{ max_papers: 5, language: "de", format: "text" },
        filter: aFilter({
          ...{ topics: ["agents", "robotics"], include: ["kv cache", '"exact words"'], exclude: ["video"] },
          ...{ authors: ["Ada Lovelace"], categories: ["cs.CL"] },
        }),
      },
      {
        ...{ email: "alan@example.org", state: "active", cadence: "daily", weekday: null, hour: 7, zone: "UTC" },
        ...{ max_papers: 10, language: "en", format: "html", filter: aFilter() },
      },
    ]);
    const kept = await store.sql(`
      SELECT c.what, c.via, c.version, c.at, r.kind, r.asked_by, r.consent, r.asked_at, r.state, r.email FROM subscription_changes c
      JOIN requests r ON r.id = c.request_id ORDER BY c.subscription_id`);
    const same = { what: "confirmed", via: "import", version: 1, at: NOW, kind: "subscribe", asked_by: "import" };
    expect(kept).toEqual([
      { ...same, consent: "2026-01-02", asked_at: at("2026-01-02T00:00Z"), state: "confirmed", email: null },
      { ...same, consent: "signed the form at a fair in May 2025", asked_at: NOW, state: "confirmed", email: null },
    ]);
  });

  test("and their first digest is the next one due: none goes out at once", async () => {
    await imported("email,consent,hour", "a@example.org,2026-01-02,11", "b@example.org,2026-01-02,13");
    expect(await store.sql("SELECT FROM deliveries")).toEqual([]);
    expect(
      await store.sql(`SELECT g.hour, c.joined_at, c.joined_late, c.last_local_day, c.last_edition FROM subscription_clocks c
        JOIN delivery_groups g ON g.id = c.group_id ORDER BY 1`),
    ).toEqual(
      [11, 13].map((hour) => ({ hour, joined_at: NOW, joined_late: false, last_local_day: null, last_edition: null })),
    );
    const groups = await store.planning.groups();
    const due = { cadence: "daily", zone: "UTC", localDay: "2026-11-26" } as const;
    const planned = async (hour: number, localDay = due.localDay as string) => {
      const { id } = groups.find(({ group }) => group.hour === hour)!;
      const instant = at(`${localDay}T${hour}:00Z`);
      const is = { ...due, localDay, hour, at: instant };
      return (await store.planning.plan(id, is, "2026-11-25", at("2026-11-28T00:00Z"), instant, false)).count;
    };
    expect([await planned(11), await planned(13), await planned(11, "2026-11-27")]).toEqual([0, 1, 1]);
  });

  test("twice changes nothing, and a list does not touch who is a reader already", async () => {
    await store.aReader(preferences({ hour: 20 })); // reader1@example.org
    const lines = ["email,consent,hour", "Reader1@EXAMPLE.org,2026-01-02,5", "new@example.org,2026-01-02,5"];
    const before = await store.sql("SELECT * FROM subscriptions WHERE email = 'reader1@example.org'");
    expect(await imported(...lines)).toMatchObject({ lines: 2, added: 1, already: 1 });
    const all = () =>
      Promise.all(
        ["subscriptions", "subscription_changes", "subscription_clocks", "requests", "delivery_groups"].map((table) =>
          store.sql(`SELECT * FROM ${table} ORDER BY 1`),
        ),
      );
    const after = await all();
    expect(await imported(...lines)).toMatchObject({ lines: 2, added: 0, already: 2 });
    expect(await all()).toEqual(after);
    expect(await store.sql("SELECT * FROM subscriptions WHERE email = 'reader1@example.org'")).toEqual(before);
  });

  test("who left, was erased or is suppressed stays away, and is told by line and reason, never by address", async () => {
    const [left, gone] = [await store.aReader(), await store.aReader()];
    await store.subscriptions.end(left, "reader", "one-click");
    await store.erasure.erase("key of reader2@example.org", "operator");
    await store.suppressions.suppress("key of bad@example.org", "complaint");
    await store.suppressions.suppress("key of soft@example.org", "bounces");
    await store.suppressions.suppress("key of fine@example.org", "operator");
    await store.suppressions.lift("key of fine@example.org", "a mistake");
    const list = aList(
      "email,consent",
      ...["reader1", "reader2", "bad", "soft", "fine"].map((name) => `${name}@example.org,2026-01-02`),
    );
    const report = join(folder, "report.csv");
    expect(await run("import", list, "--report", report)).toBe(
      "Of 5 lines 1 were taken in, 0 were readers already, 0 refused. 4 stay away: 1 have left, 1 were erased, 2 are suppressed.",
    );
    expect(readFileSync(report, "utf8").split("\r\n")).toEqual([
      "line,outcome,reason",
      '2,ended,"They have left, and stay away: they may come back by asking."',
      '3,erased,"They were erased, and stay away: they may come back by asking."',
      "4,suppressed,The address is suppressed: it is not written to.",
      "5,suppressed,The address is suppressed: it is not written to.",
      "",
    ]);
    expect(statSync(report).mode & 0o777).toBe(0o600);
    expect(complained.join()).not.toContain("@");
    expect((await store.subscriptions.findById(left))!.state).toBe("ended");
    expect((await store.subscriptions.findById(gone))!.email).toBeNull();
    expect(process.exitCode).toBeUndefined();
  });

  test("bad lines are told and cost nobody else their place", async () => {
    const result = await imported(
      "email,consent,hour,topics,zone,status",
      "not an address,2026-01-02,,,,",
      "a@example.org,,,,,",
      "b@example.org,no,,,,",
      "c@example.org,yes,,,,",
      "d@example.org,2027-01-02,,,,",
      "e@example.org,2026-01-02,25,,,",
      "f@example.org,2026-01-02,,cooking,,",
      "g@example.org,2026-01-02,,,Mars/Olympus,",
      "h@throwaway.example,2026-01-02,,,,",
      "i@example.org,2026-01-02,,,,blocklisted",
      "i@example.org,2026-01-02,,,,away@example.org",
      "j@example.org,2026-01-02,,,,,,x",
      "k\u0000@example.org,2026-01-02,,,,",
      "good@example.org,2026-01-02,,,,enabled",
    );
    expect(result).toMatchObject({ ...NONE, lines: 14, added: 1, refused: 13 });
    expect(complained.map((line) => line.slice(0, 72))).toEqual([
      "line 2: An email address has no spaces, line breaks or invisible characters.".slice(0, 72),
      "line 3: Nothing says when or how consent was given.",
      "line 4: The list says that no consent was given.",
      'line 5: "yes" says neither when nor how consent was given. Write a date, or how.'.slice(0, 72),
      "line 6: Consent lies in the future.",
      "line 7: hour: Write a whole number from 0 to 23.",
      'line 8: topics.0: There is no topic "cooking". Write one of: language-models, reasoning'.slice(0, 72),
      "line 9: zone: We do not know this time zone. Write one such as Europe/Berlin or UTC.".slice(0, 72),
      "line 10: Addresses of this domain are refused (REFUSE_DISPOSABLE).",
      'line 11: Their status is "blocklisted": only who is active, or paused, is taken in.'.slice(0, 72),
      'line 12: Their status is "•••": only who is active, or paused, is taken in.'.slice(0, 72),
      "line 13: It has 8 fields and the first line 6: a field with commas wants quotes.".slice(0, 72),
      "line 14: An email address has no spaces, line breaks or invisible characters.".slice(0, 72),
    ]);
    expect((await readers()).map(({ email }: { email?: string }) => email)).toEqual(["good@example.org"]);
  });

  test("of an address that stands in the file twice the first line counts", async () => {
    const lines = Array.from({ length: 2_500 }, (_, n) => `r${n % 2_400}@example.org,2026-01-02,${n < 2_400 ? 8 : 9}`);
    // A dry run tells the same, though nothing of an earlier batch is there.
    const list = aList("email,consent,hour", ...lines);
    for (const how of [["--dry-run"], []])
      expect(JSON.parse(await run("import", list, ...how, "--json"))).toMatchObject({ added: 2_400, already: 100 });
    expect(await store.sql("SELECT hour, count(*)::int FROM subscriptions GROUP BY 1")).toEqual([
      { hour: 8, count: 2_400 },
    ]);
  });

  test("--dry-run tells the same and writes nothing", async () => {
    await store.suppressions.suppress("key of bad@example.org", "never");
    const list = aList(
      "email,consent",
      "a@example.org,2026-01-02",
      "a@example.org,2026-01-02",
      "bad@example.org,2026-01-02",
      "x,2026-01-02",
    );
    const told = JSON.parse(await run("import", list, "--dry-run", "--json"));
    expect(told).toEqual({
      path: list,
      dryRun: true,
      ...NONE,
      lines: 4,
      added: 1,
      already: 1,
      suppressed: 1,
      refused: 1,
    });
    expect([
      await readers(),
      await store.sql("SELECT FROM delivery_groups"),
      await store.sql("SELECT FROM requests"),
    ]).toEqual([[], [], []]);
  });

  test("a formula that a spreadsheet was kept from is the address it was", async () => {
    await imported("email,consent", "'+tag@example.org,'=1+1 said so", "=evil@example.org,2026-01-02");
    expect((await readers()).map(({ email }: { email?: string }) => email)).toEqual([
      "+tag@example.org",
      "=evil@example.org",
    ]);
    expect(await store.sql("SELECT consent FROM requests ORDER BY id LIMIT 1")).toEqual([{ consent: "=1+1 said so" }]);
  });

  test("paused readers come in paused, until they are to come back", async () => {
    await imported(
      "email,consent,status,paused until",
      "a@example.org,2026-01-02,paused,2026-12-24T07:00:00.000Z",
      "b@example.org,2026-01-02,Paused,",
    );
    expect(
      await store.sql(
        "SELECT state, paused_until, group_id FROM subscriptions JOIN subscription_clocks ON id = subscription_id ORDER BY id",
      ),
    ).toEqual([
      { state: "paused", paused_until: at("2026-12-24T07:00Z"), group_id: null },
      { state: "paused", paused_until: null, group_id: null },
    ]);
  });

  test.each([
    [
      "listmonk",
      [
        "uuid,email,name,attributes,status,created_at,updated_at",
        '1,a@example.org,A,"{""k"": ""v""}",enabled,2025-03-04T05:06:07Z,x',
        "2,b@example.org,B,{},disabled,2025-03-04T05:06:07Z,x",
      ],
      "created_at",
    ],
    [
      "Mailchimp",
      [
        '"Email Address","First Name",Address,MEMBER_RATING,OPTIN_TIME,CONFIRM_TIME,TIMEZONE,TAGS,UNSUB_TIME',
        'a@example.org,A,"1, Street",2,"2025-03-04 05:06:07",,Europe/Berlin,,',
        'b@example.org,B,,2,,"2025-03-04 05:06:07",,,"2025-06-07 00:00:00"',
      ],
      null,
    ],
    [
      "Ghost",
      [
        "id,email,name,note,subscribed_to_emails,complimentary_plan,stripe_customer_id,created_at,deleted_at,labels,tiers",
        "1,a@example.org,A,,true,,,2025-03-04T05:06:07.000Z,,,",
        "2,b@example.org,B,,false,,,2025-03-04T05:06:07.000Z,,,",
      ],
      "created_at",
    ],
  ])("an export of %s brings who is subscribed there, and not who left", async (_, lines, consentColumn) => {
    const told = JSON.parse(
      await run("import", aList(...lines), "--json", ...(consentColumn ? ["--consent-column", consentColumn] : [])),
    );
    expect(told).toMatchObject({ lines: 2, added: 1, refused: 1 });
    expect(
      await store.sql("SELECT s.email, r.asked_at FROM subscriptions s JOIN requests r USING (address_key)"),
    ).toEqual([{ email: "a@example.org", asked_at: at("2025-03-04T05:06:07Z") }]);
  });

  test("a first line that names no address, no consent, or a column twice, is misuse", async () => {
    await expect(run("import", aList("name,consent", "x,y"))).rejects.toThrow(
      new Invalid("No column of the first line is an address: name, consent. Call it email."),
    );
    await expect(run("import", aList("email,created_at", "x,y"))).rejects.toThrow(
      /^No column says when or how consent was given, .*--consent-column NAME\. The first line has: email, created_at$/,
    );
    await expect(run("import", aList("email,consent,E-MAIL", "x,y,z"))).rejects.toThrow(
      /stands in the first line twice/,
    );
    await expect(run("import", aList("email,x", "y,z"), "--consent-column", "when")).rejects.toThrow(
      'There is no column "when". The first line has: email, x',
    );
    await expect(run("import", join(folder, "none.csv"))).rejects.toThrow(/there is no such file/);
    // A column that nobody reads may stand there as often as it likes.
    expect(await imported("email,consent,note,note", "a@example.org,2026-01-02,,")).toMatchObject({ added: 1 });
  });

  test("a list of nothing but bad lines fails", async () => {
    await imported("email,consent", "x,y");
    expect(process.exitCode).toBe(1);
  });

  test("who is in knows what is held on them: the consent stands in their export, and goes with them", async () => {
    await imported("email,consent", "a@example.org,fair in May 2025");
    const { id } = (await store.subscriptions.findByAddressKey("key of a@example.org"))!;
    const [request] = await store.readerRecords.requests("key of a@example.org", 0n, 9);
    expect(request).toMatchObject({ askedBy: "import", consent: "fair in May 2025", state: "confirmed", wanted: null });
    await store.erasure.erase("key of a@example.org", "operator");
    await store.clock.set(at("2036-11-26T12:00Z"));
    await store.erasure.dropConsent(365, 10);
    expect(await store.sql("SELECT FROM requests")).toEqual([]);
    expect((await store.subscriptions.findById(id))!.email).toBeNull();
  });
});

describe("a list of readers is taken along", () => {
  const HEADER =
    "email,status,paused until,cadence,weekday,hour,zone,max papers,language,format,topics,categories,include,authors,exclude,min upvotes,only with code,filter,consent";

  test("with what each chose and how they agreed, for its owner alone", async () => {
    await store.requests.add({
      email: "ada@example.org",
      addressKey: "key of ada@example.org",
      wanted: preferences({
        filter: aFilter({ topics: ["agents"], include: ["kv cache", "=x"], minUpvotes: 3, onlyWithCode: true }),
        zone: "Europe/Berlin",
      }),
      askedBy: "form",
      page: "/",
      textVersion: "en-0123456789ab",
    });
    const [row] = await store.sql<{ id: string }>("SELECT id FROM requests");
    await store.subscriptions.confirm(
      BigInt(row!.id),
      () => null,
      async () => {},
    );
    const file = join(folder, "readers.csv");
    expect(await run("export", file)).toBe(`${file}: one reader`);
    expect(readFileSync(file, "utf8")).toBe(
      `${HEADER}\r\nada@example.org,active,,daily,,7,Europe/Berlin,10,en,html,agents,,kv cache;' =x,,,3,yes,,2026-11-26T12:00:00.000Z confirmed by the link in a mail; asked 2026-11-26T12:00:00.000Z by form on / (words en-0123456789ab)\r\n`,
    );
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder)).toEqual(["readers.csv"]);
    expect(JSON.parse(await run("export", file, "--json"))).toEqual({ path: file, readers: 1 });
  });

  test("by state, to standard output, and without who was erased", async () => {
    const [, paused, left, erased] = [
      await store.aReader(),
      await store.aReader(),
      await store.aReader(),
      await store.aReader(),
    ];
    await store.subscriptions.pause(paused, null, "preferences-link");
    await store.subscriptions.end(left, "reader", "one-click");
    await store.erasure.erase("key of reader4@example.org", "operator");
    const who = async (...args: string[]) => {
      await run("export", ...args);
      return output
        .split("\r\n")
        .slice(1, -1)
        .map((line) => line.split(",").slice(0, 2).join(" "));
    };
    expect(erased).toBeGreaterThan(0n);
    expect(await who()).toEqual(["reader1@example.org active"]);
    expect(await who("-", "--state", "paused,ended")).toEqual([
      "reader2@example.org paused",
      "reader3@example.org ended",
    ]);
    expect(printed).toEqual([]);
    await expect(run("export", "--json")).rejects.toThrow(Invalid);
    await expect(run("export", "--state", "asleep")).rejects.toThrow(
      "Write one or more of active, paused, suspended, ended.",
    );
  });

  test("a formula is none in it", async () => {
    await imported("email,consent", "=cmd@example.org,@SUM(A1)", "+1@example.org,'-2");
    await run("export");
    const cells = output
      .split("\r\n")
      .slice(1, -1)
      .map((line) => [line.split(",")[0], line.split(",").at(-1)]);
    expect(cells).toEqual([
      ["'=cmd@example.org", "'@SUM(A1)"],
      ["'+1@example.org", "'-2"],
    ]);
  });

  test("a fresh installation that reads it writes the same again", async () => {
    const list = aList(
      "email,consent,status,paused until,cadence,weekday,hour,zone,max papers,language,format,filter",
      `a@example.org,2026-01-02,,,weekly,3,23,Asia/Kathmandu,50,pt-BR,text,"{""watches"":[{""name"":""Work"",""topics"":[""agents""]},{""include"":[""a; b"",""title: x + y""],""exclude"":[""z""]}]}"`,
      `b@example.org,"said ""yes"", at a fair",paused,2026-12-24T07:00:00Z,weekdays,,0,UTC,1,en,html,"{""watches"":[{""authors"":[""LeCun, Yann""],""minUpvotes"":4}]}"`,
      `''+c@example.org,'=formula,,,,,,,,,,`,
      `d@example.org,2026-01-02T03:04:05Z by phone,,,,,,,,,,"{""watches"":[{""topics"":[""agents"",""code""],""categories"":[""cs""],""include"":[""kv cache"",""'quoted'""],""onlyWithCode"":true}]}"`,
    );
    await run("import", list);
    await store.aReader(preferences({ filter: aFilter({ name: "Only one, with a name" }) }));
    await run("export", "--state", "active,paused");
    const first = output;
    expect(first.split("\r\n").length).toBe(7);
    store = await another();
    const copy = join(folder, "copy.csv");
    writeFileSync(copy, first);
    expect(await run("import", copy)).toBe("Of 5 lines 5 were taken in, 0 were readers already, 0 refused.");
    await run("export", "--state", "active,paused");
    expect(output).toBe(first);
  });
});

describe("one reader is shown", () => {
  test("by address in any spelling or by number: what they chose, when they are due, what they got", async () => {
    const id = await store.aReader(preferences({ filter: aFilter({ topics: ["agents"] }), zone: "Europe/Berlin" }));
    await store.sql("SELECT make_delivery_partitions('2026-11-26', '2026-11-26')");
    await store.sql(
      `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason, ended_at)
        VALUES ('2026-11-26', $1, '2026-11-25', 'daily', paperboy_now(), paperboy_now(), 'empty', 'nothing-new', paperboy_now())`,
      [id],
    );
    await store.sql(
      `INSERT INTO verdicts (subscription_id, at, mail_at, class, names_no_user, status, text, via, verdict, because)
        VALUES ($1, paperboy_now(), paperboy_now(), 'soft', false, '4.2.2', $2, 'raw', 'count', 'soft')`,
      [id, "over \u001b[31mquota"],
    );
    const shown = await run("show", "Reader1@example.ORG");
    expect(shown.split("\n")).toEqual([
      `reader    ${id}  reader1@example.org`,
      "state     active",
      "since     2026-11-26T12:00Z, version 1",
      "gets      daily at 07:00, Europe/Berlin; at most 10 papers, html, en; papers on Agents",
      "next due  2026-11-27T06:00Z",
      "",
      "Digests, newest first:",
      "day         edition     state  papers  tries  why",
      "2026-11-26  2026-11-25  empty       0      0  nothing-new",
      "",
      "What came back, newest first:",
      "2026-11-26T12:00Z  raw  soft  count  soft  4.2.2 over [31mquota",
    ]);
    expect(await run("show", String(id))).toBe(shown);
    expect(JSON.parse(await run("show", String(id), "--json"))).toMatchObject({
      ...{
        id: String(id),
        email: "reader1@example.org",
        state: "active",
        nextDueAt: "2026-11-27T06:00:00.000Z",
        suppression: null,
      },
      ...{ deliveries: [{ state: "empty", reason: "nothing-new" }], verdicts: [{ verdict: "count" }], reports: [] },
    });
  });

  test("who left, and why they are not written to", async () => {
    const id = await store.aReader();
    await store.subscriptions.end(id, "reader", "one-click");
    await store.suppressions.suppress("key of reader1@example.org", "operator", "asked by phone");
    expect((await run("show", String(id))).split("\n").slice(1)).toEqual([
      "state       ended 2026-11-26T12:00Z: reader",
      "since       2026-11-26T12:00Z, version 2",
      "gets        daily at 07:00, UTC; at most 10 papers, html, en; every trending paper",
      "next due    never, as it is",
      "suppressed  2026-11-26T12:00Z (operator): asked by phone",
      "",
      "No digest was planned yet.",
    ]);
  });

  test("nobody, somebody suppressed who never was a reader, and what is no address", async () => {
    await store.suppressions.suppress("key of bad@example.org", "never");
    await expect(run("show", "nobody@example.org")).rejects.toThrow(
      new NotFound("Nobody is subscribed under this address."),
    );
    await expect(run("show", "4711")).rejects.toThrow("Nobody is subscribed under the number 4711.");
    await expect(run("show", "bad@example.org")).rejects.toThrow(
      "Nobody is subscribed under it, and it is not written to since 2026-11-26T12:00Z (never).",
    );
    await expect(run("show", "reader1")).rejects.toThrow(Invalid);
  });
});

test("importing and exporting leave an audit line each, without an address", async () => {
  const file = join(folder, "readers.csv");
  writeFileSync(file, "email,consent\nreader@example.org,2026-01-02 by form\nnobody,2026-01-02 by form\n");
  await run("import", file);
  await run("export", join(folder, "all.csv"));
  expect(await store.sql("SELECT by, what, about, details FROM audit_lines ORDER BY id")).toEqual([
    {
      ...{ by: "cli", what: "import-readers", about: null },
      details: { isDry: false, lines: 2, added: 1, already: 0, ended: 0, erased: 0, suppressed: 0, refused: 1 },
    },
    { by: "cli", what: "export-readers", about: null, details: { states: "active", readers: 1 } },
  ]);
});
