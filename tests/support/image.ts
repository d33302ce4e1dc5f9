/** The Dockerfile, carried out on this machine without an engine: each stage a folder, each COPY a copy. */
import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../..", import.meta.url));

export interface Image {
  /** What stands at WORKDIR. */
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  readonly entrypoint: readonly string[];
  readonly command: readonly string[];
  readonly health: readonly string[];
  readonly user: string | null;
  remove(): void;
}

/**
 * Copies come from what git has, as a clean clone would; `npm ci` is done by linking the packages it would install (those of
 * package-lock.json, with development ones or without) and running what the project itself runs then.
 *
 * @throws {Error} for an instruction it does not know, a file that is not there or that .dockerignore leaves out
 */
export function buildImage(): Image {
  const folder = mkdtempSync(join(tmpdir(), "paperboy-image-"));
  const image = { env: {}, entrypoint: [], command: [], health: [], user: null } as Building;
  let [stage, workdir] = ["", "/"];
  const inStage = (path: string) => join(stage, path.startsWith("/") ? path : join(workdir, path));
  const carryOut: Readonly<Record<string, (text: string) => void>> = {
    FROM(text) {
      [stage, workdir, image.env] = [join(folder, text.split(" AS ")[1] ?? "last"), "/", {}];
    },
    WORKDIR(text) {
      workdir = text;
      mkdirSync(inStage("."), { recursive: true });
    },
    COPY(text) {
      const other = /^--from=(\S+) /.exec(text)?.[1];
      const places = text.split(/\s+/).slice(other ? 1 : 0);
      const to = inStage(places.pop()!);
      for (const place of places) {
        if (other) cpSync(join(folder, other, place), to, { recursive: true, verbatimSymlinks: true });
        else copyTracked(place, to);
      }
    },
    RUN(text) {
      if (text.startsWith("npm ci")) install(inStage("."), { isWhole: !text.includes("--omit=dev --omit=optional") });
    },
    ENV(text) {
      for (const [, key, value] of text.matchAll(/(\w+)=(\S+)/g)) image.env[key!] = value!;
    },
    USER(text) {
      image.user = text;
    },
    HEALTHCHECK(text) {
      image.health = JSON.parse(text.slice(text.indexOf("[")));
    },
    ENTRYPOINT(text) {
      image.entrypoint = JSON.parse(text);
    },
    CMD(text) {
      image.command = JSON.parse(text);
    },
    ARG() {},
    EXPOSE() {},
    VOLUME() {},
  };
  for (const [name, text] of instructionsOf(readFileSync(join(root, "Dockerfile"), "utf8"))) {
    const step = carryOut[name];
    if (!step) throw new Error(`the Dockerfile has ${name}, which nobody knows here`);
    step(text);
  }
  return { ...image, folder: inStage("."), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

type Building = { -readonly [Field in keyof Omit<Image, "folder" | "remove" | "env">]: Image[Field] } & {
  env: Record<string, string>;
};

/** Name and rest of each instruction, lines that end in a backslash joined. */
function instructionsOf(dockerfile: string): [name: string, rest: string][] {
  const lines = dockerfile
    .replace(/^\s*#.*\n/gm, "")
    .replace(/\\\n\s*/g, " ")
    .split("\n");
  return lines.flatMap((line) => {
    const [, name, rest] = /^([A-Z]+) (.*)$/.exec(line.trim()) ?? [];
    return name ? [[name, rest!] as [string, string]] : [];
  });
}

/** @param to a folder, which holds the file, or the contents of the folder that is copied */
function copyTracked(place: string, to: string): void {
  const files = execFileSync("git", ["ls-files", "--", place], { cwd: root, encoding: "utf8" }).trim().split("\n");
  if (files[0] === "") throw new Error(`COPY ${place}: git has no such file`);
  if (!allowed().has(place)) throw new Error(`COPY ${place}: .dockerignore leaves it out`);
  for (const file of files) {
    const target = join(to, file === place ? file : file.slice(place.length + 1));
    mkdirSync(dirname(target), { recursive: true });
    cpSync(join(root, file), target);
  }
}

/** `!name` lines: .dockerignore leaves everything out but these. */
function allowed(): Set<string> {
  const lines = readFileSync(join(root, ".dockerignore"), "utf8").split("\n");
  return new Set(lines.filter((line) => line.startsWith("!")).map((line) => line.slice(1)));
}

/** @param isWhole with development and optional packages; without them, those go too that both would bring (`devOptional`) */
function install(folder: string, { isWhole }: { isWhole: boolean }): void {
  const { packages } = JSON.parse(readFileSync(join(folder, "package-lock.json"), "utf8")) as {
    packages: Record<string, { dev?: boolean; optional?: boolean; devOptional?: boolean }>;
  };
  for (const [path, { dev, optional, devOptional }] of Object.entries(packages)) {
    const isOnTop = /^node_modules\/(?:@[^/]+\/)?[^/]+$/.test(path);
    // Not every package is for this system.
    if (!isOnTop || (!isWhole && (dev || optional || devOptional)) || !existsSync(join(root, path))) continue;
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    symlinkSync(join(root, path), join(folder, path));
  }
  execFileSync(process.execPath, ["bin/prepare.js"], { cwd: folder, stdio: "pipe" });
}
