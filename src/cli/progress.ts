/** How far long work has come, on one line of a terminal that somebody looks at; nowhere else a letter is written. */

export interface Progress {
  /** Overwrites the line. */
  show(line: string): void;
  /** The same with a bar, at most ten times a second: `importing [####······] 42 %, 421,000 lines, 38 s left`. */
  bar(of: { readonly what: string; readonly share: number; readonly detail: string }): void;
  /** The line is gone. To be called before anything else is printed. */
  done(): void;
}

const SHOWN_EVERY_MS = 100;
const WIDTH = 24;

/**
 * @param terminal usually `process.stderr`, so that what a program reads stands on standard output alone
 * @param clock milliseconds since any fixed point
 */
export function openProgress(
  terminal: { readonly isTTY?: boolean; write(text: string): unknown },
  clock: () => number = () => performance.now(),
): Progress {
  if (!terminal.isTTY) return { show() {}, bar() {}, done() {} };
  let begunAt: number | null = null;
  let shownAt = Number.NEGATIVE_INFINITY;
  const show = (line: string) => void terminal.write(`\r\u001b[K${line}`);
  return {
    show,
    bar({ what, share, detail }) {
      const now = clock();
      begunAt ??= now;
      if (now - shownAt < SHOWN_EVERY_MS && share < 1) return;
      shownAt = now;
      const full = Math.round(Math.min(Math.max(share, 0), 1) * WIDTH);
      const left = share > 0 && share < 1 ? `, ${inWords(((now - begunAt) * (1 - share)) / share)} left` : "";
      show(`${what} [${"#".repeat(full)}${"·".repeat(WIDTH - full)}] ${Math.floor(share * 100)} %, ${detail}${left}`);
    },
    done() {
      begunAt = null;
      shownAt = Number.NEGATIVE_INFINITY;
      show("");
    },
  };
}

function inWords(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  return seconds < 90 ? `${seconds} s` : `${Math.ceil(seconds / 60)} min`;
}
