/** What a reader probably meant, and how to write that, in their language. */
import type { Hint } from "./hints.ts";
import type { Say } from "./text.ts";

/** The keys this file says. */
export const hintWords = ["hint.part", "hint.words", "hint.names"] as const;

export function hintInWords({ kind, read, write }: Hint, say: Say): string {
  const written = write.join(" · ");
  if (read.length === 0) return say("hint.names", { kind, write: written });
  const parts = read.map(({ words, titleOnly, exact }) =>
    say("hint.part", { words: words.join(" "), isTitle: titleOnly ? "yes" : "no", isExact: exact ? "yes" : "no" }),
  );
  return say("hint.words", { kind, read: say.list(parts), write: written });
}
