import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import PostalMime from "postal-mime";
import { afterEach, beforeEach, expect, test } from "vitest";
import { today } from "../../src/cli/commands/today.ts";
import { widthFor } from "../../src/cli/digest-in-terminal.ts";
import { openProgress } from "../../src/cli/progress.ts";
import { readConfig } from "../../src/config.ts";
import { Invalid, Permanent, Temporary } from "../../src/errors.ts";
import { openLog } from "../../src/log.ts";
import { openTodayDesk } from "../../src/today-desk.ts";
import { aSite, type Site } from "../support/site.ts";
import { openSmtp, type SmtpServer } from "../support/smtp.ts";
import { at } from "../support/time.ts";

const SAMPLE = fileURLToPath(new URL("../../sample/papers.jsonl", import.meta.url));
const NOW = at("2026-05-01T06:00Z");
let folder: string;
let smtp: SmtpServer;
let printed: string[];
let complained: string[];
const closing: (() => Promise<unknown>)[] = [];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "paperboy-today-"));
  smtp = await openSmtp();
  closing.push(() => smtp.close());
  [printed, complained] = [[], []];
});
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
  rmSync(folder, { recursive: true });
});

interface Circumstances {
  readonly env?: Record<string, string>;
  readonly now?: Date;
  readonly columns?: number;
}

/** The command on the desk it has in earnest; of the world only sources and the mail server are ours. */
async function run(args: string[], { env = {}, now = NOW, columns }: Circumstances = {}): Promise<string> {
  printed = [];
  complained = [];
  const config = readConfig({ DATA_DIR: folder, HUGGING_FACE_URL: "http://127.0.0.1:9", ...env });
  const command = today({
    print: (text) => void printed.push(text),
    complain: (text) => void complained.push(text),
    screen: { width: widthFor(columns), isColourful: columns !== undefined },
    progress: openProgress({ write: () => {} }),
    async withDesk(work) {
      const desk = await openTodayDesk(config, { log: openLog({ level: "silent", pretty: false }), now: () => now });
      try {
        return await work(desk);
      } finally {
        await desk.close();
      }
    },
  });
  await command.exitOverride().parseAsync(args, { from: "user" });
  return printed.join("\n");
}

interface Listed {
  readonly id: string;
  readonly title: string;
  readonly upvotes?: number;
}

/** Hugging Face as it answers: papers by the day they were listed on. */
async function huggingFace(days: Record<string, readonly Listed[] | "down">): Promise<Site> {
  const site = await aSite((request, response) => {
    const day = new URL(request.url!, "http://x").searchParams.get("date")!;
    const listed = days[day] ?? [];
    if (listed === "down") return void response.writeHead(404).end("gone");
    const papers = listed.map(({ id, title, upvotes = 1 }) => ({
      paper: { id, title, summary: "We study it. It works.", upvotes, authors: [{ name: "Ada Lovelace" }] },
    }));
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(papers));
  });
  closing.push(() => site.close());
  return site;
}

test("a digest of the sample, as a pipe gets it", async () => {
  const text = await run(["--papers", SAMPLE, "--topics", "agents", "--max-papers", "1"]);
  expect(text.split("\n")).toEqual([
    "Paperboy",
    "Trending papers of Thursday, April 30, 2026",
    "Thursday, April 30: 1 paper for you, of 17 that match\u00A0· Agents",
    "─".repeat(80),
    "",
    " 1. GLM-5V-Turbo: Toward a Native Foundation Model for Multimodal Agents",
    "    V Team, Wenyi Hong, Xiaotao Gu and 75 more",
    "    A multimodal agent model that treats images, video, web pages and documents",
    "    as part of planning and tool use rather than an add-on, while its text-only",
    "    coding stays competitive.",
    "    new, 108 votes, 4 comments",
    "    Here for the topic Agents",
    "    https://arxiv.org/abs/2604.26752",
    "    PDF https://arxiv.org/pdf/2604.26752",
    "    Code https://github.com/zai-org/GLM-V",
  ]);
  expect(complained).toEqual([]);
});

test("a narrow terminal gets narrow lines and whole addresses, in bold and dim", async () => {
  const text = await run(["--papers", SAMPLE], { columns: 46 });
  const plain = ["1", "2", "22"].reduce((rest, code) => rest.replaceAll(`\u001b[${code}m`, ""), text);
  expect(text).toContain("\u001b[1mPaperboy\u001b[22m\n");
  const long = plain.split("\n").filter((line) => line.length > 45);
  expect(long.filter((line) => !/^ {4}(?:PDF |Code )?https:\S+$/.test(line))).toEqual([]);
  expect(plain).toMatch(/^ {4}Code https:\/\/\S+$/m);
});

