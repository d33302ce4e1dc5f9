/** What README.md, docs/, src/README.md and .env.example say is so: every command runs, every setting and file is as named. */
import { execFileSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseEnv } from "node:util";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readConfig, SETTINGS } from "../src/config.ts";
import { runInShell } from "./support/shell.ts";
import { aSite, type Site } from "./support/site.ts";

const root = fileURLToPath(new URL("..", import.meta.url));
const read = (file: string) => readFileSync(join(root, file), "utf8");
const readme = read("README.md");

/** The commands of the blocks marked `sh`, from top to bottom, without comments; what `&&` joins stands one by one. */
const commandsIn = (text: string) =>
  [...text.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, block]) =>
    block!
      .split("\n")
      .flatMap((line) => line.replace(/(^|\s)#.*/, "").split("&&"))
      .map((command) => command.trim())
      .filter((command) => command !== ""),
  );
const docs = readdirSync(join(root, "docs"))
  .filter((file) => file.endsWith(".md"))
  .map((file) => join("docs", file));
/** First as a newcomer reads them, then the rest. The same command twice is one. */
const commands = [...new Set(["README.md", ...docs].flatMap((file) => commandsIn(read(file))))];

/** What `.ci/run` itself is made of. Run from here, they would run themselves. */
const OF_CI = ["npm ci", "npm run check", "npm test"];

/** What cannot run here as it is written, by how it begins; beside it what runs it, or stands for it. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  "npm run paperboy -- replay FOLDER": "tests/cli/replay.test.ts", // a folder of the reader's own
  "npm run bench -- deliver": "tests/bench/deliver.ts", // minutes, on a machine that does nothing else
  "npm run bench -- scale": "tests/bench/scale.ts",
  "npm run test:long -- ": "tests/long/one-gigabyte.test.ts",
  "PAPERBOY_GIGABYTE_READERS=": "tests/long/one-gigabyte.test.ts",
  // Root's, on a machine with an init.
  "cp deploy/": "tests/packaging/systemd.test.ts",
  "install -m 600 .env.example": "tests/packaging/systemd.test.ts",
  "systemctl ": "tests/packaging/systemd.test.ts",
  "systemd-run ": "tests/packaging/systemd.test.ts",
};
const isElsewhere = (command: string) => Object.keys(ELSEWHERE).some((begin) => command.startsWith(begin));

/** What runs until a signal, and what it says when it is there. */
const UNTIL_A_SIGNAL: Readonly<Record<string, RegExp>> = {
  "npm start": /Paperboy is at (?<url>http:\/\/localhost:\d+)/,
  "npm run demo": /Ctrl-C stops everything/,
};

describe("every command in README.md and docs/ is run by CI", () => {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-readme-"));
  let site: Site;
  let env: Record<string, string>;

  beforeAll(async () => {
    site = await aSite((request, response) => response.end(asASource(new URL(request.url!, site.url))));
    const places = { PATH: process.env.PATH!, HOME: folder, DATA_DIR: folder };
    const ports = { PORT: String(await freePort()), CATCHER_PORT: "0" };
    env = { ...places, ...ports, HUGGING_FACE_URL: site.url, ARXIV_URL: site.url };
  });
  afterAll(async () => {
    await site.close();
    // What root's embedded databases kept outside their data directories.
    for (const receipt of ["root-home", "demo/root-home", "replay/root-home"].map((name) => join(folder, name)))
      if (existsSync(receipt)) rmSync(readFileSync(receipt, "utf8"), { recursive: true, force: true });
    rmSync(folder, { recursive: true, force: true });
    rmSync(join(root, "paperboy.backup"), { force: true }); // where the README's reader stands
  });

  test("the installation, the tests and the checks by .ci/run, the others below", () => {
    expect(read(".ci/run")).toMatch(/^npm ci\b.*\nnpm run check$/m);
    expect(JSON.parse(read("package.json")).scripts.check).toMatch(/&& npm test( --silent)?$/);
    expect(new Set(commands.filter((command) => OF_CI.includes(command)))).toEqual(new Set(OF_CI));
    expect(commands.length).toBeGreaterThan(10);
  });

  test("what runs elsewhere is written somewhere, and its script is there", () => {
    for (const [begin, script] of Object.entries(ELSEWHERE))
      expect([begin, commands.some((command) => command.startsWith(begin)), existsSync(join(root, script))]).toEqual([
        begin,
        true,
        true,
      ]);
  });

  // On one machine, from top to bottom, as a reader types them.
  test.each(commands.filter((command) => !OF_CI.includes(command) && !isElsewhere(command)))(
    "%s",
    { timeout: 120_000 },
    async (command) => {
      const ran = await runInShell(command, { cwd: root, env, until: UNTIL_A_SIGNAL[command], whenUp: isHealthy });
      expect(ran).toEqual({ command, ended: "well", output: expect.stringMatching(/\S/) });
    },
  );

  test("a command that fails, and one that is never ready, would be noticed", async () => {
    const at = { cwd: root, env: { PATH: process.env.PATH! } };
    expect(await runInShell("echo no; exit 3", at)).toEqual({
      command: "echo no; exit 3",
      ended: "with 3",
      output: "no\n",
    });
    expect((await runInShell("echo yes", { ...at, until: /never/ })).ended).toBe("before it was ready");
  });
});

test("links between the documents lead to a file, and to a heading in it", () => {
  const slugsIn = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title]) =>
      title!
        .toLowerCase()
        .replace(/[^\p{L}\p{N} -]/gu, "")
        .replaceAll(" ", "-"),
    );
  const links = ["README.md", "CONTRIBUTING.md", ...docs].flatMap((file) =>
    [...read(file).matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]+))?\)/g)].map(([, path, heading]) => ({
      ...{ file, path: path ? join(dirname(file), path) : file, heading },
    })),
  );
  const isBroken = ({ path, heading }: (typeof links)[number]) =>
    !existsSync(join(root, path)) || (heading !== undefined && !slugsIn(read(path)).includes(heading));
  expect(links.filter(({ heading }) => heading).length).toBeGreaterThan(5);
  expect(links.filter(isBroken)).toEqual([]);
});

