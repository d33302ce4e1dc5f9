/** Bull Board over our queues: read-only, and nothing on it tells an address. */
import type { IncomingMessage, ServerResponse } from "node:http";
import { createBullBoard } from "@bull-board/api";
import { BullMQAdapter } from "@bull-board/api/bullMQAdapter";
import { ExpressAdapter } from "@bull-board/express";
import { mask } from "../log.ts";
import type { AnyQueue } from "./backend.ts";

/** As Express calls its handlers. */
export type BoardHandler = (req: IncomingMessage, res: ServerResponse, next: (error?: unknown) => void) => void;

/** @param path where it stands, without a slash at the end */
export function openBoard(queues: readonly AnyQueue[], path: string): BoardHandler {
  const server = new ExpressAdapter();
  server.setBasePath(path);
  createBullBoard({
    queues: queues.map((queue) => new BullMQAdapter(queue as never, { readOnlyMode: true, allowRetries: false })),
    serverAdapter: server,
    options: { uiConfig: { boardTitle: "Paperboy", hideDocsLink: true } },
  });
  const board = server.getRouter() as BoardHandler;
  return (req, res, next) => {
    masked(res as Sending);
    board(req, res, next);
  };
}

type Sending = ServerResponse & { send(body: unknown): unknown };

/**
 * Payloads have ids alone, and a failed job's words are masked when it fails; what a later release or a hand puts into the
 * queue is masked here, on its way out. And its page asks nobody else for fonts.
 */
function masked(res: Sending): void {
  const send = res.send.bind(res);
  res.send = (body) => {
    if (typeof body !== "string") return send(body);
    if (String(res.getHeader("Content-Type")).includes("json")) return send(maskedJson(body));
    return send(body.replace(/<link [^>]*href="https?:[^>]*>/g, ""));
  };
}

function maskedJson(body: string): string {
  return JSON.stringify(JSON.parse(body, (_, value) => (typeof value === "string" ? mask(value) : value)));
}
