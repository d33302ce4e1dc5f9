import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Invalid } from "../../../src/errors.ts";
import { aFilter, preferences } from "../../support/builders.ts";
import type { TestStore } from "../../support/store.ts";
import { aSubscribersDesk, NOW } from "../../support/subscribers-desk.ts";
import { at } from "../../support/time.ts";

const readers = (store: TestStore) =>
  store.sql<{ email: string }>(
    "SELECT email, state, cadence, weekday, hour, zone, max_papers, language, format, filter FROM subscriptions ORDER BY id",
  );
const NONE = { added: 0, already: 0, ended: 0, erased: 0, suppressed: 0, refused: 0 };

describe("a list of readers is taken in", () => {
  test("with all they chose, as active readers, with the proof of their consent", async () => {
    const { aList, run, store } = await aSubscribersDesk();
    const list = aList(
      "E-Mail Address;Consent;Topics;Include;Exclude;Authors;Categories;Hour;Time Zone;Cadence;Weekday;Max Papers;Language;Format",
      'ada@example.org;2026-01-02;agents, robotics;"kv cache; ""exact words""";video;Ada Lovelace;cs.CL;9;Europe/Berlin;weekly;Friday;5;de;plain',
      "alan@example.org;signed the form at a fair in May 2025;;;;;;;;;;;;",
    );
    expect(await run("import", list)).toBe("Of 2 lines 2 were taken in, 0 were readers already, 0 refused.");
    expect(await readers(store)).toEqual([
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
    const { imported, store } = await aSubscribersDesk();
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
    const { imported, store } = await aSubscribersDesk();
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
    const { aList, folder, run, store, told } = await aSubscribersDesk();
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
    expect(told.complained.join()).not.toContain("@");
    expect((await store.subscriptions.findById(left))!.state).toBe("ended");
    expect((await store.subscriptions.findById(gone))!.email).toBeNull();
    expect(process.exitCode).toBeUndefined();
  });

  test("bad lines are told and cost nobody else their place", async () => {
    const { imported, store, told } = await aSubscribersDesk();
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
    expect(told.complained.map((line) => line.slice(0, 72))).toEqual([
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
    expect((await readers(store)).map(({ email }) => email)).toEqual(["good@example.org"]);
  });

  test("of an address that stands in the file twice the first line counts", async () => {
    const { aList, run, store } = await aSubscribersDesk();
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
    const { aList, run, store } = await aSubscribersDesk();
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
      await readers(store),
      await store.sql("SELECT FROM delivery_groups"),
      await store.sql("SELECT FROM requests"),
    ]).toEqual([[], [], []]);
  });

  test("a formula that a spreadsheet was kept from is the address it was", async () => {
    const { imported, store } = await aSubscribersDesk();
    await imported("email,consent", "'+tag@example.org,'=1+1 said so", "=evil@example.org,2026-01-02");
    expect((await readers(store)).map(({ email }) => email)).toEqual(["+tag@example.org", "=evil@example.org"]);
    expect(await store.sql("SELECT consent FROM requests ORDER BY id LIMIT 1")).toEqual([{ consent: "=1+1 said so" }]);
  });

  test("paused readers come in paused, until they are to come back", async () => {
    const { imported, store } = await aSubscribersDesk();
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
    const { aList, run, store } = await aSubscribersDesk();
    const told = JSON.parse(
      await run("import", aList(...lines), "--json", ...(consentColumn ? ["--consent-column", consentColumn] : [])),
    );
    expect(told).toMatchObject({ lines: 2, added: 1, refused: 1 });
    expect(
      await store.sql("SELECT s.email, r.asked_at FROM subscriptions s JOIN requests r USING (address_key)"),
    ).toEqual([{ email: "a@example.org", asked_at: at("2025-03-04T05:06:07Z") }]);
  });

  test("a first line that names no address, no consent, or a column twice, is misuse", async () => {
    const { aList, folder, imported, run } = await aSubscribersDesk();
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
    const { imported } = await aSubscribersDesk();
    await imported("email,consent", "x,y");
    expect(process.exitCode).toBe(1);
  });

  test("who is in knows what is held on them: the consent stands in their export, and goes with them", async () => {
    const { imported, store } = await aSubscribersDesk();
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
