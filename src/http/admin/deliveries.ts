/** Deliveries, by edition, local day, state and reader. */
import { Router } from "express";
import { DELIVERY_MOVES, type DeliveryState } from "../../core/delivery.ts";
import { inertLine } from "../../core/inert.ts";
import type { DeliveryKey } from "../../store/delivery-list.ts";
import { answer } from "../methods.ts";
import { isDayOfOurTime } from "../query.ts";
import type { Desk } from "./desk.ts";
import { cell, choiceOf, code, dayOf, listView, minute, numberOf, pagingOf } from "./lists.ts";
import type { AdminApp } from "./routes.ts";

const STATES = Object.keys(DELIVERY_MOVES) as DeliveryState[];
const LONGEST_ANSWER = 200;

export function deliveryPages({ deliveryList }: Pick<AdminApp, "deliveryList">, desk: Desk): Router {
  const router = Router();
  answer(router, "/admin/deliveries", {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const page = await deliveryList.list({
        state: choiceOf(visit, "state", STATES),
        localDay: dayOf(visit, "localDay"),
        editionDate: dayOf(visit, "edition"),
        subscriptionId: numberOf(visit, "reader"),
        ...pagingOf(visit, readKey),
      });
      const states = STATES.map((state) => ({ value: state, label: say("page.admin.deliveryState", { state }) }));
      visit.show(
        "list",
        listView(visit, {
          ...{ title: say("page.admin.deliveries"), path: "/admin/deliveries", page },
          fields: [
            { name: "state", kind: "choice", choices: states },
            { name: "localDay", kind: "day" },
            { name: "edition", kind: "day" },
            { name: "reader", kind: "number" },
          ],
          columns: ["localDay", "id", "reader", "edition", "state", "reason", "papers", "attempts", "ended", "answer"],
          keyText: ({ localDay, id }) => `${localDay}.${id}`,
          cells: (each) => [
            cell(each.localDay),
            cell(each.id),
            cell(each.subscriptionId, `/admin/readers/${each.subscriptionId}`),
            cell(each.editionDate, `/admin/editions/${each.editionDate}`),
            cell(say("page.admin.deliveryState", { state: each.state })),
            code(each.reason),
            cell(each.papers),
            cell(each.attempts),
            cell(minute(each.endedAt)),
            code(inertLine(each.answer ?? "", LONGEST_ANSWER)),
          ],
        }),
      );
    }),
  });
  return router;
}

/** `2026-04-16.1207` */
function readKey(text: string): DeliveryKey | null {
  const [, localDay = "", id = ""] = /^(\d{4}-\d\d-\d\d)\.(\d{1,18})$/.exec(text) ?? [];
  return isDayOfOurTime(localDay) ? { localDay, id: BigInt(id) } : null;
}
