/** The operator's part: who reads, what was sent, what came back, what is held back. */
import { z } from "zod";
import type { ZodOpenApiOperationObject, ZodOpenApiPathsObject, ZodOpenApiResponsesObject } from "zod-openapi";
import * as schemas from "../api/operator/schemas.ts";
import { problems } from "./problems.ts";
import { NEXT, withETag } from "./with-etag.ts";

const common = { tags: ["Operator"], security: [{ operator: [] }] };

export function operatorPaths(): ZodOpenApiPathsObject {
  const ofReader = z.object({
    id: z
      .string()
      .describe("The number of a reader.")
      .meta({ param: { example: "1" } }),
  });
  const ofEdition = z.object({
    date: z.iso
      .date()
      .describe("A day.")
      .meta({ param: { example: "2026-04-15" } }),
  });
  const address = "reader@example.com";
  return {
    "/api/v1/operator/overview": {
      get: {
        ...{ ...common, operationId: "getOverview", summary: "Is all well?" },
        responses: { ...json(schemas.overviewAnswer), ...problems(401, 429, 503) },
      },
    },
    "/api/v1/operator/readers": {
      get: list("listReaders", "Readers, the newest first", schemas.readersParameters, schemas.readersAnswer),
    },
    "/api/v1/operator/readers/find": {
      post: {
        ...press("findReader", "A reader by address", schemas.findBody, { reader: { address } }, schemas.readerAnswer),
        description: "The address stands in the body, since proxies keep the addresses of requests.",
        responses: { ...said(schemas.readerAnswer), ...problems(400, 401, 404, 413, 415, 422, 429, 503) },
      },
    },
    "/api/v1/operator/readers/{id}": {
      get: {
        ...{ ...common, operationId: "getReader", summary: "One reader" },
        requestParams: { path: ofReader },
        responses: { ...json(schemas.readerAnswer), ...problems(401, 404, 429, 503) },
      },
    },
    "/api/v1/operator/deliveries": {
      get: list(
        "listDeliveries",
        "Deliveries, the newest first",
        schemas.deliveriesParameters,
        schemas.deliveriesAnswer,
      ),
    },
    "/api/v1/operator/reports": {
      get: list("listReports", "What came back, the newest first", schemas.reportsParameters, schemas.reportsAnswer),
    },
    "/api/v1/operator/suppressions": {
      get: list(
        "listSuppressions",
        "Addresses that are not written to, the newest first",
        schemas.suppressionsParameters,
        schemas.suppressionsAnswer,
      ),
      post: {
        ...press(
          "suppress",
          "Write to an address no more",
          schemas.suppressBody,
          { wish: { address, note: "asked us on the phone" } },
          schemas.suppressedAnswer,
        ),
        description: "Its subscription ends too, and lifting this does not bring it back.",
      },
    },
    "/api/v1/operator/suppressions/lift": {
      post: {
        ...press(
          "liftSuppression",
          "Let an address be written to again",
          schemas.liftBody,
          { mistake: { address, note: "it was a mistake of ours" } },
          schemas.liftedAnswer,
        ),
        description: "Nobody is subscribed by it: its owner may ask again.",
      },
    },
    "/api/v1/operator/stops": {
      get: {
        ...{ ...common, operationId: "listStops", summary: "What is held back, the oldest first" },
        responses: { ...json(schemas.stopsAnswer), ...problems(401, 429, 503) },
      },
      post: {
        ...press(
          "pauseSending",
          "Hold back all digests",
          schemas.stopBody,
          { look: { because: "we look into something" } },
          schemas.stopsAnswer,
        ),
        description:
          "In every process within two seconds; confirmations still go. The answer is all that is held back now.",
      },
      delete: {
        ...{ ...common, operationId: "resumeSending", summary: "Let everything go again" },
        description: "Also what the brake stopped. The answer is what was lifted.",
        responses: { ...said(schemas.stopsAnswer), ...problems(401, 429, 503) },
      },
    },
    "/api/v1/operator/editions": {
      get: list(
        "listOperatorEditions",
        "Editions without their papers, the newest first",
        schemas.operatorEditionsParameters,
        schemas.operatorEditionsAnswer,
      ),
    },
    "/api/v1/operator/editions/{date}/close": {
      post: {
        ...press(
          "closeEdition",
          "Close an edition",
          schemas.closeBody,
          { force: { force: true }, asUsual: {} },
          schemas.closedAnswer,
        ),
        requestParams: { path: ofEdition },
        responses: { ...said(schemas.closedAnswer), ...problems(400, 401, 404, 413, 415, 422, 429, 503) },
      },
    },
    "/api/v1/operator/editions/{date}/reopen": {
      post: {
        ...{ ...common, operationId: "reopenEdition", summary: "Open an edition again" },
        description:
          "Under a new revision, as long as no digest of it was planned; it is ranked anew when it is closed.",
        requestParams: { path: ofEdition },
        responses: { ...said(schemas.reopenedAnswer), ...problems(401, 404, 429, 503) },
      },
    },
    "/api/v1/operator/audit": {
      get: list(
        "listAudit",
        "What the operator did, by whatever way, the newest first",
        schemas.auditParameters,
        schemas.auditAnswer,
      ),
    },
  };
}

function json(schema: z.ZodType, headers = {}): ZodOpenApiResponsesObject {
  return withETag({ description: "As it is now.", headers, content: { "application/json": { schema } } });
}

function said(schema: z.ZodType): ZodOpenApiResponsesObject {
  return { 200: { description: "What came of it.", content: { "application/json": { schema } } } };
}

function list(operationId: string, summary: string, query: z.ZodObject, schema: z.ZodType): ZodOpenApiOperationObject {
  return {
    ...{ ...common, operationId, summary, requestParams: { query } },
    responses: { ...json(schema, NEXT), ...problems(400, 401, 429, 503) },
  };
}

function press(
  operationId: string,
  summary: string,
  schema: z.ZodType,
  examples: Readonly<Record<string, unknown>>,
  answer: z.ZodType,
): ZodOpenApiOperationObject {
  const shown = Object.entries(examples).map(([name, value]) => [name, { value }] as const);
  return {
    ...{ ...common, operationId, summary },
    requestBody: { content: { "application/json": { schema, examples: Object.fromEntries(shown) } } },
    responses: { ...said(answer), ...problems(400, 401, 413, 415, 422, 429, 503) },
  };
}
