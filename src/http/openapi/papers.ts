/** Topics, editions and previews: what anybody may read. */
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { filterSchema } from "../../core/filter.ts";
import type { Catalogue } from "../../core/topics.ts";
import { editionAnswer, previewAnswer, topicAnswer } from "../api/answers.ts";
import { editionsParameters, filterParameters, previewParameters } from "../api/parameters.ts";
import { aFilter, anEdition, aPreview, aTopic } from "./examples.ts";
import { problems } from "./problems.ts";
import { NEXT, withETag } from "./with-etag.ts";

const tags = ["Papers"];

export function papersPaths(catalogue: Catalogue): ZodOpenApiPathsObject {
  const filter = filterParameters(catalogue);
  return {
    "/api/v1/topics": {
      get: {
        ...{ tags, operationId: "listTopics", summary: "The topics there are" },
        description: "All of the catalogue, in its order. How often each comes up is counted anew with every edition.",
        responses: {
          ...withETag({
            description: "All topics.",
            content: { "application/json": { schema: z.array(topicAnswer), example: [aTopic] } },
          }),
          ...problems(503),
        },
      },
    },
    "/api/v1/editions": {
      get: {
        ...{ tags, operationId: "listEditions", summary: "Editions, the newest first" },
        description:
          "Each with those of its papers that the filter takes. A filter of one watch is written out in parameters, one of several goes into `filter`. Editions that are still open, quiet or broken have no papers.",
        requestParams: { query: editionsParameters.extend(filter.shape) },
        responses: {
          ...withETag({
            description: "A page of editions.",
            headers: NEXT,
            content: { "application/json": { schema: z.array(editionAnswer), example: [anEdition] } },
          }),
          ...problems(400, 503),
        },
      },
    },
    "/api/v1/editions/{date}": {
      get: {
        ...{ tags, operationId: "getEdition", summary: "One edition" },
        description: "With those of its papers that the filter takes.",
        requestParams: {
          path: z.object({
            date: z
              .union([z.literal("latest"), z.iso.date()])
              .describe("A day, or `latest`: the newest edition that is closed and has papers.")
              .meta({ param: { example: "latest" } }),
          }),
          query: filter,
        },
        responses: {
          ...withETag({
            description: "The edition.",
            content: { "application/json": { schema: editionAnswer, example: anEdition } },
          }),
          ...problems(400, 404, 503),
        },
      },
    },
    "/api/v1/preview": {
      post: {
        ...{ tags, operationId: "preview", summary: "What a filter would bring" },
        description:
          "The digest of the newest edition for a reader with this filter, and how the filter was understood. It stores nothing.",
        requestParams: { query: previewParameters },
        requestBody: {
          required: true,
          content: {
            "application/json": {
              schema: filterSchema(catalogue),
              examples: {
                watch: { summary: "One watch", value: aFilter },
                watches: {
                  summary: "Two watches",
                  value: {
                    watches: [
                      { authors: ["Ada Lovelace"] },
                      { categories: ["cs.CL"], exclude: ["title:survey"], minUpvotes: 10 },
                    ],
                  },
                },
                everything: { summary: "Every trending paper", value: {} },
              },
            },
          },
        },
        responses: {
          200: {
            description: "The papers, each with what in the filter took it.",
            content: { "application/json": { schema: previewAnswer, example: aPreview } },
          },
          ...problems(400, 413, 415, 422, 503),
        },
      },
    },
  };
}
