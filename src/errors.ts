/**
 * The faults we throw. An outcome ("already ended", "link expired") is returned instead.
 *
 * A room turns its library's errors into one of these, with `cause`. Only `Temporary` makes a job ring again. No code
 * reads an error's message: what a door needs to phrase stands in fields.
 */

/** One thing wrong with what was sent: where it stands and what to write instead. */
export interface Problem {
  /** Dotted path of the field at fault, as the sender wrote it: `filter.watches.0.include.1`. Empty: the whole. */
  readonly field: string;
  readonly message: string;
}

/** Outside data that cannot be used. HTTP 400 or 422; exit code 2. */
export class Invalid extends Error {
  override readonly name = "Invalid";
  readonly problems: readonly Problem[];

  constructor(message: string, problems: readonly Problem[] = [], options?: ErrorOptions) {
    super(message, options);
    this.problems = problems;
  }
}

/** What was asked for does not exist, or not for this asker. */
export class NotFound extends Error {
  override readonly name = "NotFound";
}

/** It failed now and may work later: a refused connection, a 429, a 4xx of SMTP. */
export class Temporary extends Error {
  override readonly name = "Temporary";
  /** Milliseconds the other side asked us to wait; absent when it did not say. */
  readonly retryAfterMs?: number;

  constructor(message: string, options?: ErrorOptions & { retryAfterMs?: number }) {
    super(message, options);
    if (options?.retryAfterMs !== undefined) this.retryAfterMs = options.retryAfterMs;
  }
}

/** It failed and trying again will not help: a 404, a 5xx of SMTP, a broken template. */
export class Permanent extends Error {
  override readonly name = "Permanent";
}

/**
 * Tells whoever started a process what ended it, each problem on a line of its own.
 *
 * @returns its exit code: 2 for what they can correct in what they wrote, 1 for all else
 */
export function lastWords(error: unknown, complain: (line: string) => void): 1 | 2 {
  complain(error instanceof Error ? error.message : String(error));
  if (!(error instanceof Invalid)) return 1;
  for (const { field, message } of error.problems)
    if (!error.message.includes(message)) complain(`  ${field}: ${message}`);
  return 2;
}

/** A fault that says all there is to say: what nobody foresaw needs its stack. */
export function isForeseen(error: unknown): boolean {
  return [Invalid, NotFound, Temporary, Permanent].some((kind) => error instanceof kind);
}

const PORT_REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process has it",
  EACCES: "a port below 1024 is for root alone",
};

/**
 * A port that cannot be listened on, told by the setting that names it. For `catch`: what has nothing to do with a port
 * goes on as it is.
 *
 * @throws {Permanent} naming the setting, the port and what to do
 */
export function asPortFault(setting: string, port: number | null): (error: unknown) => never {
  return (error) => {
    const { code = "", syscall } = error as NodeJS.ErrnoException;
    const reason = PORT_REASONS[code];
    if (syscall !== "listen" || reason === undefined) throw error;
    throw new Permanent(
      `${setting}: nothing can listen at port ${port}, as ${reason} (${code}). Write another ${setting}, or stop what has it`,
      { cause: error },
    );
  };
}
