/** The document as a client reads it: its operations, what they take and answer, and whether an answer is as it says. */
import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";

export type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json };
/** The JSON schemas that the document is made of. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: Json;
  readonly enum?: readonly Json[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly additionalProperties?: boolean | Schema;
  readonly items?: Schema;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface Media {
  readonly schema?: Schema;
  readonly example?: Json;
  readonly examples?: Readonly<Record<string, { readonly value: Json }>>;
}

export interface Parameter {
  readonly in: "query" | "path" | "header";
  readonly name: string;
  readonly schema: Schema;
  readonly explode?: boolean;
  readonly example?: Json;
}

export interface Operation {
  readonly operationId: string;
  readonly method: string;
  /** As the document names it: `/api/v1/editions/{date}`. */
  readonly path: string;
  readonly parameters: readonly Parameter[];
  readonly body: Readonly<Record<string, Media>>;
  readonly responses: Readonly<
    Record<
      string,
      {
        readonly content?: Readonly<Record<string, Media>>;
        readonly headers?: Readonly<Record<string, { readonly required?: boolean }>>;
      }
    >
  >;
  readonly isOperators: boolean;
}

/** @returns what the validator finds; empty for a document that is as OpenAPI says */
export async function mistakesIn(document: object): Promise<unknown> {
  const { valid, errors } = await new Validator().validate(structuredClone(document) as Record<string, unknown>);
  return valid ? [] : (errors ?? "not valid");
}

/** All operations, with whatever they refer to in its place. */
export async function operationsOf(document: object): Promise<Operation[]> {
  const validator = new Validator();
  await validator.validate(structuredClone(document) as Record<string, unknown>);
  const { paths } = validator.resolveRefs() as { paths: Record<string, Record<string, RawOperation>> };
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, { operationId, parameters = [], requestBody, responses, security }]) => ({
      ...{ operationId, method: method.toUpperCase(), path, parameters, responses },
      body: requestBody?.content ?? {},
      isOperators: security?.some((one) => "operator" in one) ?? false,
    })),
  );
}

type RawOperation = Pick<Operation, "operationId" | "responses"> & {
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: { readonly content: Operation["body"] };
  readonly security?: readonly object[];
};

/** Why an answer is not what the document says of it; empty when it is. */
export async function objectionsTo({ responses, method }: Operation, answer: Response): Promise<string[]> {
  const text = await answer.text();
  const said = responses[answer.status];
  if (said === undefined) return [`${answer.status} is not in the document: ${text.slice(0, 300)}`];
  const missing = Object.entries(said.headers ?? {})
    .filter(([name, { required }]) => required && !answer.headers.has(name))
    .map(([name]) => `${answer.status} has no ${name}`);
  const type = answer.headers.get("content-type")?.split(";", 1)[0] ?? "";
  if (said.content === undefined || answer.status === 304 || method === "HEAD")
    return text === "" ? missing : [...missing, `${answer.status} has a body`];
  const media = said.content[type];
  if (media === undefined) return [...missing, `${answer.status} is of type ${type || "none"}`];
  if (!/json$/.test(type) || media.schema === undefined) return missing;
  const parsed = checkOf(media.schema).safeParse(media.schema.type === "string" ? text : JSON.parse(text));
  return parsed.success ? missing : [...missing, ...parsed.error.issues.map((issue) => JSON.stringify(issue))];
}

const checks = new WeakMap<Schema, z.ZodType>();

/** Clients may be told more one day; today nothing comes that the document does not name. */
function checkOf(schema: Schema): z.ZodType {
  const known = checks.get(schema) ?? z.fromJSONSchema(closed(schema) as Parameters<typeof z.fromJSONSchema>[0]);
  checks.set(schema, known);
  return known;
}

function closed(schema: Schema): Schema {
  const each = (list: readonly Schema[] | undefined) => list?.map(closed);
  const { properties, items, anyOf, oneOf, additionalProperties, ...rest } = schema;
  return {
    ...rest,
    ...(items && { items: closed(items) }),
    ...(anyOf && { anyOf: each(anyOf)! }),
    ...(oneOf && { oneOf: each(oneOf)! }),
    ...(properties && {
      properties: Object.fromEntries(Object.entries(properties).map(([name, one]) => [name, closed(one)])),
    }),
    ...(additionalProperties !== undefined ? { additionalProperties } : properties && { additionalProperties: false }),
  };
}

/** Where two values are not alike in kind: other fields, another type. Null is like anything, an empty list like any list. */
export function unlike(shown: Json | undefined, came: Json | undefined, at = ""): string[] {
  if (shown === null || came === null) return [];
  if (Array.isArray(shown) && Array.isArray(came))
    return shown.length > 0 ? came.flatMap((one, i) => unlike(shown[0], one, `${at}[${i}]`)) : [];
  if (typeof shown !== typeof came || Array.isArray(shown) !== Array.isArray(came))
    return [`${at} is ${typeof came}, not ${typeof shown}`];
  if (typeof shown !== "object" || typeof came !== "object") return [];
  const names = new Set([...Object.keys(shown), ...Object.keys(came)]);
  return [...names].flatMap((name) =>
    unlike((shown as Record<string, Json>)[name], (came as Record<string, Json>)[name], `${at}.${name}`),
  );
}

/** The parameters as an address has them. */
export function addressOf({ path, parameters }: Operation, values: Readonly<Record<string, Json | undefined>>): string {
  const query = new URLSearchParams();
  let address = path;
  for (const { in: where, name, explode = true } of parameters) {
    const value = values[name];
    if (value === undefined) continue;
    // Half a letter has no place in an address: whoever writes one sends the mark that stands for what is no letter.
    if (where === "path")
      address = address.replace(`{${name}}`, () => encodeURIComponent(Buffer.from(textOf(value)).toString()));
    if (where === "query")
      for (const one of Array.isArray(value) ? (explode ? value : [value.map(textOf).join(",")]) : [value])
        query.append(name, textOf(one));
  }
  return query.size > 0 ? `${address}?${query}` : address;
}

/** A value as an address has it. An object that has a `toString` of its own, being made of nothing but JSON, has no other text. */
export function textOf(value: Json): string {
  return typeof value === "object" ? JSON.stringify(value) : String(value);
}
