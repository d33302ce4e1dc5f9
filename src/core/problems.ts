/** What zod found, as problems a sender can act on. */
import type { z } from "zod";
import type { Problem } from "../errors.ts";

/** One problem for each field at fault; a field that does not exist is named itself, not the object it stands in. */
export function problemsOf(error: z.ZodError): Problem[] {
  return error.issues.flatMap((issue) => {
    const path = issue.path.map(String);
    if (issue.code !== "unrecognized_keys") return [{ field: path.join("."), message: issue.message }];
    return issue.keys.map((key) => ({
      field: [...path, key].join("."),
      message: `There is no field ${JSON.stringify(key)} here. Check its spelling or leave it out.`,
    }));
  });
}
