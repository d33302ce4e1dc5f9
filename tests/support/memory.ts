/** How much memory processes hold together, as Linux shares it out (proc(5), `smaps_rollup`). */
import { readFileSync } from "node:fs";
import { familyOf } from "./processes.ts";

export interface Held {
  readonly pid: number;
  /** What it is, as far as its command line says. */
  readonly what: string;
  readonly megabytes: number;
}

/**
 * Proportional memory (PSS) of a process and all below it, and of `others` with all below them: a page that several share
 * counts once over all of them, as it does in the machine. One that ends while we look is left out.
 */
export function memoryOf(pids: readonly number[], nameOf: (command: string) => string): Held[] {
  return [...new Set(pids.flatMap(familyOf))].flatMap((pid) => {
    try {
      const [, kb] = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "utf8"))!;
      const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
      return [{ pid, what: nameOf(command), megabytes: Number(kb) / 1024 }];
    } catch {
      return [];
    }
  });
}
