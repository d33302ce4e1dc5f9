import { spawn } from "node:child_process";

export interface Ran {
  readonly command: string;
  /** `well`, or how else: `with 3`, `by SIGKILL after 100 s`, `before it was ready`. */
  readonly ended: string;
  /** Both standard output and standard error, as they came. */
  readonly output: string;
}

export interface ShellOptions {
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What the command says when it is up. It is then stopped as Ctrl-C would, and may end with 0 or 130. */
  readonly until?: RegExp | undefined;
  /** Looks at it while it is up. */
  readonly whenUp?: (said: RegExpExecArray) => Promise<void>;
  readonly timeoutMs?: number;
}

/** Runs one line as a person would at a prompt, in a process group of its own. */
export async function runInShell(
  command: string,
  { cwd, env, until, whenUp = async () => {}, timeoutMs = 100_000 }: ShellOptions,
): Promise<Ran> {
  const child = spawn("sh", ["-c", command], { cwd, env, detached: true, stdio: ["ignore", "pipe", "pipe"] });
  // Ctrl-C goes to the whole group: to npm and to what it started. Gone already: nothing to do.
  const signal = (name: NodeJS.Signals) => {
    try {
      process.kill(-child.pid!, name);
    } catch {}
  };
  let output = "";
  let up: Promise<void> | null = null;
  const hear = (text: string) => {
    output += text;
    const said = up === null ? until?.exec(output) : null;
    if (said) up = whenUp(said).finally(() => signal("SIGINT"));
    up?.catch(() => {}); // awaited below, when the process has ended
  };
  child.stdout.setEncoding("utf8").on("data", hear);
  child.stderr.setEncoding("utf8").on("data", hear);

  const timer = setTimeout(() => signal("SIGKILL"), timeoutMs);
  const [code, killedBy] = await new Promise<[number | null, NodeJS.Signals | null]>((resolve) => {
    child.once("close", (...ended) => resolve(ended));
  });
  clearTimeout(timer);
  await up;
  return { command, ended: howEnded(), output };

  function howEnded(): string {
    if (killedBy !== null && !(up && killedBy === "SIGINT")) return `by ${killedBy} after ${timeoutMs / 1000} s`;
    if (until && up === null) return "before it was ready";
    return code === 0 || (up && (code === 130 || killedBy)) ? "well" : `with ${code}`;
  }
}
