/** MJML to html, in a process of its own: MJML and its minifiers take 105 MB, which a worker would keep for ever. */
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { Permanent } from "../errors.ts";

/** A mail in MJML with the options of mjml-core 5 that we use. */
export interface MjmlSource {
  readonly source: string;
  readonly filePath: string;
  readonly includePath: string;
  readonly ignoreIncludes: boolean;
  readonly validationLevel: "strict";
  readonly fonts: Readonly<Record<string, string>>;
  readonly minify: boolean;
  readonly minifyOptions: { readonly minifyCss: false };
}

export type Compiled = { readonly html: string } | { readonly problem: string };

/** The process ends when it has had nothing to do for so long. */
const IDLE_MS = 1_000;

interface Running {
  readonly child: ChildProcess;
  /** What it was asked and has not answered. Each process has its own: one that ends late must not fail the next one's. */
  readonly waiting: Map<number, { resolve(compiled: Compiled): void; reject(error: Error): void }>;
}

let running: Running | null = null;
let ending: NodeJS.Timeout | undefined;
let asked = 0;

/** @throws {Permanent} when the process ends without an answer */
export function compileMjml(mail: MjmlSource): Promise<Compiled> {
  clearTimeout(ending);
  running ??= started();
  const { child, waiting } = running;
  child.ref();
  child.channel?.ref();
  const id = asked++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    child.send({ id, mail });
  });
}

function started(): Running {
  const waiting: Running["waiting"] = new Map();
  // Without our loader and whatever else we were started with.
  const child = fork(fileURLToPath(new URL("./mjml-process.js", import.meta.url)), { execArgv: [], env: {} });
  child.on("message", ({ id, ...compiled }: { id: number } & Compiled) => {
    waiting.get(id)?.resolve(compiled);
    waiting.delete(id);
    if (waiting.size > 0) return;
    ending = setTimeout(() => child.disconnect(), IDLE_MS).unref();
    child.unref();
    child.channel?.unref();
  });
  const forget = () => {
    if (running?.child === child) running = null;
  };
  child.once("disconnect", forget);
  child.once("exit", (code, signal) => {
    forget();
    for (const { reject } of waiting.values()) reject(new Permanent(`MJML ended with ${signal ?? code}`));
    waiting.clear();
  });
  return { child, waiting };
}
