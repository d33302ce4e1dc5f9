import { mkdir, mkdtemp, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { Invalid } from "../../src/errors.ts";
import { readRecording } from "../../src/sources/read-recording.ts";
import { openRecording, type RecordedEnrichment, type RecordedPull } from "../../src/sources/recording.ts";
import { aLog } from "../actions/press.ts";
import { aSighting } from "../support/builders.ts";
import { at } from "../support/time.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "paperboy-recording-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const open = (where = folder) => openRecording(where, aLog().log);

function aPull(given: Partial<RecordedPull> = {}): RecordedPull {
  return {
    ...{ kind: "pull", source: "hugging-face", trending: true, day: "2026-04-14", outcome: "good", repeats: false },
    ...{ round: at("2026-04-15T00:30Z"), startedAt: at("2026-04-15T00:30:01Z"), endedAt: at("2026-04-15T00:30:02Z") },
    ...{ sightings: [], refusals: [], problem: null },
    ...given,
  };
}

/** Every field there is. */
const FULL = aSighting({
  ...{ summary: "It acts.", categories: ["cs.CL"], keywords: ["agents"], publishedAt: at("2026-04-13T17:00Z") },
  ...{ url: "https://arxiv.org/abs/2604.1", pdfUrl: "https://arxiv.org/pdf/2604.1", codeUrl: "https://github.com/a/b" },
  ...{ projectUrl: "https://a.example", organization: "Örg", listedOn: "2026-04-14", position: 3, withdrawn: false },
  signals: { upvotes: 12, stars: 3.5 },
});

const reading = (where = folder) => readRecording(where);
const refusal = (reading: Promise<unknown>) =>
  reading.then(
    () => "nothing",
    (error) => (error instanceof Invalid ? error.message : Promise.reject(error)),
  );

describe("a recording", () => {
  test("gives back what was put in, to the last field", async () => {
    const recording = await open();
    const pull = aPull({ sightings: [FULL], refusals: [{ where: "item 2", reason: "no title" }] });
    const failed = aPull({ outcome: "failed", problem: "503", day: "2026-04-13", endedAt: at("2026-04-15T00:31Z") });
    const enrichment: RecordedEnrichment = {
      ...{
        kind: "enrichment",
        source: "arxiv",
        trending: false,
        arxivIds: ["2604.00001"],
        round: at("2026-04-15T00:30Z"),
      },
      ...{ startedAt: at("2026-04-15T00:32Z"), endedAt: at("2026-04-15T00:33Z"), problem: null },
      ...{ sightings: [aSighting({ source: "arxiv" })], refusals: [] },
    };
    for (const answer of [pull, failed, enrichment]) await recording.add(answer);
    const recorded = await reading();
    expect(await Promise.all(recorded.heard.map((one) => recorded.answer(one)))).toEqual([pull, failed, enrichment]);
    expect([recording.written, recording.unwritten]).toEqual([3, 0]);
  });

  test("is heard by time, rounds end with their last answer, and answers of one instant keep their order", async () => {
    const recording = await open();
    const [early, late] = [at("2026-04-15T00:30Z"), at("2026-04-15T01:30Z")];
    // Two processes record into one folder: the second round ends within the first one's.
    await recording.add(aPull({ round: late, startedAt: late, endedAt: at("2026-04-15T01:31Z"), day: "2026-04-10" }));
    const other = await open();
    for (const day of ["2026-04-14", "2026-04-15", "2026-04-13"]) await other.add(aPull({ round: early, day }));
    await other.add(aPull({ round: early, startedAt: early, endedAt: at("2026-04-15T02:00Z"), day: "2026-04-12" }));
    const { heard } = await reading();
    expect(heard.map((one) => [one.day, one.kind === "answer" && one.endsRound])).toEqual([
      ["2026-04-14", false],
      ["2026-04-15", false],
      ["2026-04-13", false],
      ["2026-04-10", true],
      ["2026-04-12", true],
    ]);
  });

  test("never writes outside its folder or over a file of its own, whatever a source is called", async () => {
    const inner = join(folder, "inner");
    const recording = await open(inner);
    const same = aPull({ source: "../../Evil\u0000/source" });
    await Promise.all(Array.from({ length: 20 }, () => recording.add(same)));
    await (await open(inner)).add(same);
    const names = await readdir(inner);
    expect([names.length, await readdir(folder)]).toEqual([21, ["inner"]]);
    expect(
      names.filter((name) => !/^20260415T003001000Z-\d{6}-_evil_source-2026-04-14-[0-9a-f]{12}\.json$/.test(name)),
    ).toEqual([]);
  });

  test("into a folder that is none, or may not be written to, is refused before anything is asked", async () => {
    await writeFile(join(folder, "file"), "");
    await expect(open(join(folder, "file"))).rejects.toThrow(/^Nothing can be recorded in .*\/file: /);
    await expect(open(join(folder, "file", "below"))).rejects.toThrow(Invalid);
  });

  test("that can be written no more is logged and counted, and stops nobody", async () => {
    const { log, lines } = aLog();
    const recording = await openRecording(join(folder, "gone"), log);
    await rm(join(folder, "gone"), { recursive: true });
    await recording.add(aPull());
    expect([recording.written, recording.unwritten, lines.map(({ msg }) => msg)]).toEqual([
      0,
      1,
      ["an answer could not be recorded"],
    ]);
  });

  test("is known by what is in a file, whatever it is called and however it is indented", async () => {
    await (await open()).add(aPull({ sightings: [FULL] }));
    const [name] = await readdir(folder);
    const text = JSON.stringify(JSON.parse(await readFile(join(folder, name!), "utf8")), null, 8);
    await rename(join(folder, name!), join(folder, "monday"));
    await writeFile(join(folder, "monday"), `\n${text}`);
    const { heard } = await reading();
    expect(heard.map(({ kind, day }) => [kind, day])).toEqual([["answer", "2026-04-14"]]);
  });
});

describe("a folder of plain files", () => {
  const paper = (title: string, more = {}) => JSON.stringify({ title, ...more });
  const put = (name: string, text: string) => writeFile(join(folder, name), text);
  const days = async () => (await reading()).heard.map(({ at, day }) => [day, at.toISOString()]);
  const titles = async () => {
    const { heard, papers } = await reading();
    const all: string[][] = [];
    for (const one of heard) {
      const found: string[] = [];
      for await (const entry of papers(one)) found.push("title" in entry ? entry.title : entry.reason);
      all.push(found);
    }
    return all;
  };

  test("is heard day by day, each when it is over, an empty day too", async () => {
    await put("2026-04-02.json", `[{"paper": {"id": "2604.00002", "title": "Two", "upvotes": 3}}]`);
    await put("2026-04-04.json", "[]");
    await put("2026-04-01-again.jsonl", `${paper("One")}\n${paper("Another")}`);
    expect(await days()).toEqual([
      ["2026-04-01", "2026-04-02T00:00:00.000Z"],
      ["2026-04-02", "2026-04-03T00:00:00.000Z"],
      ["2026-04-04", "2026-04-05T00:00:00.000Z"],
    ]);
    expect(await titles()).toEqual([["One", "Another"], ["Two"], []]);
  });

  test("whose names say no day is heard by the days in it, and passes over what is hidden and folders", async () => {
    await put(
      "week.jsonl",
      [paper("B", { listedOn: "2026-04-03" }), paper("A", { listedOn: "2026-04-01" }), "{}"].join("\n"),
    );
    await put(".DS_Store", "\u0000");
    await mkdir(join(folder, "old"));
    expect(await days()).toEqual([
      ["2026-04-01", "2026-04-02T00:00:00.000Z"],
      ["2026-04-03", "2026-04-04T00:00:00.000Z"],
    ]);
    expect(await titles()).toEqual([["A"], ["B"]]);
    expect((await reading()).refused).toBe(1);
  });

  test("is refused with the name of what is wrong", async () => {
    expect(await refusal(reading())).toMatch(/there is no file in it\. `paperboy collect --record /);
    expect(await refusal(reading(join(folder, "none")))).toMatch(/\/none: there is no such folder\. Name one/);
    await put("package.json", '{"name": "something"}');
    expect(await refusal(reading(join(folder, "package.json")))).toMatch(/package\.json: this is no folder/);
    expect(await refusal(reading())).toMatch(
      /package\.json: there is no paper in it \(line 1: no title\)\. Take it out/,
    );
    await put("package.json", `[${paper("Undated")}]`);
    expect(await refusal(reading())).toMatch(/package\.json: neither its name nor all of its papers say when/);
    await put("package.json", "[]");
    expect(await refusal(reading())).toMatch(
      /package\.json: it is empty, and its name says no day\. Call it 2026-04-30/,
    );
    await put("package.json", "PNG\u0000");
    expect(await refusal(reading())).toMatch(/package\.json: this is not text/);
  });

  test("a day that there is not is no day", async () => {
    await put("2026-02-30.json", "[]");
    expect(await refusal(reading())).toMatch(/its name says no day/);
  });
});

describe("a broken file of a recording is named, with what is wrong", () => {
  const broken = async (change: (text: string) => string) => {
    await (await open()).add(aPull({ sightings: [FULL] }));
    const [name] = await readdir(folder);
    const path = join(folder, name!);
    await writeFile(path, change(await readFile(path, "utf8")));
    return (await refusal(reading())).replace(path, "FILE");
  };

  test("cut short", async () => {
    expect(await broken((text) => text.slice(0, 400))).toMatch(/^FILE: not whole JSON: .*\. Was the file cut short\?$/);
  });
  test("of a newer version", async () => {
    const newer = await broken((text) => text.replace('"recording": 1', '"recording": 2'));
    expect(newer).toBe("FILE: its format has the version 2, and this Paperboy reads 1.");
  });
  test("with a field of another kind", async () => {
    expect(await broken((text) => text.replace('"upvotes": 12', '"upvotes": "12"'))).toMatch(
      /^FILE: sightings\.0\.signals\.upvotes: /,
    );
  });
});
