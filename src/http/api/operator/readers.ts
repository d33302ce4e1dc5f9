/** Readers: all of them with addresses masked, one in full. */
import { Router } from "express";
import { maskAddress } from "../../../core/email-address.ts";
import { NotFound } from "../../../errors.ts";
import type { ListedReader } from "../../../store/reader-list.ts";
import type { AdminApp } from "../../admin/routes.ts";
import { readJson } from "../../bodies.ts";
import { answer } from "../../methods.ts";
import { queryOf } from "../../query.ts";
import type { Told } from "../answers.ts";
import { bodyOf } from "../bodies.ts";
import { readParameters } from "../parameters.ts";
import { keyIn, numbered, pageAfter, sendPage } from "./asked.ts";
import * as schemas from "./schemas.ts";

export function readersApi(app: AdminApp): Router {
  const router = Router();

  answer(router, "/operator/readers", {
    async get(req, res) {
      const { state, limit, after } = readParameters(queryOf(req), schemas.readersParameters);
      const page = await app.readerList.list({ state: state ?? null, ...pageAfter(numbered(after), limit) });
      sendPage(app, req, res, page, { keyText: String, json: (reader) => readerJson(reader, { isMasked: true }) });
    },
  });

  // An address does not belong into the address of a request, which proxies keep.
  answer(router, "/operator/readers/find", {
    post: [
      ...readJson,
      async (req, res) => {
        const reader = await app.readerList.findByKey(keyIn(app, bodyOf(schemas.findBody, req)));
        if (!reader) throw new NotFound("There is no such reader.");
        res.json(readerJson(reader, { isMasked: false }));
      },
    ],
  });

  answer(router, "/operator/readers/:id", {
    async get(req, res) {
      const id = String(req.params.id);
      const reader = /^\d{1,18}$/.test(id) ? await app.readerList.findById(BigInt(id)) : null;
      if (!reader) throw new NotFound("There is no such reader.");
      res.json(readerJson(reader, { isMasked: false }));
    },
  });

  return router;
}

function readerJson(
  { id, email, addressKey, state, preferences, ...dates }: ListedReader,
  { isMasked }: { readonly isMasked: boolean },
): Told<typeof schemas.readerAnswer> {
  const { cadence, hour, zone } = preferences;
  const { createdAt, confirmedAt, endedAt, endedBecause } = dates;
  return {
    ...{ id: String(id), address: email !== null && isMasked ? maskAddress(email) : email, addressKey, state },
    ...{ cadence, hour, zone, createdAt: createdAt.toJSON(), confirmedAt: confirmedAt?.toJSON() ?? null },
    ...{ endedAt: endedAt?.toJSON() ?? null, endedBecause },
  };
}