test("the scripts that the text names are there", () => {
  const named = [...readme.matchAll(/`npm (?:run )?([a-z:]+)[^`]*`/g)].map(([, name]) => name!);
  const scripts = Object.keys(JSON.parse(read("package.json")).scripts);
  expect(named.length).toBeGreaterThan(3);
  expect(named.filter((name) => name !== "ci" && !scripts.includes(name))).toEqual([]);
});

describe("settings", () => {
  const example = parseEnv(read(".env.example")) as Record<string, string>;
  const compose = new Set([...read("docker-compose.yml").matchAll(/\$\{(\w+)/g)].map(([, name]) => name!));

  test("README.md and .env.example name exactly those that are read, and those of docker-compose.yml", () => {
    const inTable = [...readme.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name);
    expect(inTable).toEqual(SETTINGS);
    expect(new Set(Object.keys(example))).toEqual(new Set([...SETTINGS, ...compose]));
  });

  test("whoever uses .env.example as it is gets the defaults, from Node, a shell, and the README's table", () => {
    const lines = execFileSync("sh", ["-c", "set -a; . ./.env.example; env -0"], {
      cwd: root,
      env: {},
      encoding: "utf8",
    });
    const sourced = Object.fromEntries(lines.split("\0").map((line) => line.split(/=(.*)/s).slice(0, 2)));
    // A default is a value in code; anything else in that column says in words what holds without one.
    const table = Object.fromEntries(
      [...readme.matchAll(/^\| `(\w+)` \|.*\| (?:`([^`]+)`|[^|]+) \|$/gm)].map(([, name, value]) => [
        name,
        value ?? "",
      ]),
    );
    const defaults = readConfig({});
    expect([example, sourced, table].map(readConfig)).toEqual([defaults, defaults, defaults]);
    for (const name of SETTINGS) expect([name, table[name]]).toEqual([name, example[name]]);
  });
});

