/** What looks after an installation, and where reports of mails come in. */
import { z } from "zod";
import type { ZodOpenApiPathsObject } from "zod-openapi";
import { problems } from "./problems.ts";
import { withETag } from "./with-etag.ts";

const PROVIDERS: Readonly<Record<string, { readonly name: string; readonly shows: string }>> = {
  ses: { name: "Amazon SES, through SNS", shows: "by the signature of SNS and a topic that a setting names" },
  postmark: { name: "Postmark", shows: "by basic authentication" },
  sendgrid: { name: "SendGrid", shows: "by the signature of its event webhook" },
  mailgun: { name: "Mailgun", shows: "by the signature of its webhook" },
};

/** @param intakes those that settings open: names of providers, and `raw` */
export function operationsPaths(intakes: readonly string[]): ZodOpenApiPathsObject {
  const parts = z.record(z.string(), z.string()).describe("`ok`, or what is wrong, for each part.");
  const ready = z.object({ status: z.enum(["ok", "not ready"]), parts });
  return {
    ...Object.fromEntries(intakes.map((intake) => [`/reports/${intake}`, intakePath(intake)])),
    "/health": {
      get: {
        ...{ tags: ["Operation"], operationId: "getHealth", summary: "Is this process up?" },
        responses: withETag({
          description: "It is.",
          content: {
            "application/json": { schema: z.object({ status: z.literal("ok") }), example: { status: "ok" } },
          },
        }),
      },
    },
    "/ready": {
      get: {
        ...{ tags: ["Operation"], operationId: "getReadiness", summary: "Does what this process needs work?" },
        description: "All parts there are are listed; those this process cannot do without decide.",
        responses: {
          ...withETag({
            description: "It does.",
            content: { "application/json": { schema: ready, example: { status: "ok", parts: { database: "ok" } } } },
          }),
          503: {
            description: "It does not.",
            content: {
              "application/json": {
                schema: ready,
                example: { status: "not ready", parts: { database: "connect ECONNREFUSED" } },
              },
            },
          },
        },
      },
    },
  };
}

function intakePath(intake: string): ZodOpenApiPathsObject[string] {
  const provider = PROVIDERS[intake];
  const kept = { description: "It is kept, or there is nothing in it to keep." };
  if (provider === undefined)
    return {
      post: {
        ...{ tags: ["Intake"], operationId: "reportRaw", summary: "A mail that came back, from a mail server" },
        description:
          "The whole mail as the body; of one that is longer, its headers, its report parts and its first 256 kB are kept. `X-Envelope-To` and `X-Envelope-From` say whom it was for and from, if the server knows; the latter `<>` for a null sender.",
        security: [{ intake: [] }],
        requestParams: {
          header: z.object({ "X-Envelope-To": z.string().optional(), "X-Envelope-From": z.string().optional() }),
        },
        requestBody: { required: true, content: { "message/rfc822": { schema: z.string() } } },
        responses: { 200: kept, ...problems(400, 401, 415, 503) },
      },
    };
  return {
    post: {
      ...{ tags: ["Intake"], operationId: `reportFrom${intake[0]!.toUpperCase()}${intake.slice(1)}` },
      summary: `What ${provider.name} reports`,
      description: `In that provider's own form; it shows who it is ${provider.shows}. Up to 2 MB.`,
      requestBody: { required: true, content: { "*/*": { schema: z.string() } } },
      responses: { 200: kept, ...problems(401, 413, 415, 503) },
    },
  };
}
