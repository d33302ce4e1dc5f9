/** The document as a page shows it: operations under their tags, then the schemas they name. */
import type { OpenApiDocument } from "./openapi.ts";
import type { View } from "./pages.ts";

/** As much of JSON Schema as our document has. */
interface Schema {
  readonly $ref?: string;
  readonly type?: string | readonly string[];
  readonly format?: string;
  readonly const?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly oneOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
  readonly default?: unknown;
  readonly description?: string;
  readonly minimum?: number;
  readonly exclusiveMinimum?: number;
  readonly maximum?: number;
  readonly maxLength?: number;
  readonly maxItems?: number;
}

interface Media {
  readonly schema?: Schema;
  readonly example?: unknown;
  readonly examples?: Readonly<Record<string, { readonly summary?: string; readonly value: unknown }>>;
}

interface Answer {
  readonly $ref?: string;
  readonly description?: string;
  readonly content?: Readonly<Record<string, Media>>;
  readonly headers?: Readonly<Record<string, { readonly description?: string }>>;
}

interface Operation {
  readonly tags: readonly string[];
  readonly operationId: string;
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly {
    readonly in: string;
    readonly name: string;
    readonly description?: string;
    readonly required?: boolean;
    readonly example?: unknown;
    readonly schema: Schema;
  }[];
  readonly requestBody?: { readonly content: Readonly<Record<string, Media>> };
  readonly responses: Readonly<Record<string, Answer>>;
  readonly security?: readonly Readonly<Record<string, unknown>>[];
}

export function docsView(document: OpenApiDocument): View {
  const { info, servers = [], tags = [], paths = {}, components = {} } = document;
  const server = servers[0]?.url ?? "";
  const responses = (components.responses ?? {}) as Readonly<Record<string, Answer>>;
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Readonly<Record<string, Operation>>).map(([method, operation]) =>
      operationView(operation, { method: method.toUpperCase(), path, server, responses }),
    ),
  );
  return {
    paragraphs: (info.description ?? "").split("\n\n").map(inline),
    tags: tags.map(({ name, description = "" }) => ({
      ...{ id: `tag-${name.toLowerCase()}`, name, description: inline(description) },
      operations: operations.filter((operation) => operation.tag === name),
    })),
    schemas: Object.entries((components.schemas ?? {}) as Readonly<Record<string, Schema>>).map(([name, schema]) => ({
      ...{ id: `schema-${name}`, name, description: inline(schema.description ?? "") },
      fields: fieldsOf(schema),
    })),
  };
}

interface Setting {
  readonly method: string;
  readonly path: string;
  readonly server: string;
  readonly responses: Readonly<Record<string, Answer>>;
}

function operationView(operation: Operation, { method, path, server, responses }: Setting) {
  const { operationId, summary, description = "", parameters = [], requestBody } = operation;
  const [bodyType = "", body = null] = Object.entries(requestBody?.content ?? {})[0] ?? [];
  const examples = Object.values(body?.examples ?? {});
  const needsToken = operation.security?.some((one) => Object.keys(one).length > 0) ?? false;
  const address = server + addressOf(path, parameters);
  return {
    ...{ id: operationId, tag: operation.tags[0], summary, method, path },
    description: inline(description),
    parameters: parameters.map(({ name, in: where, description: said = "", required = false, schema }) => ({
      ...{ name, where, required, description: inline(said || (schema.description ?? "")), nested: [] },
      ...kindOf(schema),
    })),
    bodyType,
    bodyFields: body?.schema ? fieldsOf(body.schema) : [],
    bodyKind: body?.schema ? kindOf(body.schema) : null,
    calls:
      examples.length > 0
        ? examples.map(({ summary: about = "", value }) => ({
            about,
            call: curl(method, address, { needsToken, body: value }),
          }))
        : [{ about: "", call: curl(method, address, { needsToken }) }],
    answers: Object.entries(operation.responses).map(([status, answer]) =>
      answerView(status, answer.$ref ? responses[answer.$ref.split("/").at(-1)!]! : answer),
    ),
  };
}

function answerView(status: string, { description = "", content = {}, headers = {} }: Answer) {
  const [type = "", media = {}] = Object.entries(content)[0] ?? [];
  // One problem is like another: each is told in a line, and their form once.
  const isProblem = type === "application/problem+json";
  return {
    ...{ status, description: inline(description), type },
    kind: media.schema ? kindOf(media.schema) : null,
    fields: media.schema && !isProblem ? fieldsOf(media.schema) : [],
    headers: Object.entries(headers).map(([name, { description: said = "" }]) => ({ name, description: inline(said) })),
    example: media.example === undefined || isProblem ? "" : JSON.stringify(media.example, null, 2),
  };
}

