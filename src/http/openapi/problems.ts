/** What an operation answers when it cannot do what was asked, status by status. */
import type { ZodOpenApiResponseObject, ZodOpenApiResponsesObject } from "zod-openapi";
import { problemAnswer, type Told } from "../api/answers.ts";

type Problem = Told<typeof problemAnswer>;
type Kind = Pick<Problem, "title" | "detail" | "errors"> & {
  /** Name of the component, and what its status says. */
  readonly id: string;
  readonly description: string;
  readonly headers?: ZodOpenApiResponseObject["headers"];
};

const RETRY = {
  "Retry-After": { description: "Seconds to wait.", required: true, schema: { type: "integer", minimum: 0 } },
} as const;

const KINDS = {
  400: {
    id: "BadRequest",
    title: "Bad Request",
    description:
      "A parameter cannot be used as it is, and `errors` says which and what to write; or the body is no JSON.",
    detail: "A parameter cannot be used as it is.",
    errors: [{ field: "limit", message: "Write a whole number from 1 to 31." }],
  },
  401: {
    id: "Unauthorized",
    title: "Unauthorized",
    description: "Whoever asks did not show that they may.",
    detail: "Send Authorization: Bearer and the token.",
    headers: { "WWW-Authenticate": { description: "How to show it.", required: true, schema: { type: "string" } } },
  },
  404: {
    id: "NotFound",
    title: "Not Found",
    description:
      "There is no such thing, or not for whoever has this link: unknown, garbled, erased and expired links are answered alike.",
    detail: "This link is unknown or over. Ask for a fresh one at /lost-link.",
  },
  409: {
    id: "Conflict",
    title: "Conflict",
    description: "Not in the state that it is in.",
    detail: "This subscription has ended. Subscribe again.",
  },
  413: {
    id: "ContentTooLarge",
    title: "Payload Too Large",
    description: "The body is longer than there is room for: 100 kB, and 2 MB for what a mail provider reports.",
    detail: "The body is too long. There is room for 100 kB.",
  },
  415: {
    id: "UnsupportedMediaType",
    title: "Unsupported Media Type",
    description:
      "The body is of another type, character set or encoding than is understood: JSON in UTF-8, and a report as it is, not compressed.",
    detail: "Send JSON, with Content-Type: application/json.",
  },
  422: {
    id: "UnprocessableContent",
    title: "Unprocessable Entity",
    description:
      "The body is JSON but cannot be used as it is; `errors` names each field at fault. Unknown fields are refused too.",
    detail: "Some of what was sent cannot be used as it is.",
    errors: [{ field: "hour", message: "Write a whole number from 0 to 23." }],
  },
  429: {
    id: "TooManyRequests",
    title: "Too Many Requests",
    description: "Asked too often from here, or by everybody together.",
    detail: "Too many requests. Try again when the time in Retry-After is over.",
    headers: RETRY,
  },
  503: {
    id: "ServiceUnavailable",
    title: "Service Unavailable",
    description: "It does not work at the moment.",
    detail: "This does not work at the moment. Try again soon.",
    headers: RETRY,
  },
} as const satisfies Readonly<Record<number, Kind>>;

type Status = keyof typeof KINDS;

/** Made once: whoever lists one of them refers to the same component. */
const RESPONSES = new Map(
  Object.entries<Kind>(KINDS).map(([status, { id, description, headers, ...said }]) => {
    const example: Problem = { type: "about:blank", status: Number(status), ...said };
    const content = { "application/problem+json": { schema: problemAnswer, example } };
    return [Number(status), { id, description, content, ...(headers && { headers }) }];
  }),
);

/** The problems that an operation may answer. 503 may come from all that ask the database, so from nearly all. */
export function problems(...statuses: readonly Status[]): ZodOpenApiResponsesObject {
  return Object.fromEntries(statuses.map((status) => [status, RESPONSES.get(status)!]));
}
