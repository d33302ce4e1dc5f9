/** Kinds of readers a recording is replayed to: twelve of ours (reader-kinds/twelve.json), or an operator's own. */
import { z } from "zod";
import { Invalid } from "../errors.ts";
import { filterSchema } from "./filter.ts";
import { problemsOf } from "./problems.ts";
import twelve from "./reader-kinds/twelve.json" with { type: "json" };
import { type Preferences, preferencesSchema } from "./subscription.ts";
import type { Catalogue } from "./topics.ts";

/** A name and what readers of this kind chose. */
export interface ReaderKind {
  readonly name: string;
  readonly preferences: Preferences;
}

/** What is replayed when nobody names others. */
export const TWELVE_KINDS: unknown = twelve;

/** More would be a list of readers: each of them is a row of a table. */
const MOST_KINDS = 100;

/**
 * Kinds from outside: a list of objects with a `name` and what a subscription may choose, defaults and all.
 *
 * @throws {Invalid} with a problem for each field at fault, `3.filter.watches.0.topics.0`
 */
export function parseReaderKinds(input: unknown, catalogue: Catalogue): ReaderKind[] {
  const parsed = kindsSchema(catalogue).safeParse(input);
  if (parsed.success) return parsed.data;
  throw new Invalid("The kinds of readers cannot be used as they are.", problemsOf(parsed.error));
}

function kindsSchema(catalogue: Catalogue) {
  const preferences = preferencesSchema(filterSchema(catalogue));
  const kind = z
    .looseObject({ name: z.string("Give each kind a name.").trim().min(1, "Give each kind a name.").max(60) }, NO_KIND)
    .transform(({ name, ...rest }, context): ReaderKind => {
      const read = preferences.safeParse(rest);
      if (read.success) return { name, preferences: read.data };
      for (const { field, message } of problemsOf(read.error))
        context.addIssue({ code: "custom", path: field.split("."), message });
      return z.NEVER;
    });
  return z
    .array(kind, 'Write a list of kinds: [{"name": "broad"}].')
    .min(1, "Name one kind of reader at least.")
    .max(MOST_KINDS, `At most ${MOST_KINDS} kinds are replayed at once.`)
    .superRefine((kinds, context) => {
      const names = new Set<string>();
      for (const [at, { name }] of kinds.entries()) {
        if (names.has(name))
          context.addIssue({
            code: "custom",
            path: [at, "name"],
            message: `Two kinds are called ${JSON.stringify(name)}.`,
          });
        names.add(name);
      }
    });
}

const NO_KIND = 'Write a kind as {"name": "agents", "filter": {"watches": [{"topics": ["agents"]}]}}.';
