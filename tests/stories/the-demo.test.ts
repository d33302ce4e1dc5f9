/** `npm run demo -- --once`, as its own process: where its papers come from, and what its last line says. */
import { spawn } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { addDays, utcDayOf } from "../../src/core/day.ts";
import { needs } from "../support/needs.ts";
import { sharedData } from "../support/shared-data.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const nobody = "http://127.0.0.1:9";
let dataDir: string;

beforeAll(() => {
  dataDir = mkdtempSync(join(tmpdir(), "paperboy-demo-"));
});
afterAll(() => rmSync(dataDir, { recursive: true, force: true }));

interface Ran {
  readonly code: number | null;
  readonly lines: readonly string[];
  readonly complaint: string;
}

function demo(args: readonly string[], huggingFace = nobody): Promise<Ran> {
  const env = {
    PATH: process.env.PATH,
    HOME: process.env.HOME,
    DATA_DIR: dataDir,
    PORT: "0",
    CATCHER_PORT: "0",
    HUGGING_FACE_URL: huggingFace,
  };
  const child = spawn(process.execPath, ["bin/run.js", "src/demo.ts", "--once", ...args], { cwd: root, env });
  const [out, err] = [[] as Buffer[], [] as Buffer[]];
  child.stdout.on("data", (chunk: Buffer) => out.push(chunk));
  child.stderr.on("data", (chunk: Buffer) => err.push(chunk));
  return new Promise((resolve) =>
    child.once("close", (code) =>
      resolve({
        code,
        lines: Buffer.concat(out).toString().trimEnd().split("\n"),
        complaint: Buffer.concat(err).toString(),
      }),
    ),
  );
}

function lastLine({ lines }: Ran): Record<string, unknown> {
  return JSON.parse(lines.at(-1)!) as Record<string, unknown>;
}

test("without a live source the digest is made of the bundled sample, and the mail says so", async () => {
  const ran = await demo([]);
  expect([ran.code, ran.complaint]).toEqual([0, ""]);
  const { seconds, html, eml, ...counts } = lastLine(ran);
  expect(counts).toEqual({ confirmed: 1, accepted: 1, read: 69, papers: 10 });
  expect(seconds).toBeTypeOf("number");
  const page = readFileSync(html as string, "utf8");
  expect(page.match(/<h2\b/g)).toHaveLength(10);
  expect(page).toContain("bundled sample of April 2026");
  expect(readFileSync(eml as string, "utf8")).toMatch(/^List-Unsubscribe-Post: List-Unsubscribe=One-Click\r$/m);
}, 240_000);

test("a live source that answers with ten papers is what the digest is made of", async () => {
  const day = addDays(utcDayOf(new Date()), -1);
  const paper = (n: number) => ({
    paper: {
      id: `2611.0${1000 + n}`,
      title: `Live paper ${n}`,
      summary: "It lives.",
      upvotes: 100 - n,
      authors: [{ name: "A B" }],
      submittedOnDailyAt: `${day}T10:00:00.000Z`,
    },
  });
  const items = Array.from({ length: 12 }, (_, n) => paper(n));
  const hub = createServer((request, response) => {
    const asked = new URL(request.url!, "http://hub").searchParams.get("date");
    response.setHeader("content-type", "application/json").end(JSON.stringify(asked === day ? items : []));
  });
  await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", resolve));
  const ran = await demo([], `http://127.0.0.1:${(hub.address() as AddressInfo).port}`);
  hub.closeAllConnections();
  await new Promise((resolve) => hub.close(resolve));

  expect(ran.code).toBe(0);
  expect(lastLine(ran)).toMatchObject({ read: 12, papers: 10, accepted: 1 });
  expect(readFileSync(lastLine(ran).html as string, "utf8")).not.toContain("sample");
}, 240_000);

test("a file that cannot be read ends it with the reason, and a wrong option with the usage", async () => {
  const missing = await demo(["--papers", "no-such-file.json"]);
  expect([missing.code, missing.complaint]).toEqual([
    2,
    expect.stringContaining("no-such-file.json: there is no such file"),
  ]);
  const wrong = await demo(["--paper", "x"]);
  expect([wrong.code, wrong.complaint]).toEqual([2, expect.stringContaining("--paper")]);
}, 240_000);

const story = needs(sharedData, "the page dump is not beside this checkout (../shared/data)");
story(
  "267 papers of the page dump: none refused, nearly all with a topic, a digest of them in page order",
  async () => {
    const files = readdirSync(`${sharedData}/seed`).map((file) => join(sharedData!, "seed", file));
    const ran = await demo(["--papers", ...files]);
    expect(ran.code).toBe(0);
    expect(lastLine(ran)).toMatchObject({ confirmed: 1, accepted: 1, read: 267, papers: 10 });
    expect(ran.lines.join("\n")).not.toContain("refused");
    const page = readFileSync(lastLine(ran).html as string, "utf8");
    expect(page).toContain("in the order they were listed");
    expect(page).not.toMatch(/trending/i);
  },
  180_000,
);
