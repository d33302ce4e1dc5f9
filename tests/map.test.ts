import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";

/** Doors call actions, actions use rooms, rooms speak core: who may import whom (src/README.md has the same table). */
const root = fileURLToPath(new URL("..", import.meta.url));

type Kind =
  | "core"
  | "sources"
  | "store"
  | "queue"
  | "mail"
  | "actions"
  | "http"
  | "cli"
  | "workers"
  | "doctor"
  | "shared"
  | "app"
  | "main";

const ROOMS = ["sources", "store", "queue", "mail"] as const;
/** Files everybody above core may use. */
const SHARED = ["src/errors.ts", "src/log.ts", "src/metrics.ts", "src/tracing.ts", "src/gather.ts", "src/parts.ts"];
/** Files that open the application and its doors. */
const MAINS = ["src/main.ts", "src/demo.ts", "src/demo-papers.ts", "src/cli/main.ts"];
/** Compositions: the only files that know all rooms. */
const APPS = [
  ...["src/app.ts", "src/open-sources.ts", "src/open-words.ts", "src/open-keys.ts"],
  ...["src/doctor.ts", "src/doctor-desk.ts", "src/today-desk.ts", "src/vault.ts"],
];
/** Packages that belong to one place. */
const OWNERS: Readonly<Record<string, readonly string[]>> = {
  bullmq: ["src/queue/"],
  "@bull-board/": ["src/queue/"],
  ioredis: ["src/queue/"],
  pg: ["src/store/", "src/queue/"],
  "pg-copy-streams": ["src/store/"],
  "@prisma/": ["src/store/"],
  nodemailer: ["src/mail/"],
  "smtp-server": ["src/mail/"],
  mjml: ["src/mail/"],
  express: ["src/http/"],
  undici: ["src/fetch.ts"],
  "rate-limiter-flexible": ["src/store/", "src/queue/"],
  commander: ["src/cli/"],
  "csv-parse": ["src/cli/"],
  pino: ["src/log.ts"],
  "prom-client": ["src/metrics.ts"],
  "@opentelemetry/": ["src/tracing.ts"],
  "bullmq-otel": ["src/queue/"],
};

function kindOf(file: string): Kind {
  if (MAINS.includes(file)) return "main";
  if (APPS.includes(file)) return "app";
  if (file.startsWith("workers/")) return "workers";
  const [, folder] = /^src\/([^/]+)\//.exec(file) ?? [];
  return (folder as Kind | undefined) ?? "shared";
}

interface Import {
  readonly from: string;
  /** A file of ours, or a package. */
  readonly to: string;
  readonly isTypeOnly: boolean;
}

function importsOf(file: string): Import[] {
  const text = readFileSync(join(root, file), "utf8");
  const statement =
    /^\s*(?:import|export)\s+(type\s)?[^;"']*?from\s+["']([^"']+)["']|\bimport\(\s*["']([^"']+)["']\s*\)|^\s*import\s+["']([^"']+)["']/gm;
  return [...text.matchAll(statement)].map(([, type, from, dynamic, bare]) => {
    const to = (from ?? dynamic ?? bare)!;
    return {
      from: file,
      to: to.startsWith(".") ? relative(root, join(root, dirname(file), to)) : to,
      isTypeOnly: type !== undefined,
    };
  });
}

