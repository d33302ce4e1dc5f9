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

const waiting = new Map<number, { resolve(compiled: Compiled): void; reject(error: Error): void }>();
let running: ChildProcess | null = null;
let ending: NodeJS.Timeout | undefined;
let asked = 0;

/** @throws {Permanent} when the process ends without an answer */
export function compileMjml(mail: MjmlSource): Promise<Compiled> {
  clearTimeout(ending);
  running ??= started();
  running.ref();
  running.channel?.ref();
  const id = asked++;
  return new Promise((resolve, reject) => {
    waiting.set(id, { resolve, reject });
    running!.send({ id, mail });
  });
}

function started(): ChildProcess {
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
  child.once("disconnect", () => {
    if (running === child) running = null;
  });
  child.once("exit", (code, signal) => {
    if (running === child) running = null;
    for (const { reject } of waiting.values()) reject(new Permanent(`MJML ended with ${signal ?? code}`));
    waiting.clear();
  });
  return child;
}
