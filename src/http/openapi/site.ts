/** Feeds, the entry of a paper for BibTeX, and the document itself. */
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import type { Catalogue } from "../../core/topics.ts";
import { filterParameters } from "../api/parameters.ts";
import { problems } from "./problems.ts";
import { withETag } from "./with-etag.ts";

const tags = ["Feeds"];

export function sitePaths(catalogue: Catalogue): ZodOpenApiPathsObject {
  const query = filterParameters(catalogue);
  const feed = (operationId: string, summary: string, type: string) => ({
    get: {
      ...{ tags, operationId, summary },
      description:
        "The newest 100 papers of the last 14 days that the filter takes, each once, dated by the closing of the first edition it stood in.",
      requestParams: { query },
      responses: {
        ...withETag({ description: "The feed.", content: { [type]: { schema: z.string() } } }),
        ...problems(400, 503),
      },
    },
  });
  return {
    "/feed.xml": feed("getAtomFeed", "Papers as an Atom feed", "application/atom+xml"),
    "/feed.json": feed("getJsonFeed", "Papers as a JSON feed, version 1.1", "application/feed+json"),
    "/papers/{id}.bib": {
      get: {
        ...{ tags, operationId: "getBibtex", summary: "A paper for BibTeX" },
        description: "The slash of an old arXiv id stands in the address as it is.",
        requestParams: {
          path: z.object({
            id: z
              .string()
              .describe("The id of the paper.")
              .meta({ param: { example: "2604.00903" } }),
          }),
        },
        responses: {
          ...withETag({ description: "The entry.", content: { "application/x-bibtex": { schema: z.string() } } }),
          301: {
            description: "The paper is known by another id, or this one is that of a version.",
            headers: { Location: { description: "Where it is.", required: true, schema: { type: "string" } } },
            content: { "text/plain": { schema: z.string() }, "text/html": { schema: z.string() } },
          },
          404: { description: "There is no such paper. A page.", content: { "text/html": { schema: z.string() } } },
        },
      },
    },
    "/openapi.json": {
      get: {
        ...{ tags: ["Operation"], operationId: "getDocument", summary: "This document" },
        responses: withETag({
          description: "OpenAPI 3.1.",
          content: { "application/json": { schema: z.record(z.string(), z.unknown()) } },
        }),
      },
    },
  };
}