test("a title that would steer the terminal is letters", async () => {
  const file = join(folder, "hostile.jsonl");
  writeFileSync(
    file,
    `${JSON.stringify({ title: "Red \u001b[31m\u009b31m\u202eand gone\u0007", abstract: "\u001b]0;x\u0007 It is so." })}\n`,
  );
  const text = await run(["--papers", file]);
  expect(text.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  expect(text).toContain("and gone");
});

test("the sources are asked for the seven days of the edition, and the oldest listing counts", async () => {
  const site = await huggingFace({
    "2026-04-24": [{ id: "2604.10001", title: "Six days old and much loved", upvotes: 400 }],
    "2026-04-30": [{ id: "2604.10002", title: "New", upvotes: 5 }],
    "2026-05-01": [{ id: "2604.10003", title: "Of a day that is not over", upvotes: 900 }],
    "2026-04-23": [{ id: "2604.10004", title: "Of the week before", upvotes: 900 }],
  });
  const told = JSON.parse(await run(["--json"], { env: { HUGGING_FACE_URL: site.url, SOURCES: "hugging-face" } }));
  expect(told).toEqual({
    ...{ date: "2026-04-30", matched: 2, hadBefore: 0 },
    papers: [
      ["2604.10002", "New"],
      ["2604.10001", "Six days old and much loved"],
    ].map(([id, title]) => ({ id, title, url: `https://arxiv.org/abs/${id}`, because: [expect.anything()] })),
  });
  expect(site.asked.map((path) => new URLSearchParams(path.split("?")[1]).get("date")).sort()).toEqual(
    [24, 25, 26, 27, 28, 29, 30].map((day) => `2026-04-${day}`),
  );
});

test("a day that fails is told and left out; words and names ask arXiv too", async () => {
  const site = await huggingFace({
    "2026-04-29": "down",
    "2026-04-30": [{ id: "2604.10002", title: "New" }],
  });
  const env = { HUGGING_FACE_URL: site.url, ARXIV_URL: site.url };
  await run(["--json"], { env });
  expect(complained).toEqual([expect.stringMatching(/^hugging-face, 2026-04-29: /)]);
  expect(site.asked.filter((path) => path.startsWith("/api/query"))).toEqual([]);
  await run(["--json", "--include", "new"], { env });
  expect(site.asked.filter((path) => path.startsWith("/api/query")).length).toBeGreaterThan(0);
  expect(complained).toEqual([
    expect.stringMatching(/^hugging-face, 2026-04-29: /),
    expect.stringMatching(/^arxiv, 2026-04-30: /),
  ]);
});

test("without a network it says what failed and what to do", async () => {
  await expect(run([], { env: { SOURCES: "hugging-face" } })).rejects.toThrow(
    /^No source answered\. hugging-face, 2026-04-30: .*\nTry again when there is a network, or take papers from a file: paperboy today --papers FILE/,
  );
  await expect(run([], { env: { SOURCES: "hugging-face" } })).rejects.toThrow(Temporary);
});

test("a week without papers, and a filter that takes none, say so", async () => {
  const site = await huggingFace({});
  const env = { HUGGING_FACE_URL: site.url, SOURCES: "hugging-face" };
  expect(await run([], { env })).toBe("Nothing was listed in the week up to 2026-04-30.");
  expect(await run(["--papers", SAMPLE, "--min-upvotes", "100000"])).toMatch(
    /^None of the \d+ papers of 2026-04-30 matches/,
  );
});

test("files that cannot be read, options that cannot be used: misuse", async () => {
  await expect(run(["--papers", join(folder, "none.json")])).rejects.toThrow(Invalid);
  await expect(run(["--papers", SAMPLE, "--topics", "cooking"])).rejects.toThrow(Invalid);
  await expect(run(["--papers", SAMPLE, "--max-papers", "0"])).rejects.toThrow("from 1 to 50");
});

test("--to without a mail server says what to set, before anything is asked", async () => {
  const site = await huggingFace({});
  await expect(run(["--to", "me@example.org"], { env: { HUGGING_FACE_URL: site.url } })).rejects.toThrow(
    "SMTP_URL is not set, so there is no server to send the digest by.",
  );
  expect(site.asked).toEqual([]);
});

const mailing = (args: string[], env: Record<string, string> = {}) =>
  run(["--papers", SAMPLE, "--to", "me@example.org", ...args], { env: { SMTP_URL: smtp.url, ...env } });

test("--to sends one mail, and each paper once", { timeout: 120_000 }, async () => {
  expect(await mailing(["--max-papers", "2"])).toBe("Sent to m•••@example.org: 2 papers of 2026-04-30.");
  expect(await mailing(["--max-papers", "2"])).toBe("Sent to m•••@example.org: 2 papers of 2026-04-30.");
  const titles = await Promise.all(
    smtp.taken.map(async ({ raw }) =>
      [...(await PostalMime.parse(raw)).html!.matchAll(/<h2 class="title".*?href="([^"]+)"/gs)].map(([, url]) => url),
    ),
  );
  expect(smtp.taken.map(({ to }) => to)).toEqual([["me@example.org"], ["me@example.org"]]);
  expect(new Set(titles.flat()).size).toBe(4);
  expect(await mailing(["--again", "--max-papers", "2"])).toMatch(/^Sent/);
  expect(
    await run(["--papers", SAMPLE, "--to", "ME@example.org", "--json", "--max-papers", "50"], {
      env: { SMTP_URL: smtp.url },
    }),
  ).toMatch(/"hadBefore":4/);
});

test("what was sent is kept without the address, for its owner's eyes; somebody else still gets all of it", async () => {
  await mailing(["--max-papers", "1"]);
  const file = join(folder, "today.jsonl");
  expect(readFileSync(file, "utf8")).not.toContain("example.org");
  expect(statSync(file).mode & 0o777).toBe(0o600);
  const other = await run(["--papers", SAMPLE, "--to", "you@example.org", "--max-papers", "1", "--json"], {
    env: { SMTP_URL: smtp.url },
  });
  expect(JSON.parse(other)).toMatchObject({ to: "y•••@example.org", hadBefore: 0, sent: 1 });
});

test("two at once send different papers, and both are remembered; so do two people's", {
  timeout: 120_000,
}, async () => {
  await Promise.all([mailing(["--max-papers", "2"]), mailing(["--max-papers", "2"])]);
  await Promise.all(
    ["me@example.org", "you@example.org"].map((to) =>
      run(["--papers", SAMPLE, "--to", to, "--max-papers", "1"], { env: { SMTP_URL: smtp.url } }),
    ),
  );
  const kept = readFileSync(join(folder, "today.jsonl"), "utf8").trim().split("\n");
  const entries = kept.map((line) => JSON.parse(line) as { to: string; papers: string[] });
  const byReader = [...new Set(entries.map(({ to }) => to))].map((to) =>
    entries.filter((one) => one.to === to).flatMap(({ papers }) => papers),
  );
  // Each paper by both its names: five of mine in three mails, one of yours.
  expect(byReader.map((papers) => [papers.length, new Set(papers).size])).toEqual(
    expect.arrayContaining([
      [10, 10],
      [2, 2],
    ]),
  );
  expect([smtp.taken.length, readdirSync(folder).filter((name) => name.includes("lock"))]).toEqual([4, []]);
});

test("what cannot be written down afterwards is not sent", async () => {
  const file = join(folder, "a-file");
  writeFileSync(file, "");
  const keys = { SECRET_KEYS: `1:${"0".repeat(64)}`, SUPPRESSION_KEY: "0".repeat(64) };
  await expect(mailing([], { ...keys, DATA_DIR: join(file, "data") })).rejects.toThrow(
    /^DATA_DIR: nothing can be kept in .* \(ENOTDIR\)/,
  );
  expect(smtp.taken).toEqual([]);
});

test("when all were sent before, no mail goes out", async () => {
  await mailing(["--topics", "agents", "--max-papers", "50"]);
  expect(await mailing(["--topics", "agents"])).toBe(
    "All 17 papers of 2026-04-30 that match were sent before. --again sends them once more. No mail was sent.",
  );
  expect(smtp.taken.length).toBe(1);
});

test("a refused mail was not sent: it says why, and the papers come again", async () => {
  await smtp.close();
  smtp = await openSmtp((step, times) => (step === "rcpt" && times === 0 ? "550 5.1.1 nobody here" : undefined));
  closing.push(() => smtp.close());
  await expect(mailing([])).rejects.toThrow(new Permanent("The mail server refused it: 550 5.1.1 nobody here"));
  expect(await mailing(["--json"])).toMatch(/"hadBefore":0.*"sent":10/);
});

test("a mail whose answer was lost counts as sent, and is told as what it is", async () => {
  await smtp.close();
  smtp = await openSmtp((step) => (step === "dot" ? "close" : undefined));
  closing.push(() => smtp.close());
  await expect(mailing(["--max-papers", "1"])).rejects.toThrow(/did not say what became of it/);
  expect(readFileSync(join(folder, "today.jsonl"), "utf8")).toContain("2604.");
});

test("SEND_ONLY_TO holds here too", async () => {
  await expect(mailing([], { SEND_ONLY_TO: "you@example.org" })).rejects.toThrow(
    "SEND_ONLY_TO does not name this address",
  );
  expect(smtp.taken).toEqual([]);
});

test("a record of what was sent that cannot be read is not taken for an empty one", async () => {
  writeFileSync(join(folder, "today.jsonl"), "{ not json");
  await expect(mailing([])).rejects.toThrow(/today\.jsonl cannot be read/);
  expect(smtp.taken).toEqual([]);
});
