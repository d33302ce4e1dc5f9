/** A port that cannot be listened on, told by the setting that names it. */
import { Permanent } from "./errors.ts";

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has it",
  EACCES: "a port below 1024 is for root alone",
};

/**
 * For `catch`: what has nothing to do with a port goes on as it is.
 *
 * @throws {Permanent} naming the setting, the port and what to do
 */
export function asPortFault(setting: string, port: number | null): (error: unknown) => never {
  return (error) => {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    const reason = REASONS[code];
    if (syscall !== "listen" || reason === undefined) throw error;
    throw new Permanent(
      `${setting}: nothing can listen at port ${port}, as ${reason} (${code}). Write another ${setting}, or stop what has it`,
      { cause: error },
    );
  };
}
