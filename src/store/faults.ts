import { Temporary } from "../errors.ts";

/**
 * What a failed query means to whoever asked: `Temporary` when the database could not be reached, was too busy or gave up
 * to let another one through; everything else (a broken constraint, a wrong statement) as it came.
 */
export function asFault(error: unknown): unknown {
  if (error instanceof Temporary || !isPassing(error)) return error;
  return new Temporary(`The database does not answer: ${(error as Error).message}`, { cause: error });
}

function isPassing(error: unknown): boolean {
  return chainOf(error).some(({ code, originalCode, kind, message }) => {
    const codes = [code, originalCode, kind].filter((value) => typeof value === "string");
    // The one place that reads a message: pg's own errors about a connection that broke or never came have no code.
    return codes.some((value) => PASSING.has(value) || value.startsWith("08")) || NO_CODE.test(String(message));
  });
}

/** The error and what it came from: Prisma, its adapter and the driver each wrap the one below in a way of their own. */
function chainOf(error: unknown, depth = 0): Record<string, unknown>[] {
  if (typeof error !== "object" || error === null || depth > 5) return [];
  const { cause, meta, driverAdapterError, errors } = error as Record<string, unknown>;
  const below = [cause, meta, driverAdapterError, ...(Array.isArray(errors) ? errors : [])];
  const { code, originalCode, kind, message } = error as Record<string, unknown>;
  return [{ code, originalCode, kind, message }, ...below.flatMap((each) => chainOf(each, depth + 1))];
}

const NO_CODE =
  /^Connection terminated|^timeout exceeded when trying to connect|^Client has encountered a connection error/;

const PASSING = new Set([
  // Node: the connection
  "ECONNREFUSED",
  "ECONNRESET",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EPIPE",
  "ETIMEDOUT",
  // PostgreSQL, appendix A; class 08 is "connection exception"
  "40001", // serialization_failure
  "40P01", // deadlock_detected
  "53100", // disk_full
  "53200", // out_of_memory
  "53300", // too_many_connections
  "55P03", // lock_not_available
  "57014", // query_canceled
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  // Prisma: cannot reach, timed out, connection closed, pool exhausted, write conflict
  "P1001",
  "P1002",
  "P1008",
  "P1017",
  "P2024",
  "P2034",
  // Prisma's driver adapter, which drops the code of these
  "DatabaseNotReachable",
  "ConnectionClosed",
  "SocketTimeout",
  "TooManyConnections",
  "TransactionWriteConflict",
]);
