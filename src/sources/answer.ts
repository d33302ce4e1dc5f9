import { Invalid, Permanent } from "../errors.ts";
import type { Fetched } from "../fetch.ts";
import { utf8Text } from "./utf8.ts";

/**
 * Reads the answer of a source.
 *
 * @param parse throws Invalid for what it cannot understand
 * @param read its bytes as text; by default they are UTF-8
 * @throws {Permanent} saying who answered what; the same answer would come again
 */
export function understand<T>(
  answer: Fetched,
  parse: (text: string) => T,
  read = ({ body }: Fetched) => utf8Text(body),
): T {
  try {
    return parse(read(answer));
  } catch (error) {
    if (!(error instanceof Invalid)) throw error;
    const { host, pathname } = new URL(answer.url);
    throw new Permanent(`The answer of ${host}${pathname} cannot be read: ${error.message}`, { cause: error });
  }
}
