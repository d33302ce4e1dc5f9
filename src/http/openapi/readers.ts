/** Subscribing, and what a reader's links open. */
import { z } from "zod";
import type { ZodOpenApiPathsObject, ZodOpenApiRequestBodyObject } from "zod-openapi";
import type { Catalogue } from "../../core/topics.ts";
import {
  challengeAnswer,
  confirmedAnswer,
  erasedAnswer,
  exportAnswer,
  requestedAnswer,
  subscriptionAnswer,
} from "../api/answers.ts";
import { changesBody, wishBody } from "../api/bodies.ts";
import { aFilter, aLink, aSubscription } from "./examples.ts";
import { problems } from "./problems.ts";
import { withETag } from "./with-etag.ts";

const tags = ["Readers"];
const accountTags = ["Account"];

export function readersPaths(catalogue: Catalogue): ZodOpenApiPathsObject {
  const subscription = { "application/json": { schema: subscriptionAnswer, example: aSubscription } };
  const ofPreferences = { path: linkIn("A preferences link: the last part of its address. Good for 30 days.") };
  const ofAccount = {
    path: linkIn("An account link: the last part of its address. Good for one hour; /lost-link mails one."),
  };
  return {
    "/api/v1/challenge": {
      get: {
        ...{ tags, operationId: "getChallenge", summary: "A proof of work to solve" },
        description:
          "Only needed when very many ask at once: then a subscription without one waits in a queue. Find the number for which SHA-256 of the salt and the number, in hexadecimal, is the challenge, and send it all in `altcha`; [ALTCHA](https://altcha.org)'s libraries do that.",
        responses: {
          ...withETag({
            description: "A challenge, another each time.",
            content: {
              "application/json": {
                schema: challengeAnswer,
                example: {
                  algorithm: "SHA-256",
                  challenge: "9e3b…",
                  maxnumber: 199_999,
                  salt: "5f0c…?expires=1776244800&numbers=200000&",
                  signature: "a81d…",
                },
              },
            },
          }),
        },
      },
    },
    "/api/v1/subscriptions": {
      post: {
        ...{ tags, operationId: "subscribe", summary: "Ask to subscribe" },
        description:
          "A mail asks the owner of the address, and only what they confirm counts: nobody is subscribed by this alone. For an address that is subscribed already the mail says so, and changes nothing.",
        requestBody: body(wishBody(catalogue), {
          address: { summary: "Every trending paper, every morning", value: { email: "reader@example.com" } },
          choices: {
            summary: "A filter, on Mondays",
            value: {
              ...{ email: "reader@example.com", filter: aFilter, cadence: "weekly", weekday: 1, hour: 7 },
              ...{ zone: "Europe/Berlin", maxPapers: 10, language: "en", format: "html" },
            },
          },
        }),
        responses: {
          202: {
            description: "It was kept, and a mail is on its way. The same for every address.",
            content: { "application/json": { schema: requestedAnswer, example: { status: "check-your-inbox" } } },
          },
          ...problems(400, 413, 415, 422, 429, 503),
        },
      },
    },
    "/api/v1/subscriptions/{link}/confirm": {
      post: {
        ...{ tags, operationId: "confirm", summary: "Say yes to what was asked" },
        description: "The welcome digest goes out at once. Any number of times.",
        requestParams: { path: linkIn("A confirm link, from the mail that asked. Good for 7 days.") },
        responses: {
          200: {
            description: "The subscription runs.",
            content: { "application/json": { schema: confirmedAnswer, example: { status: "confirmed", link: aLink } } },
          },
          ...problems(404, 503),
        },
      },
    },
    "/api/v1/subscriptions/{link}": {
      get: {
        ...{ tags, operationId: "getSubscription", summary: "The subscription" },
        requestParams: ofPreferences,
        responses: {
          ...withETag({ description: "As it stands.", content: subscription }),
          ...problems(404, 503),
        },
      },
      patch: {
        ...{ tags, operationId: "changeSubscription", summary: "Change or pause it" },
        description: "What is absent stays as it is; a filter is replaced as a whole.",
        requestParams: ofPreferences,
        requestBody: body(changesBody(catalogue), {
          hour: { summary: "Another hour", value: { hour: 8 } },
          weekly: { summary: "On Fridays", value: { cadence: "weekly", weekday: 5 } },
          pause: { summary: "A pause without an end", value: { paused: true } },
          resume: { summary: "Its end", value: { paused: false } },
        }),
        responses: {
          200: { description: "As it stands now.", content: subscription },
          ...problems(400, 404, 409, 413, 415, 422, 503),
        },
      },
      delete: {
        ...{ tags, operationId: "endSubscription", summary: "End it" },
        description: "Any number of times.",
        requestParams: ofPreferences,
        responses: {
          200: {
            description: "It has ended.",
            content: {
              "application/json": { schema: subscriptionAnswer, example: { ...aSubscription, status: "ended" } },
            },
          },
          ...problems(404, 503),
        },
      },
    },
    "/api/v1/account/{link}/export": {
      get: {
        ...{ tags: accountTags, operationId: "exportAccount", summary: "Everything held on a reader" },
        description: "As a file, written while it is read. Fields may be added; none changes its meaning.",
        requestParams: ofAccount,
        responses: {
          200: {
            description: "The file.",
            headers: {
              "Content-Disposition": { description: "Its name.", required: true, schema: { type: "string" } },
            },
            content: { "application/json": { schema: exportAnswer } },
          },
          ...problems(404, 503),
        },
      },
    },
    "/api/v1/account/{link}/erase": {
      post: {
        ...{ tags: accountTags, operationId: "eraseAccount", summary: "Forget a reader" },
        description: "Address and choices are gone at once, and cannot be brought back.",
        requestParams: ofAccount,
        responses: {
          200: {
            description: "Forgotten.",
            content: { "application/json": { schema: erasedAnswer, example: { status: "erased" } } },
          },
          ...problems(404, 503),
        },
      },
    },
  };
}

function linkIn(description: string) {
  return z.object({
    link: z
      .string()
      .describe(description)
      .meta({ param: { example: aLink } }),
  });
}

function body(
  schema: z.ZodType,
  examples: Readonly<Record<string, { summary: string; value: unknown }>>,
): ZodOpenApiRequestBodyObject {
  return { required: true, content: { "application/json": { schema, examples: { ...examples } } } };
}
