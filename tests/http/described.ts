/** A server with everything that the document can speak of, and its document. */

import type { WebApp } from "../../src/http/server.ts";
import { openLog } from "../../src/log.ts";
import { openProviders } from "../../src/mail/providers/open.ts";
import { type Operation, operationsOf } from "../support/api-document.ts";
import { aFilter, preferences } from "../support/builders.ts";
import { aWeb, type Web } from "./web.ts";

export const INTAKE_TOKEN = "a-token-for-reports";
export const API_TOKEN = "a-token-for-the-operator";
const POSTMARK = `Basic ${Buffer.from("postmark:a long password").toString("base64")}`;

export type Described = Awaited<ReturnType<typeof aDescribedWeb>>;

export async function aDescribedWeb(replaced: Partial<WebApp> = {}) {
  const log = openLog({ level: "silent", pretty: false });
  const web = await aWeb({
    providers: openProviders(
      { postmark: "postmark:a long password", ses: null, sendgrid: null, mailgun: null },
      { fetch: { get: () => Promise.reject(new Error("nobody asks")) }, log },
    ),
    rawIntakeToken: INTAKE_TOKEN,
    apiToken: API_TOKEN,
    // So that callers who say where they come from are as many as they say.
    trustProxy: 1,
    ...replaced,
  });
  await web.anEdition("2026-04-14", [{ title: "Speech for all", arxivId: "2604.00901", authors: ["Grace Hopper"] }]);
  await web.anEdition("2026-04-15", [
    {
      ...{ title: "Agents that act", arxivId: "2604.00903", url: "https://arxiv.org/abs/2604.00903" },
      codeUrl: "https://github.com/example/act",
      signals: { upvotes: 31, comments: 3, stars: 12 },
    },
    { title: "Agents that plan", arxivId: "2604.00902", categories: ["cs.CL"] },
  ]);
  const email = "reader@example.com";
  const { requests, subscriptions } = web.store;
  const id = await requests.add({ email, addressKey: `key of ${email}`, wanted: preferences(), askedBy: "form" });
  await requests.answered(id, "confirmation");
  await subscriptions.confirm(
    id,
    () => null,
    async () => {},
  );
  const document = (await (await web.get("/openapi.json")).json()) as object;
  return { ...web, document, operations: await operationsOf(document) };
}

/** Links as mails would bring them, each to a reader of its own. */
export async function freshLinks({ store, app, links }: Web) {
  const now = app.now();
  const filter = aFilter({ name: "mine", topics: ["agents"], include: ["agents + act"] });
  const subscriptionId = await store.aReader(preferences({ filter, cadence: "weekly", weekday: 1 }));
  const requestId = await store.requests.add({
    email: `${subscriptionId}@example.org`,
    addressKey: `key of ${subscriptionId}@example.org`,
    wanted: preferences(),
    askedBy: "api",
  });
  return {
    subscriptionId,
    confirm: links.sign("confirm", { requestId }, now),
    preferences: links.sign("preferences", { subscriptionId }, now),
    account: links.sign("account", { subscriptionId }, now),
  };
}

/** Which of the links opens an operation. */
export function purposeOf({ path }: Pick<Operation, "path">): "confirm" | "preferences" | "account" {
  return path.includes("/account/") ? "account" : path.endsWith("/confirm") ? "confirm" : "preferences";
}

/** What shows that a caller may, where somebody has to. */
export function credentialsOf({ path, isOperators }: Pick<Operation, "path" | "isOperators">): Record<string, string> {
  if (isOperators) return { authorization: `Bearer ${API_TOKEN}` };
  if (path.endsWith("/raw")) return { authorization: `Bearer ${INTAKE_TOKEN}` };
  return path.startsWith("/reports/") ? { authorization: POSTMARK } : {};
}
