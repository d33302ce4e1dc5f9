import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { afterAll, describe, expect, test } from "vitest";
import type { Sighting } from "../../src/core/paper.ts";
import { Invalid } from "../../src/errors.ts";
import { readPapers, readPapersFile } from "../../src/sources/paper-files.ts";
import type { Refusal } from "../../src/sources/source.ts";
import { sharedData } from "../support/shared-data.ts";
import { anyText, fixture, fixturePath } from "./fixtures.ts";

const folder = mkdtempSync(join(tmpdir(), "paper-files-"));
afterAll(() => rmSync(folder, { recursive: true }));

function aFile(content: string | Buffer): string {
  const path = join(folder, "papers");
  writeFileSync(path, content);
  return path;
}

/** All a file gave, and the fault it ended with. */
async function read(path: string) {
  const given: (Sighting | Refusal)[] = [];
  const fault = await (async () => {
    for await (const entry of readPapersFile(path)) given.push(entry);
  })().then(
    () => null,
    (error) => (error instanceof Invalid ? error.message.replace(`${path}: `, "") : error),
  );
  const sightings = given.filter((entry) => "signals" in entry);
  return {
    titles: sightings.map(({ title }) => title),
    refusals: given.filter((entry) => "reason" in entry),
    fault,
    sightings,
  };
}

const titlesOf = async (content: string | Buffer) => (await read(aFile(content))).titles;

describe("the format is seen in the content, whatever the name", () => {
  test.each([
    ["daily-papers.json", "hugging-face", 2, 2],
    ["arxiv-api.xml", "arxiv", 2, 1],
    ["arxiv-feed.atom", "arxiv-feed", 2, 0],
    ["arxiv-feed.rss", "arxiv-feed", 2, 0],
    ["oai-arxiv.xml", "arxiv-oai", 1, 1],
    ["oai-dc.xml", "arxiv-oai", 1, 0],
    ["page.txt", "page-text", 2, 0],
  ])("%s is of %s", async (name, source, papers, refused) => {
    const { sightings, refusals, fault } = await read(fixturePath(name));
    expect([sightings.map((paper) => paper.source), refusals.length, fault]).toEqual([
      Array(papers).fill(source),
      refused,
      null,
    ]);
  });

  test("JSON may be one paper a line, an array, one paper on several lines, or the hub's papers a line each", async () => {
    const papers = [{ title: "A" }, { title: "B" }];
    expect(await titlesOf(papers.map((paper) => JSON.stringify(paper)).join("\n"))).toEqual(["A", "B"]);
    expect(await titlesOf(`\ufeff\n${JSON.stringify(papers, null, 2)}`)).toEqual(["A", "B"]);
    expect(await titlesOf(JSON.stringify(papers[0], null, 2))).toEqual(["A"]);
    expect(await titlesOf(papers.map((paper) => JSON.stringify({ paper })).join("\n"))).toEqual(["A", "B"]);
    expect(await titlesOf("[]")).toEqual([]);
  });

  test("only what names its listing day has one, and places count through the file", async () => {
    const { sightings } = await read(fixturePath("daily-papers.json"));
    expect(sightings.map(({ listedOn, position }) => [listedOn, position])).toEqual([
      ["2026-04-15", 0],
      [undefined, 3],
    ]);
    const feed = await read(fixturePath("arxiv-feed.atom"));
    expect(feed.sightings.map(({ listedOn, position }) => [listedOn, position])).toEqual([
      [undefined, 0],
      [undefined, 1],
    ]);
  });

  test("refusals of a list name the item, those of lines the line", async () => {
    const broken = JSON.stringify({ paper: {} });
    expect((await read(aFile(`[${broken},{}]`))).refusals.map(({ where }) => where)).toEqual(["item 1", "item 2"]);
    expect((await read(aFile(`${broken}\n{}`))).refusals.map(({ where }) => where)).toEqual(["line 1", "line 2"]);
  });
});

