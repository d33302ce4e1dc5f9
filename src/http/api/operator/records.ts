/** What was done: deliveries, reports that came in, audit lines. */
import { Router } from "express";
import type { AdminApp } from "../../admin/routes.ts";
import { answer } from "../../methods.ts";
import { isDayOfOurTime, queryOf } from "../../query.ts";
import type { Told } from "../answers.ts";
import { readParameters } from "../parameters.ts";
import { numbered, pageAfter, sendPage, wrong } from "./asked.ts";
import * as schemas from "./schemas.ts";

export function recordsApi(app: AdminApp): Router {
  const router = Router();

  answer(router, "/operator/deliveries", {
    async get(req, res) {
      const asked = readParameters(queryOf(req), schemas.deliveriesParameters);
      const [localDay = "", id = "0"] = asked.after?.split(".") ?? [];
      if (asked.after !== undefined && !isDayOfOurTime(localDay)) throw wrong("after", "This is no place in the list.");
      const page = await app.deliveryList.list({
        state: asked.state ?? null,
        localDay: asked.localDay ?? null,
        editionDate: asked.edition ?? null,
        subscriptionId: numbered(asked.reader),
        ...pageAfter(asked.after === undefined ? null : { localDay, id: BigInt(id) }, asked.limit),
      });
      sendPage(app, req, res, page, {
        keyText: (key) => `${key.localDay}.${key.id}`,
        json: (each): Told<typeof schemas.deliveriesAnswer>[number] => ({
          ...{ localDay: each.localDay, id: String(each.id), reader: String(each.subscriptionId) },
          ...{ edition: each.editionDate, state: each.state, reason: each.reason, papers: each.papers },
          ...{ attempts: each.attempts, dueAt: each.dueAt.toJSON(), sendBy: each.sendBy.toJSON() },
          ...{ endedAt: each.endedAt?.toJSON() ?? null, answer: each.answer },
        }),
      });
    },
  });

  answer(router, "/operator/reports", {
    async get(req, res) {
      const asked = readParameters(queryOf(req), schemas.reportsParameters);
      const { via = null, state = null, reader, limit, after } = asked;
      const of = { via, state, subscriptionId: numbered(reader) };
      sendPage(app, req, res, await app.reportList.list({ ...of, ...pageAfter(numbered(after), limit) }), {
        keyText: String,
        json: (each): Told<typeof schemas.reportsAnswer>[number] => ({
          ...{ id: String(each.id), via: each.via, receivedAt: each.receivedAt.toJSON(), state: each.state },
          ...{ note: each.note, reader: each.subscriptionId === null ? null : String(each.subscriptionId) },
        }),
      });
    },
  });

  answer(router, "/operator/audit", {
    async get(req, res) {
      const { by = null, limit, after } = readParameters(queryOf(req), schemas.auditParameters);
      sendPage(app, req, res, await app.audit.list({ by, about: null, ...pageAfter(numbered(after), limit) }), {
        keyText: String,
        json: (line): Told<typeof schemas.auditAnswer>[number] => ({
          ...{ id: String(line.id), at: line.at.toJSON(), by: line.by, what: line.what, about: line.about },
          details: line.details,
        }),
      });
    },
  });

  return router;
}
