import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { Invalid } from "../../../src/errors.ts";
import { aFilter, preferences } from "../../support/builders.ts";
import { aSubscribersDesk } from "../../support/subscribers-desk.ts";

describe("a list of readers is taken along", () => {
  const HEADER =
    "email,status,paused until,cadence,weekday,hour,zone,max papers,language,format,topics,categories,include,authors,exclude,min upvotes,only with code,filter,consent";

  test("with what each chose and how they agreed, for its owner alone", async () => {
    const { folder, run, store } = await aSubscribersDesk();
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
    const { run, store, told } = await aSubscribersDesk();
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
      expect(await run("export", ...args)).toBe("");
      return told.output
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
    await expect(run("export", "--json")).rejects.toThrow(Invalid);
    await expect(run("export", "--state", "asleep")).rejects.toThrow(
      "Write one or more of active, paused, suspended, ended.",
    );
  });

  test("a formula is none in it", async () => {
    const { imported, run, told } = await aSubscribersDesk();
    await imported("email,consent", "=cmd@example.org,@SUM(A1)", "+1@example.org,'-2");
    await run("export");
    const cells = told.output
      .split("\r\n")
      .slice(1, -1)
      .map((line) => [line.split(",")[0], line.split(",").at(-1)]);
    expect(cells).toEqual([
      ["'=cmd@example.org", "'@SUM(A1)"],
      ["'+1@example.org", "'-2"],
    ]);
  });

  test("a fresh installation that reads it writes the same again", async () => {
    const { aList, folder, run, store, told } = await aSubscribersDesk();
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
    const first = told.output;
    expect(first.split("\r\n").length).toBe(7);
    const fresh = await aSubscribersDesk();
    const copy = join(folder, "copy.csv");
    writeFileSync(copy, first);
    expect(await fresh.run("import", copy)).toBe("Of 5 lines 5 were taken in, 0 were readers already, 0 refused.");
    await fresh.run("export", "--state", "active,paused");
    expect(fresh.told.output).toBe(first);
  });
});

test("importing and exporting leave an audit line each, without an address", async () => {
  const { folder, run, store } = await aSubscribersDesk();
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
