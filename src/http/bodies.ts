/** Bodies: how long they may be, and what they must be. */
import express, { type Request, type RequestHandler } from "express";
import { Refused } from "./faults.ts";

/** docs/promises.md §3: 100 kB, counted after decompression. */
const LIMIT_BYTES = 100_000;

/** What a form sent: each name with its value, or its values when the name repeats. */
export type FormBody = Readonly<Record<string, string | readonly string[] | undefined>>;

/** What stands in one field, the last of several; empty when it is not there. */
export function lastOf(body: FormBody, name: string): string {
  return [body[name] ?? ""].flat().at(-1) ?? "";
}

/** Which of a form's buttons was pressed, of those named `do`. */
export function pressOf(body: FormBody): string {
  return lastOf(body, "do");
}

const urlencoded = express.urlencoded({ extended: false, limit: LIMIT_BYTES });
const json = express.json({ limit: LIMIT_BYTES, type: ["application/json", "application/*+json"] });

/** Reads a form into `req.body`; an empty one when there is no body. */
export const readForm: RequestHandler[] = [
  urlencoded,
  (req, _res, next) => {
    if (req.body === undefined && hasBody(req))
      throw new Refused(415, "Send a form as application/x-www-form-urlencoded.");
    req.body ??= {};
    next();
  },
];

/** Reads JSON into `req.body`; undefined when there is no body. */
export const readJson: RequestHandler[] = [
  json,
  (req, _res, next) => {
    if (req.body === undefined && hasBody(req))
      throw new Refused(415, "Send JSON, with Content-Type: application/json.");
    next();
  },
];

function hasBody({ headers }: Request): boolean {
  return headers["transfer-encoding"] !== undefined || Number(headers["content-length"] ?? 0) > 0;
}
