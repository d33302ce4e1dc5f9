/** Answers that can be asked for again with what names them (docs/promises.md §3). */
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";

const ETAG = {
  ETag: {
    description:
      "Names the bytes of this answer. Sent back in `If-None-Match`, it is answered 304 while they are the same.",
    required: true,
    schema: { type: "string" },
  },
} as const;

const CACHE = {
  "Cache-Control": { description: "How long it may be kept.", required: true, schema: { type: "string" } },
} as const;

export const NEXT = {
  Link: {
    description: 'The address of the next page, `rel="next"` (RFC 8288); absent from the last one.',
    schema: { type: "string" },
  },
} as const;

const NOT_MODIFIED: ZodOpenApiResponseObject = {
  id: "NotModified",
  description: "What `If-None-Match` names is still what there is.",
};

/** 200 with an ETag, and 304. @param more headers of its own */
export function withETag({ headers, ...answer }: ZodOpenApiResponseObject): ZodOpenApiResponsesObject {
  return { 200: { ...answer, headers: { ...ETAG, ...CACHE, ...headers } }, 304: NOT_MODIFIED };
}
