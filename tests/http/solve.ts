import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { createContext, runInContext } from "node:vm";
import type { Challenge } from "../../src/core/challenge.ts";

const worker = readFileSync(fileURLToPath(new URL("../../templates/assets/proof-worker.js", import.meta.url)), "utf8");

/** Solves a challenge with the very script that a browser runs. @returns what it posts back */
export function solve(challenge: Challenge): string {
  const posted: string[] = [];
  let listen: ((event: { data: Challenge }) => void) | null = null;
  const context = createContext({
    addEventListener: (_: string, listener: typeof listen) => {
      listen = listener;
    },
    postMessage: (text: string) => posted.push(text),
    btoa,
  });
  runInContext(worker, context);
  listen!({ data: challenge });
  return posted[0]!;
}