/** Why an import is not allowed; null when it is. */
function objection({ from, to, isTypeOnly }: Import): string | null {
  const kind = kindOf(from);
  const owner = Object.entries(OWNERS).find(
    ([name]) => to === name || to.startsWith(name.endsWith("/") ? name : `${name}/`),
  );
  if (owner && !isTypeOnly && !owner[1].some((place) => from.startsWith(place)))
    return `only ${owner[1].join(", ")} may import it`;
  const isOurs =
    to.startsWith("src/") || to.startsWith("workers/") || to.startsWith("prisma/") || to.startsWith("templates/");
  if (!isOurs) return null;
  if (to.startsWith("prisma/client")) return kind === "store" ? null : "only store may import the Prisma client";
  const target = kindOf(to);
  if (kind === target && kind !== "shared") return null;
  const isRoom = (k: Kind) => (ROOMS as readonly string[]).includes(k);

  if (kind === "main") return null;
  if (kind === "app")
    return isRoom(target) ||
      target === "core" ||
      target === "shared" ||
      (from.startsWith("src/doctor") && target === "doctor")
      ? null
      : "a composition knows rooms and core only, and the doctor's its looks";
  if (target === "core") return null;
  if (kind === "core") return to === "src/errors.ts" ? null : "core imports itself and errors only";
  if (SHARED.includes(to)) return null;
  if (isRoom(kind))
    return to === "src/fetch.ts" ? null : "a room imports core, errors, log, metrics and fetch, and no other room";
  if (kind === "doctor") {
    if (to === "src/fetch.ts" || to === "src/public-address.ts") return null;
    return isRoom(target) && isTypeOnly ? null : "a look imports core and fetch, and rooms as types only";
  }
  if (kind === "actions")
    return isRoom(target) && isTypeOnly ? null : "an action imports core, and rooms as types only";
  if (kind === "http" || kind === "cli" || kind === "workers") {
    if (kind === "http" && to === "src/public-address.ts") return null;
    if (target === "actions" || ((target === "app" || target === "doctor") && isTypeOnly)) return null;
    return isRoom(target) && isTypeOnly ? null : "a door imports actions and core, and rooms as types only";
  }
  return target === "shared" ? null : `${from} stands above no room`;
}

const files = ["src", "workers"]
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" }).map((file) => join(folder, file)),
  )
  .filter((file) => file.endsWith(".ts") && !file.endsWith(".d.ts"))
  .sort();

test("nobody imports what is not theirs to know", () => {
  const objections = files.flatMap(importsOf).flatMap((one) => {
    const why = objection(one);
    return why === null ? [] : [`${one.from} imports ${one.to}: ${why}`];
  });
  expect(objections).toEqual([]);
});

test("the map would object to a room that knows another, a core that knows a room, a door that opens one", () => {
  const forbidden: Import[] = [
    { from: "src/mail/post.ts", to: "src/store/papers.ts", isTypeOnly: false },
    { from: "src/core/score.ts", to: "src/store/papers.ts", isTypeOnly: true },
    { from: "src/core/score.ts", to: "src/log.ts", isTypeOnly: false },
    { from: "src/http/server.ts", to: "src/store/papers.ts", isTypeOnly: false },
    { from: "src/actions/confirm.ts", to: "src/queue/queue.ts", isTypeOnly: false },
    { from: "src/http/server.ts", to: "bullmq", isTypeOnly: false },
    { from: "src/doctor/server.ts", to: "src/mail/sender.ts", isTypeOnly: false },
    { from: "src/app.ts", to: "src/doctor/server.ts", isTypeOnly: true },
    { from: "src/http/server.ts", to: "src/doctor/server.ts", isTypeOnly: false },
    { from: "src/actions/confirm.ts", to: "prisma/client/client.ts", isTypeOnly: true },
  ];
  expect(forbidden.filter((one) => objection(one) === null)).toEqual([]);
});

test("every file of the tree is looked at, and imports are found in it", () => {
  expect(files.length).toBeGreaterThan(60);
  expect(files.flatMap(importsOf).length).toBeGreaterThan(200);
});

test("settings are read in config.ts, which the mains hand the environment; PostgreSQL's programs are handed it on", () => {
  const allowed = [...MAINS, "src/config.ts"];
  const readers = files.filter((file) => /process\.env/.test(readFileSync(join(root, file), "utf8")));
  expect(readers.filter((file) => !allowed.includes(file) && !file.startsWith("src/store/embedded/"))).toEqual([]);
});