/** A command that asks for it: what an address needs is filled in with its example. */
function curl(
  method: string,
  address: string,
  { needsToken, body }: { readonly needsToken: boolean; readonly body?: unknown },
): string {
  const quoted = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;
  return [
    `curl ${method === "GET" || (method === "POST" && body !== undefined) ? "" : `-X ${method} `}${quoted(address)}`,
    ...(needsToken ? [`-H "Authorization: Bearer $TOKEN"`] : []),
    ...(body === undefined ? [] : ["-H 'Content-Type: application/json'", `-d ${quoted(JSON.stringify(body))}`]),
  ].join(" \\\n  ");
}

function addressOf(path: string, parameters: NonNullable<Operation["parameters"]>): string {
  return parameters
    .filter(({ in: where }) => where === "path")
    .reduce((filled, { name, example }) => filled.replace(`{${name}}`, String(example ?? `{${name}}`)), path);
}

/** What a value is, in the notation of TypeScript, with its bounds; a schema of the document by its name. */
function kindOf(schema: Schema): { kind: string; href: string; bounds: string } {
  const { $ref, items, anyOf, oneOf, minimum, exclusiveMinimum, maximum, maxLength, maxItems, format } = schema;
  const least = minimum ?? (exclusiveMinimum === undefined ? undefined : exclusiveMinimum + 1);
  const most = maximum === Number.MAX_SAFE_INTEGER ? undefined : maximum;
  const bounds = [
    format ?? "",
    least !== undefined || most !== undefined ? `${least ?? ""} … ${most ?? ""}`.trim() : "",
    maxLength === undefined ? "" : `maxLength ${maxLength}`,
    maxItems === undefined ? "" : `maxItems ${maxItems}`,
    schema.default === undefined || NOTHING.test(JSON.stringify(schema.default))
      ? ""
      : `= ${JSON.stringify(schema.default)}`,
  ]
    .filter((bound) => bound !== "")
    .join(", ");
  const refs = [$ref, items?.$ref, ...[...(anyOf ?? []), ...(oneOf ?? [])].map((one) => one.$ref)];
  const ref = refs.find((one) => one !== undefined);
  return { kind: nameOf(schema), href: ref === undefined ? "" : `#schema-${ref.split("/").at(-1)}`, bounds };
}

/** Defaults that go without saying. */
const NOTHING = /^(?:""|\[\]|false|\{.*\})$/;

function nameOf(schema: Schema): string {
  const { $ref, type, items, anyOf, oneOf, enum: words } = schema;
  if ($ref !== undefined) return $ref.split("/").at(-1)!;
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (words !== undefined) return words.map((word) => JSON.stringify(word)).join(" | ");
  const several = anyOf ?? oneOf;
  if (several !== undefined) return several.map(nameOf).join(" | ");
  if (type === "array") return items === undefined ? "array" : arrayOf(nameOf(items));
  return Array.isArray(type) ? type.join(" | ") : String(type ?? "any");
}

function arrayOf(name: string): string {
  return name.includes(" | ") ? `(${name})[]` : `${name}[]`;
}

/** The fields of an object, of the objects in a list, or of what it is when it is not null. */
function fieldsOf(schema: Schema): View[] {
  const [inner] = [schema, schema.items, ...(schema.anyOf ?? []), ...(schema.oneOf ?? [])].filter(
    (one) => one?.properties !== undefined,
  );
  return Object.entries(inner?.properties ?? {}).map(([name, field]) => ({
    ...{ name, where: "", required: inner!.required?.includes(name) ?? false },
    ...kindOf(field),
    description: inline(field.description ?? ""),
    nested: fieldsOf(field),
  }));
}

/** Text with its pieces of code and links told apart, since a page puts out no markup that stands in a text. */
function inline(text: string): View[] {
  return text
    .split(/(`[^`]+`|\[[^\]]+\]\(https:[^)]+\))/)
    .filter((piece) => piece !== "")
    .map((piece) => {
      const [, said = "", href = ""] = /^\[([^\]]+)\]\((https:[^)]+)\)$/.exec(piece) ?? [];
      const isCode = piece.startsWith("`");
      return { code: isCode ? piece.slice(1, -1) : "", href, text: href !== "" ? said : isCode ? "" : piece };
    });
}
