/** What the API takes, as the document shows it: made of the schemas that wishes.ts reads with. */
import type { Request } from "express";
import { z } from "zod";
import { filterSchema } from "../../core/filter.ts";
import { problemsOf } from "../../core/problems.ts";
import { preferenceFields } from "../../core/subscription.ts";
import type { Catalogue } from "../../core/topics.ts";
import { Invalid } from "../../errors.ts";
import { addressSchema, elsewhereSchema, pauseFields } from "../wishes.ts";

export function wishBody(catalogue: Catalogue) {
  return z.strictObject({
    email: addressSchema.describe("Where digests are to go. A mail to it asks its owner."),
    ...preferenceFields(filterSchema(catalogue)),
    altcha: z
      .string()
      .optional()
      .describe("A solved challenge: base64 of JSON, as ALTCHA's libraries make it. Only needed when very many ask."),
  });
}

/** What is absent stays as it is. */
export function changesBody(catalogue: Catalogue) {
  const fields = Object.entries(preferenceFields(filterSchema(catalogue))).map(([name, field]) => [
    name,
    withoutDefault(field).optional(),
  ]);
  return z.strictObject({
    ...(Object.fromEntries(fields) as z.ZodRawShape),
    ...pauseFields("UTC", new Date(0)),
    elsewhere: elsewhereSchema,
  });
}

/** @param schema of a body that may be left out when all of it may. @throws {Invalid} naming each field at fault */
export function bodyOf<Schema extends z.ZodType>(schema: Schema, { body = {} }: Request): z.output<Schema> {
  const parsed = schema.safeParse(body);
  if (parsed.success) return parsed.data;
  throw new Invalid("Some of what was sent cannot be used as it is.", problemsOf(parsed.error));
}

function withoutDefault(field: z.ZodType): z.ZodType {
  const isFilled = field instanceof z.ZodDefault || field instanceof z.ZodPrefault || field instanceof z.ZodOptional;
  return isFilled ? (field.unwrap() as z.ZodType) : field;
}
