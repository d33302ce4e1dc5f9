/** Parameters of the API's addresses, in zod: the schemas that read them are those that the document shows. */
import type { Request } from "express";
import { z } from "zod";
import { isDay } from "../../core/day.ts";
import { type Filter, watchSchema } from "../../core/filter.ts";
import { filterFromQuery, moreThanOnce, strangersIn } from "../../core/filter-query.ts";
import { problemsOf } from "../../core/problems.ts";
import type { Catalogue } from "../../core/topics.ts";
import { Invalid, type Problem } from "../../errors.ts";
import { queryOf } from "../query.ts";
import type { WebApp } from "../server.ts";

const WRITE_A_DAY = "Write a day such as 2026-04-15.";

/** Editions in one answer: with their papers each weighs some 200 kB. */
export const editionsParameters = z.object({
  limit: count({ usual: 7, most: 31 }).describe("Editions in the answer, at most.").meta(shown(2)),
  before: z.iso
    .date({ error: WRITE_A_DAY, abort: true })
    .refine(isDay, WRITE_A_DAY)
    .optional()
    .describe("Only editions of days before this one. `Link` in the answer leads to the next page.")
    .meta(shown("2026-04-16")),
});

export const previewParameters = z.object({
  maxPapers: count({ usual: 10, most: 50 }).describe("Papers in the answer, at most.").meta(shown(3)),
});

/** The filter of an address as the document shows it; core/filter-query.ts reads it. One watch, or `filter` for several. */
export function filterParameters(catalogue: Catalogue) {
  const { name, topics, categories, include, authors, exclude, minUpvotes, onlyWithCode } =
    watchSchema(catalogue).shape;
  return z.object({
    filter: z
      .string()
      .optional()
      .describe("A whole filter: its JSON in base64url. With it there are none of the parameters below.")
      .meta(shown(Buffer.from('{"watches":[{"include":["agents"]}]}').toString("base64url"))),
    name: name.meta(shown("mine")),
    topics: topics.meta(shown(["agents"], { explode: false })),
    categories: categories.meta(shown(["cs.CL", "cs"], { explode: false })),
    include: include.meta(shown(["agents", "title:speech + recognition"])),
    authors: authors.meta(shown(["Ada Lovelace"])),
    exclude: exclude.meta(shown(["survey"])),
    minUpvotes: minUpvotes.meta(shown(10)),
    onlyWithCode: onlyWithCode.meta(shown(true)),
  });
}

/** @param how lists with commas in one parameter, instead of the parameter once for each entry */
export function shown(example: unknown, how: { readonly explode?: boolean } = {}) {
  return { param: { example, ...how } };
}

/**
 * @param parameters those that stand beside the filter; any other is refused
 * @throws {Invalid} naming each parameter at fault
 */
export function filterAnd<Shape extends z.ZodRawShape>(
  query: URLSearchParams,
  parameters: z.ZodObject<Shape>,
  catalogue: Catalogue,
): z.output<z.ZodObject<Shape>> & { readonly filter: Filter } {
  const filter = filterFromQuery(query, catalogue, Object.keys(parameters.shape));
  return { ...parametersIn(query, parameters), filter };
}

/**
 * @param parameters all that may stand there: one that is misspelt would leave out what it was to choose by
 * @throws {Invalid} naming each parameter at fault
 */
export function readParameters<Shape extends z.ZodRawShape>(
  query: URLSearchParams,
  parameters: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  const filled = [...new Set(query.keys())].filter((name) => valuesOf(query, name).length > 0);
  refuse(strangersIn(filled, Object.keys(parameters.shape)));
  return parametersIn(query, parameters);
}

function parametersIn<Shape extends z.ZodRawShape>(
  query: URLSearchParams,
  parameters: z.ZodObject<Shape>,
): z.output<z.ZodObject<Shape>> {
  const names = Object.keys(parameters.shape);
  const repeated = names.filter((name) => valuesOf(query, name).length > 1);
  refuse(repeated.map((field) => ({ field, message: moreThanOnce(field) })));
  const parsed = parameters.safeParse(Object.fromEntries(names.map((name) => [name, valuesOf(query, name)[0]])));
  if (parsed.success) return parsed.data;
  throw new Invalid(UNUSABLE, problemsOf(parsed.error));
}

/** An empty parameter is an absent one: a form sends all its fields. */
function valuesOf(query: URLSearchParams, name: string): string[] {
  return query.getAll(name).filter((value) => value.trim() !== "");
}

const UNUSABLE = "A parameter cannot be used as it is.";

function refuse(problems: readonly Problem[]): void {
  if (problems.length > 0) throw new Invalid(UNUSABLE, problems);
}

/** The address of the next page, for a `Link` (RFC 8288): this one's, beginning further on. */
export function nextPage(
  { publicUrl }: Pick<WebApp, "publicUrl">,
  req: Request,
  from: Readonly<Record<string, string>>,
): string {
  const query = queryOf(req);
  for (const [name, value] of Object.entries(from)) query.set(name, value);
  return `<${publicUrl()}${req.baseUrl}${req.path}?${query}>; rel="next"`;
}

export function count({ usual, most }: { usual: number; most: number }) {
  const message = `Write a whole number from 1 to ${most}.`;
  const number = (text: unknown) => (typeof text === "string" && /^\d{1,3}$/.test(text) ? Number(text) : text);
  return z.preprocess(number, z.int(message).min(1, message).max(most, message).default(usual));
}