describe("src/README.md", () => {
  const map = read("src/README.md");
  const sections = map.split(/^### /m).slice(1);
  const named = sections.flatMap((section) => {
    const [folder = ""] = section.split("\n");
    const cells = [...section.split(/^## /m)[0]!.matchAll(/^\| (`.+?) \|/gm)].map(([, cell]) => cell!);
    return cells.flatMap((cell) => [...cell.matchAll(/`([^`]+)`/g)].map(([, name]) => join(folder, name!)));
  });

  test("names every file, once, and none that is not there", () => {
    const files = ["src", "workers"].flatMap((folder) =>
      readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
        .filter((entry) => entry.isFile() && entry.name !== "README.md")
        .map((entry) => join(entry.parentPath, entry.name).slice(root.length)),
    );
    const places = (file: string) =>
      named.filter((name) => (name.endsWith("/") ? file.startsWith(name) : file === name));
    expect(files.filter((file) => places(file).length !== 1)).toEqual([]);
    expect(named.filter((name) => !existsSync(join(root, name)))).toEqual([]);
  });

  test("points to nothing that is not there in its text either, and README.md and CONTRIBUTING.md do not", () => {
    const paths = ["src/README.md", "README.md", "CONTRIBUTING.md"].flatMap((file) =>
      [...read(file).matchAll(/`([a-z][\w-]*(?:\/[\w.-]*)+|[a-z][\w-]*\.ts)`|\]\(([\w./-]+)\)/g)].map(
        ([, inCode, link]) => ({ file, path: inCode ?? link! }),
      ),
    );
    const bases = ["", "workers", ...readdirSync(join(root, "src")).map((name) => join("src", name)), "src"];
    const isThere = (path: string) => bases.some((base) => existsSync(join(root, base, path)));
    expect(paths.length).toBeGreaterThan(50);
    const toBeWritten = ["templates/text/de.json", "tests/long/"];
    expect(paths.filter(({ path }) => !isThere(path) && !toBeWritten.includes(path))).toEqual([]);
  });
});

test("the image is built of files that are there, and .dockerignore lets them through", () => {
  const copied = [...read("Dockerfile").matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, files]) =>
    files!.split(" "),
  );
  const passed = [...read(".dockerignore").matchAll(/^!(.+)$/gm)].map(([, file]) => file!);
  expect(new Set(copied)).toEqual(new Set(passed));
  expect(copied.filter((file) => !existsSync(join(root, file)))).toEqual([]);
});

/**
 * Stands in for both sources. Hugging Face lists nine papers of the sample for yesterday, one too few for the demo, which
 * then takes the sample; arXiv has nothing new.
 */
function asASource(asked: URL): string {
  if (asked.pathname !== "/api/daily_papers") return '<feed xmlns="http://www.w3.org/2005/Atom"/>';
  const yesterday = new Date(Date.now() - 86_400_000).toISOString().slice(0, 10);
  const lines = asked.searchParams.get("date") === yesterday ? read("sample/papers.jsonl").split("\n").slice(0, 9) : [];
  const papers = lines.map((line) => JSON.parse(line));
  return JSON.stringify(
    papers.map(({ id, title, authors, summary, upvotes }) => ({
      paper: { id, title, summary, upvotes, authors: authors.map((name: string) => ({ name })) },
    })),
  );
}

/** What the README says of a server that is up; the demo says other things when it is. */
async function isHealthy({ groups }: RegExpExecArray): Promise<void> {
  if (!groups) return;
  const answers = await Promise.all(
    ["/health", "/ready", "/"].map((path) => fetch(groups.url + path, { headers: { connection: "close" } })),
  );
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200]);
  await Promise.all(answers.map((answer) => answer.body?.cancel()));
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const probe = createServer().listen(0, "127.0.0.1", () => {
      const { port } = probe.address() as AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
