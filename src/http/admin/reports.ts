/** Bounces, complaints and replies, as they came in. What stands in them is text from anywhere, and is shown as nothing else. */
import { Router } from "express";
import { inertLine, inertText } from "../../core/inert.ts";
import { NotFound } from "../../errors.ts";
import type { ReportVia } from "../../store/reports.ts";
import { answer } from "../methods.ts";
import type { Desk } from "./desk.ts";
import { cell, choiceOf, code, listView, minute, numberOf, pagingOf, readNumber } from "./lists.ts";
import type { AdminApp } from "./routes.ts";

/** Every way in. */
export const VIAS = [
  "ses",
  "postmark",
  "sendgrid",
  "mailgun",
  "raw",
  "smtp",
  "smtp-answer",
] as const satisfies ReportVia[];
const STATES = ["waiting", "applied"] as const;
const LONGEST_WORDS = 300;

export function reportPages({ reportList }: Pick<AdminApp, "reportList">, desk: Desk): Router {
  const router = Router();

  answer(router, "/admin/reports", {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const wanted = {
        ...{ via: choiceOf(visit, "via", VIAS), state: choiceOf(visit, "state", STATES) },
        subscriptionId: numberOf(visit, "reader"),
      };
      const page = await reportList.list({ ...wanted, ...pagingOf(visit, readNumber) });
      visit.show(
        "list",
        listView(visit, {
          ...{ title: say("page.admin.reports"), path: "/admin/reports", page, keyText: String },
          fields: [
            { name: "via", kind: "choice", choices: VIAS.map((via) => ({ value: via, label: via })) },
            {
              ...{ name: "state", kind: "choice" },
              choices: STATES.map((state) => ({ value: state, label: say("page.admin.reportState", { state }) })),
            },
            { name: "reader", kind: "number" },
          ],
          columns: ["id", "received", "via", "state", "reader", "note"],
          cells: (report) => [
            cell(report.id, `/admin/reports/${report.id}`),
            cell(minute(report.receivedAt)),
            code(report.via),
            cell(say("page.admin.reportState", { state: report.state })),
            cell(
              report.subscriptionId,
              report.subscriptionId === null ? "" : `/admin/readers/${report.subscriptionId}`,
            ),
            code(inertLine(report.note ?? "", LONGEST_WORDS)),
          ],
        }),
      );
    }),
  });

  answer(router, "/admin/reports/:id", {
    get: desk.page(async ({ req, say, show }) => {
      const id = [req.params.id ?? ""].flat()[0]!;
      const report = /^\d{1,18}$/.test(id) ? await reportList.get(BigInt(id)) : null;
      if (!report) throw new NotFound("There is no such report.");
      const { raw, bytes, cut, verdicts } = report;
      const shown = raw?.length ?? 0;
      show("report", {
        title: say("page.admin.report", { id }),
        received: minute(report.receivedAt),
        applied: minute(report.appliedAt),
        state: say("page.admin.reportState", { state: report.state }),
        ...{ via: report.via, note: inertLine(report.note ?? "", LONGEST_WORDS), attempts: report.attempts },
        envelopeTo: inertLine(report.envelopeTo ?? "", LONGEST_WORDS),
        envelopeFrom: inertLine(report.envelopeFrom ?? "", LONGEST_WORDS),
        readerHref: report.subscriptionId === null ? "" : `/admin/readers/${report.subscriptionId}`,
        reader: report.subscriptionId === null ? "" : String(report.subscriptionId),
        delivery: report.localDay === null ? "" : `${report.localDay}.${report.deliveryId}`,
        verdicts: {
          label: say("page.admin.verdicts"),
          columns: ["reader", "class", "verdict", "because", "answer"].map((name) =>
            say("page.admin.column", { name }),
          ),
          rows: verdicts.map((each) => ({
            cells: [
              cell(each.subscriptionId, `/admin/readers/${each.subscriptionId}`),
              ...[code(each.class), code(each.verdict), code(each.because)],
              code(inertLine([each.status ?? "", each.text].join(" "), LONGEST_WORDS)),
            ],
          })),
        },
        isKept: raw !== null,
        raw: raw === null ? "" : inertLines(raw),
        more: bytes > shown || cut > 0n ? say("page.admin.reportCut", { shown, all: bytes + Number(cut) }) : "",
      });
    }),
  });
  return router;
}

/** Line by line, with nothing in it that acts on what stands around it; what is no UTF-8 shows as replacement characters. */
function inertLines(bytes: Uint8Array): string {
  return new TextDecoder()
    .decode(bytes)
    .split(/\r\n|\r|\n/)
    .map((line) => inertText(line))
    .join("\n");
}
