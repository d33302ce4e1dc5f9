/** What backing up and restoring need of the world around them, and how they show how far they have come. */
import type { Vault } from "../vault.ts";
import type { Progress } from "./progress.ts";
import type { ListTerminal } from "./terminal.ts";

export interface Vaults extends Pick<ListTerminal, "print" | "complain" | "progress"> {
  withVault<T>(work: (vault: Vault) => Promise<T>): Promise<T>;
  /** A question whose answer is yes or no; null when nobody is there to be asked. */
  ask(question: string): Promise<boolean | null>;
}

/** @param what `writing` */
export function rowsShown(progress: Progress, what: string) {
  return (done: number, all: number) =>
    progress.bar({ what, share: all === 0 ? 1 : done / all, detail: `${done.toLocaleString("en")} rows` });
}

/** `1 row`, `2 rows`. */
export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
