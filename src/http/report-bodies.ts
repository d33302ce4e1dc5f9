/** Bodies of reports: bounded one by one and all together, however many come at once. */
import type { IncomingMessage } from "node:http";
import { Temporary } from "../errors.ts";
import { Refused } from "./faults.ts";

/** docs/promises.md §3. */
const LIMIT_BYTES = 2_000_000;

/** The provider comes back; by then this may be over. */
const COME_BACK_MS = 30_000;

export interface Hold {
  /** @throws {Temporary} when this process holds as much as it may */
  add(bytes: number): void;
  release(): void;
}

/** How much may be held of one kind of body, from their first byte to the answer. */
export function openRoom(mostBytes: number): { begin(): Hold } {
  let total = 0;
  return {
    begin() {
      let held = 0;
      return {
        add(bytes) {
          if (total + bytes > mostBytes)
            throw new Temporary("More reports come in than there is room for.", { retryAfterMs: COME_BACK_MS });
          total += bytes;
          held += bytes;
        },
        release() {
          total -= held;
          held = 0;
        },
      };
    },
  };
}

/** @throws {Refused} 413 when it is too long: at once when its length is announced, else when it is reached */
export async function readBody(request: IncomingMessage, hold: Hold): Promise<Buffer> {
  if (Number(request.headers["content-length"] ?? 0) > LIMIT_BYTES) throw tooLong();
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of chunksOf(request)) {
    length += chunk.length;
    if (length > LIMIT_BYTES) throw tooLong();
    hold.add(chunk.length);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks);
}

/** Its bytes; a body that breaks off, or is packed, is the sender's fault and not ours. */
export async function* chunksOf(request: IncomingMessage): AsyncGenerator<Buffer> {
  const { "content-encoding": encoding = "identity" } = request.headers;
  // Unpacked it could be a thousand times as long, and what is signed are the bytes as they come.
  if (encoding !== "identity") throw new Refused(415, "Send the report as it is, not compressed.");
  try {
    yield* request.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>;
  } catch (error) {
    if ((error as { code?: unknown }).code === "ECONNRESET") throw new Refused(400, "The report broke off.");
    throw error;
  } finally {
    // Whoever is refused half-way is still writing, and hears why when the rest was taken off the wire.
    request.resume();
  }
}

function tooLong(): Refused {
  return new Refused(413, "The report is too long. There is room for 2 MB.");
}

/** Runs at most so many at once; the others wait, and are run in the order they came. */
export type InTurn = <T>(run: () => Promise<T>) => Promise<T>;

export function atMostAtOnce(most: number): InTurn {
  let free = most;
  const waiting: (() => void)[] = [];
  return async (run) => {
    if (free > 0) free -= 1;
    else await new Promise<void>((begin) => waiting.push(begin));
    try {
      return await run();
    } finally {
      // A turn is handed on, not given back, so that no newcomer takes it from who waited.
      const next = waiting.shift();
      if (next) next();
      else free += 1;
    }
  };
}
