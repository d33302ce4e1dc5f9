/** What the operator's requests have in common: lists are asked for page by page, readers by address or key. */
import type { Request, Response } from "express";
import { Invalid } from "../../../errors.ts";
import type { ListPage } from "../../../store/list-pages.ts";
import { keyOf } from "../../admin/readers.ts";
import type { AdminApp } from "../../admin/routes.ts";
import { nextPage } from "../parameters.ts";

/** Where a page of a list begins. @param key of the last row that was seen; null: from the newest on */
export function pageAfter<Key>(key: Key | null, limit: number) {
  return { place: key === null ? null : { key, isBack: false }, limit };
}

/** A number as a schema let it through. */
export function numbered(text: string | undefined): bigint | null {
  return text === undefined ? null : BigInt(text);
}

/** The rows as JSON, with the way to the next page in `Link`. */
export function sendPage<Row, Key, Json>(
  app: Pick<AdminApp, "publicUrl">,
  req: Request,
  res: Response,
  { rows, next }: ListPage<Row, Key>,
  of: { readonly json: (row: Row) => Json; readonly keyText: (key: Key) => string },
): void {
  if (next) res.set("Link", nextPage(app, req, { after: of.keyText(next.key) }));
  res.json(rows.map(of.json));
}

/** @throws {Invalid} for what is neither an address nor a key */
export function keyIn(app: Pick<AdminApp, "addressKey">, { address }: { readonly address: string }): string {
  const key = keyOf(app, address);
  if (key === null) throw wrong("address", "Write an address, or the key that it is known by.");
  return key;
}

export function wrong(field: string, message: string): Invalid {
  return new Invalid(message, [{ field, message }]);
}