describe("a file that cannot be read says why", () => {
  const UTF16 = Buffer.from("\ufeff[]", "utf16le");
  test.each([
    ["empty", "", "the file is empty. Name a file with papers."],
    ["blank", "\n \n", "the file is empty. Name a file with papers."],
    ["packed", gzipSync("[]"), "this is a packed file. Unpack it first."],
    ["UTF-16", UTF16, "this is UTF-16 text. Convert it to UTF-8."],
    ["binary", Buffer.from("ab\0c"), "this is not text: byte 2 is NUL. Name a file with papers."],
    ["a web page", "<!DOCTYPE html><html></html>", "this is a web page."],
    ["another XML", "<svg/>", "XML that begins with <svg> is not read."],
    ["cut JSON", '[{"title":"A"},{"ti', "not whole JSON: "],
    ["cut XML", fixture("arxiv-api.xml").slice(0, 900), "not whole XML: "],
    [
      "a table",
      "id,title\n1,A\n2,B\n",
      'this does not look like papers (line 1: a title without an abstract after it: "id,title").',
    ],
    [
      "bad bytes in JSON",
      Buffer.concat([Buffer.from('[{"title":"é'), Buffer.from([0xff]), Buffer.from('"}]')]),
      "byte 13 is not UTF-8 text. Convert it to UTF-8.",
    ],
    ["very deep", "[".repeat(100_000), "not whole JSON: "],
    [
      "very deep XML",
      "<feed>".repeat(10_000) + "</feed>".repeat(10_000),
      "not whole XML: Maximum nested tags exceeded",
    ],
    [
      "too large to read whole",
      `[${" ".repeat(33_000_000)}]`,
      "larger than 32000000 bytes. Split it, or write one JSON object a line",
    ],
  ])("%s", async (_, content, message) => {
    const { fault, sightings, refusals } = await read(aFile(content));
    expect([String(fault).slice(0, message.length), sightings, refusals]).toEqual([message, [], []]);
  });

  test("missing, or a folder", async () => {
    expect((await read(join(folder, "nothing"))).fault).toBe("there is no such file. Name a file with papers.");
    expect((await read(folder)).fault).toBe("this is a folder. Name a file with papers.");
  });

  test("a bomb of entities is not set off", async () => {
    const bomb = `<!DOCTYPE feed [<!ENTITY a "${"a".repeat(9_000)}"><!ENTITY b "${"&a;".repeat(1_000)}">]><feed>${"&b;".repeat(1_000)}</feed>`;
    expect((await read(aFile(bomb))).fault).toBe(
      "XML with a document type (<!DOCTYPE …>), which is not read. Remove it.",
    );
    const hidden = bomb.replace("<!DOCTYPE", "<feed><![CDATA[<!doctype]]><!DOCTYPE");
    expect((await read(aFile(hidden))).fault).toMatch(/^not whole XML/);
    const harmless =
      "<feed><entry><id>2604.11784</id><title><![CDATA[On <!DOCTYPE html> &amp; Co]]></title></entry></feed>";
    expect(await titlesOf(harmless)).toEqual(["On <!DOCTYPE html> &amp; Co"]);
  });

  test("a file on the outside leads nowhere: an external entity is not opened", async () => {
    const xxe =
      '<!DOCTYPE feed [<!ENTITY x SYSTEM "file:///etc/passwd">]><feed><entry><title>&x;</title></entry></feed>';
    expect((await read(aFile(xxe))).fault).toMatch(/document type/);
  });
});

describe("lines are read for what they are worth", () => {
  test("D3: bad bytes, a NUL and half a line cost their line; its number, and the byte in the file, are named", async () => {
    const bytes = Buffer.concat([
      Buffer.from('{"title":"Ä"}\n{"title":"B'),
      Buffer.from([0xff]),
      Buffer.from('"}\n{"title":"\0"}\n{"title":"C"}\n{"tit'),
    ]);
    const { titles, refusals, fault } = await read(aFile(bytes));
    expect([titles, fault]).toEqual([["Ä", "C"], null]);
    expect(refusals).toEqual([
      { where: "line 2", reason: "byte 26 is not UTF-8 text. Convert it to UTF-8." },
      { where: "line 3", reason: "holds a NUL byte, so it is not text" },
      { where: "line 5", reason: expect.stringMatching(/^not JSON/) },
    ]);
  });

  test("a line of 300 MB is refused by its number, in little memory, and the next is read", async () => {
    async function* huge(): AsyncGenerator<Buffer> {
      yield Buffer.from('{"title":"A"}\n{"title":"');
      for (let megabytes = 0; megabytes < 300; megabytes += 1) yield Buffer.alloc(1_000_000, "x");
      yield Buffer.from('"}\n{"title":"C"}');
    }
    const before = process.memoryUsage().arrayBuffers;
    let most = 0;
    const entries: unknown[] = [];
    for await (const entry of readPapers(huge())) {
      most = Math.max(most, process.memoryUsage().arrayBuffers - before);
      entries.push("signals" in entry ? entry.title : entry);
    }
    expect(entries).toEqual(["A", { where: "line 2", reason: "longer than 1000000 bytes" }, "C"]);
    expect(most).toBeLessThan(150_000_000); // buffers that are let go linger until the collector comes by
  });

  test("a page dump with a bad line loses that paper only", async () => {
    const page = Buffer.from(fixture("page.txt"));
    page[page.indexOf("cars") - 1] = 0xff;
    const { titles, refusals } = await read(aFile(page));
    expect([titles, refusals.map(({ where }) => where)]).toEqual([
      ["iCaRL: Incremental Classifier and Representation Learning"],
      ["line 4"],
    ]);
  });
});

test("whatever the bytes, and however they arrive, a file is read or called invalid", async () => {
  const start = fc.constantFrom("", "<feed>", "<rss", "[", "{", '{"title":"A"}\n', "A Title\n", "\ufeff");
  const content = fc.tuple(
    start,
    fc.oneof(
      anyText.map((text) => Buffer.from(text)),
      fc.uint8Array().map(Buffer.from),
    ),
  );
  await fc.assert(
    fc.asyncProperty(content, fc.integer({ min: 1, max: 7 }), async ([first, rest], size) => {
      const bytes = Buffer.concat([Buffer.from(first), rest]);
      async function* chunks(): AsyncGenerator<Buffer> {
        for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
      }
      try {
        for await (const entry of readPapers(chunks())) expect("signals" in entry || "reason" in entry).toBe(true);
      } catch (error) {
        expect(error).toBeInstanceOf(Invalid);
      }
    }),
  );
});

test.skipIf(sharedData === null)("real: every file of papers is recognised and read without a refusal", async () => {
  const counts: Record<string, number> = {};
  for (const part of ["seed", "hugging-face/daily", "arxiv"]) {
    for (const name of readdirSync(join(sharedData!, part))) {
      const { sightings, refusals, fault } = await read(join(sharedData!, part, name));
      expect([name, refusals, fault]).toEqual([name, [], null]);
      counts[part] = (counts[part] ?? 0) + sightings.length;
    }
  }
  expect(counts).toEqual({ seed: 267, "hugging-face/daily": 707, arxiv: 15 });
});
