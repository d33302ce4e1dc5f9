/** What the operator did, by whatever way. */
import { Router } from "express";
import { inertLine } from "../../core/inert.ts";
import type { AuditBy } from "../../store/audit.ts";
import { answer } from "../methods.ts";
import type { Desk } from "./desk.ts";
import { cell, choiceOf, code, listView, minute, pagingOf, readNumber } from "./lists.ts";
import type { AdminApp } from "./routes.ts";
import { choice } from "./words.ts";

const BY: readonly AuditBy[] = ["admin", "cli", "api"];
const LONGEST_ABOUT = 400;

export function auditPages({ audit }: Pick<AdminApp, "audit">, desk: Desk): Router {
  const router = Router();
  answer(router, "/admin/audit", {
    get: desk.page(async (visit) => {
      const { say, query } = visit;
      const about = (query.get("about") ?? "").replaceAll("\0", "").trim().slice(0, LONGEST_ABOUT) || null;
      const page = await audit.list({ by: choiceOf(visit, "by", BY), about, ...pagingOf(visit, readNumber) });
      visit.show(
        "list",
        listView(visit, {
          ...{ title: say("page.admin.audit"), path: "/admin/audit", page, keyText: String },
          fields: [
            { name: "by", kind: "choice", choices: BY.map((by) => ({ value: by, label: by })) },
            { name: "about", kind: "text" },
          ],
          columns: ["at", "by", "what", "about", "details"],
          cells: (line) => [
            cell(minute(line.at)),
            code(line.by),
            cell(say("page.admin.what", { what: choice(line.what) })),
            code(line.about),
            code(inertLine(detailsOf(line.details), LONGEST_ABOUT)),
          ],
        }),
      );
    }),
  });
  return router;
}

function detailsOf(details: Readonly<Record<string, unknown>>): string {
  return Object.entries(details)
    .map(([name, value]) => `${name}: ${value}`)
    .join(", ");
}
