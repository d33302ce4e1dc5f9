import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";

/**
 * Names one run of one program, so that a record of it can outlive it. A bare pid is not enough: after a crash or a
 * reboot the number may belong to something else.
 */
export type ProcessIdentity = { readonly pid: number; readonly startedAt: string };

/** Who runs under this pid now, or null when nobody does. A zombie (ended, not yet reaped) is nobody. */
export function identify(pid: number): ProcessIdentity | null {
  const seen = existsSync("/proc/self/stat") ? readProc(pid) : readPs(pid);
  return seen && { pid, startedAt: seen.startedAt };
}

export function isAlive(process: ProcessIdentity): boolean {
  return identify(process.pid)?.startedAt === process.startedAt;
}

/** The arguments the process was started with, joined by blanks; empty when it is gone or not ours to look at. */
export function commandLine(pid: number): string {
  const seen = existsSync("/proc/self/stat") ? readProc(pid) : readPs(pid);
  return seen?.command ?? "";
}

type Seen = { startedAt: string; command: string };

function readProc(pid: number): Seen | null {
  try {
    // proc(5): the second field is the program's name in brackets and may itself hold blanks and brackets, so count from
    // the last bracket. The third field is the state, the 22nd the start time in clock ticks since boot.
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    if (fields[0] === "Z" || fields[0] === "X") return null;
    // Ticks begin again at every boot, hence the boot's own id in front.
    const boot = readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
    const command = readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim();
    return { startedAt: `${boot}/${fields[19]}`, command };
  } catch {
    return null; // no such process
  }
}

/** macOS and the BSDs have no /proc. `lstart` is an absolute date, 24 characters wide. */
function readPs(pid: number): Seen | null {
  try {
    const line = execFileSync("ps", ["-o", "stat=,lstart=,command=", "-p", String(pid)], {
      encoding: "utf8",
      env: { PATH: process.env.PATH, LC_ALL: "C" },
      stdio: ["ignore", "pipe", "ignore"],
    }).trim();
    const [, state, startedAt, command] = /^(\S+)\s+(.{24})\s*(.*)$/.exec(line) ?? [];
    return !startedAt || state?.startsWith("Z") ? null : { startedAt, command: command ?? "" };
  } catch {
    return null;
  }
}
