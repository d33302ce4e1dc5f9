/** Addresses we do not write to: known by their keys, put there and lifted by hand. */
import { Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { liftSuppression } from "../../actions/lift-suppression.ts";
import { suppress } from "../../actions/suppress.ts";
import { inertLine } from "../../core/inert.ts";
import { answer } from "../methods.ts";
import { type Desk, fieldOf } from "./desk.ts";
import { cell, choiceOf, code, listView, minute, pagingOf } from "./lists.ts";
import { keyOf } from "./readers.ts";
import type { AdminApp } from "./routes.ts";

const PATH = "/admin/suppressions";
const LONGEST_NOTE = 300;
const LONGEST_KEY = 400;

export function suppressionPages(app: AdminApp, desk: Desk): Router {
  const router = Router();

  answer(router, PATH, {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const withLifted = choiceOf(visit, "lifted", ["yes"]) !== null;
      const read = (text: string) => (text.length <= LONGEST_KEY && !text.includes("\0") ? text : null);
      const page = await app.suppressions.list({ withLifted, ...pagingOf(visit, read) });
      visit.show("suppressions", {
        ...listView(visit, {
          ...{ title: say("page.admin.suppressions"), path: PATH, page, keyText: (key: string) => key },
          fields: [
            { name: "lifted", kind: "choice", choices: [{ value: "yes", label: say("page.admin.withLifted") }] },
          ],
          columns: ["at", "because", "note", "lifted", "key"],
          cells: (one) => [
            cell(minute(one.at)),
            cell(say("page.admin.suppressedBecause", { because: one.because })),
            cell(inertLine(one.note ?? "", LONGEST_NOTE)),
            cell(inertLine([minute(one.liftedAt), one.liftedNote ?? ""].join(" "), LONGEST_NOTE)),
            code(one.addressKey),
          ],
        }),
      });
    }),
    post: desk.press(async ({ body, back }) => {
      const addressKey = keyOf(app, fieldOf(body, "who"));
      if (addressKey === null) return back(PATH, "wrong-address");
      const note = fieldOf(body, "note") || null;
      const outcome = await asOperator(
        app,
        { by: "admin", what: "suppress", about: `key ${addressKey}`, details: { hasNote: note !== null } },
        () => suppress(app, addressKey, note, app.now()),
        (done) => ({ outcome: done }),
      );
      back(PATH, outcome);
    }),
  });

  answer(router, `${PATH}/lift`, {
    post: desk.press(async ({ body, back }) => {
      const addressKey = keyOf(app, fieldOf(body, "who"));
      if (addressKey === null) return back(PATH, "wrong-address");
      const note = fieldOf(body, "note");
      // Somebody answers for it that this address may be written to again.
      if (note === "") return back(PATH, "no-note");
      const lifted = await asOperator(
        app,
        { by: "admin", what: "lift", about: `key ${addressKey}`, details: {} },
        () => liftSuppression(app, addressKey, note, app.now()),
        (one) => ({ lifted: one !== null, because: one?.because ?? null }),
      );
      back(PATH, lifted ? "lifted" : "not-suppressed");
    }),
  });
  return router;
}
