/** The document of everything that answers programs: OpenAPI 3.1, made from the schemas that read and from those of the answers. */
import { createDocument, type ZodOpenApiOperationObject } from "zod-openapi";
import { filterSchema } from "../core/filter.ts";
import type { Catalogue } from "../core/topics.ts";
import {
  editionAnswer,
  paperAnswer,
  previewAnswer,
  problemAnswer,
  subscriptionAnswer,
  topicAnswer,
} from "./api/answers.ts";
import { operationsPaths } from "./openapi/operations.ts";
import { operatorPaths } from "./openapi/operator.ts";
import { papersPaths } from "./openapi/papers.ts";
import { readersPaths } from "./openapi/readers.ts";
import { sitePaths } from "./openapi/site.ts";

export type OpenApiDocument = ReturnType<typeof createDocument>;

/** What this installation has, of what not every one has. */
export interface Described {
  readonly catalogue: Catalogue;
  /** `https://paperboy.example.org`. */
  readonly publicUrl: string;
  /** Ways in for reports, by their names in the address. */
  readonly intakes: readonly string[];
  /** Whether API_TOKEN opens the operator's part. */
  readonly hasOperator: boolean;
}

const DESCRIPTION = `Trending research papers, ranked once a day, and the digests that readers make of them.

Answers are JSON in UTF-8. Times are instants in UTC (\`2026-04-16T01:00:12.000Z\`), days are calendar days
without a zone (\`2026-04-15\`), texts are readable plain text. Fields may be added to answers; those there are keep their meaning.

A fault is a problem document (RFC 9457), \`application/problem+json\`, whose \`errors\` name each field at fault and what to write
instead. Parameters and fields that nobody knows are refused. Every address answers OPTIONS with the methods it has in \`Allow\`,
another method is 405, and HEAD stands beside every GET. GET, HEAD and OPTIONS change nothing.

What everybody may read carries an ETag: sent back in \`If-None-Match\`, it is answered 304 while nothing changed. Long lists lead
on by a \`Link\` with \`rel="next"\`. Pages of other sites may read what everybody may read, preview a filter, and ask to subscribe
whoever types an address there; what a link opens, browsers keep from them. There are no cookies.

A filter is up to five watches. Inside a watch every filled field must match, inside a field any entry will do, and no \`exclude\`
may. A paper belongs when any watch takes it; without watches, every trending paper does.`;

const TAGS = [
  { name: "Papers", description: "What anybody may read." },
  {
    name: "Readers",
    description:
      "Subscribing, and what the link in a reader's mails opens. A link is all there is to log in with: keep it as you would a password.",
  },
  { name: "Account", description: "A reader's rights, behind a link of one hour that is mailed when it is asked for." },
  { name: "Feeds", description: "The same papers for feed readers and reference managers." },
  { name: "Intake", description: "Where bounces and complaints come in. Only those that are set up are there." },
  {
    name: "Operator",
    description:
      "What the pages under /admin do, for programs. Whoever sends a wrong token five times in a quarter of an hour waits until it is over. What is done leaves an audit line.",
  },
  { name: "Operation", description: "For whoever looks after this installation." },
];

export function openApiDocument({ catalogue, publicUrl, intakes, hasOperator }: Described): OpenApiDocument {
  const paths = {
    ...papersPaths(catalogue),
    ...readersPaths(catalogue),
    ...sitePaths(catalogue),
    ...operationsPaths(intakes),
    ...(hasOperator && operatorPaths()),
  };
  const operations = Object.values(paths).flatMap((path) => Object.values(path) as ZodOpenApiOperationObject[]);
  const used = new Set(operations.flatMap(({ tags = [] }) => tags));
  return createDocument(
    {
      openapi: "3.1.1",
      info: {
        title: "Paperboy",
        description: DESCRIPTION,
        version: "1",
        license: { name: "MIT", identifier: "MIT" },
      },
      servers: [{ url: publicUrl }],
      tags: TAGS.filter(({ name }) => used.has(name)),
      paths,
      components: {
        securitySchemes: {
          ...(intakes.includes("raw") && { intake: bearer("RAW_INTAKE_TOKEN.") }),
          ...(hasOperator && { operator: bearer("API_TOKEN.") }),
        },
        schemas: {
          Filter: filterSchema(catalogue),
          Topic: topicAnswer,
          Paper: paperAnswer,
          Edition: editionAnswer,
          Preview: previewAnswer,
          Subscription: subscriptionAnswer,
          Problem: problemAnswer,
        },
      },
    },
    {
      override({ jsonSchema, io }) {
        // The format says it: the pattern of a calendar with leap years has 300 letters.
        if (jsonSchema.format !== undefined) delete jsonSchema.pattern;
        // Fields may be added to answers.
        if (io === "output" && jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
      },
    },
  );
}

function bearer(description: string) {
  return { type: "http", scheme: "bearer", description } as const;
}
