/** What backing up and restoring need of the world around them, and how they show how far they have come. */
import type { Vault } from "../vault.ts";
import type { Terminal } from "./terminal.ts";

export interface Vaults extends Pick<Terminal, "print" | "complain"> {
  withVault<T>(work: (vault: Vault) => Promise<T>): Promise<T>;
  /** Overwrites one line, where a person looks on; empty: it is gone. */
  show(line: string): void;
  /** A question whose answer is yes or no; null when nobody is there to be asked. */
  ask(question: string): Promise<boolean | null>;
}

const BAR = 30;

/** @param what `rows written` */
export function progressOf({ show }: Pick<Vaults, "show">, what: string) {
  let shown = "";
  return (done: number, all: number) => {
    const part = all === 0 ? 1 : Math.min(done / all, 1);
    const filled = Math.round(part * BAR);
    const line = `[${"#".repeat(filled)}${".".repeat(BAR - filled)}] ${Math.floor(part * 100)} %  ${done.toLocaleString("en")} ${what}`;
    if (line !== shown) show(line);
    shown = line;
  };
}

/** `1 row`, `2 rows`. */
export function count(number: number, what: string): string {
  return `${number.toLocaleString("en")} ${what}${number === 1 ? "" : "s"}`;
}
