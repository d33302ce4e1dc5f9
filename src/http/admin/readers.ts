/** Readers: the list, one of them with their history, and what the operator may do for them. */
import { Router } from "express";
import { asOperator } from "../../actions/as-operator.ts";
import { eraseReader } from "../../actions/erase-reader.ts";
import { suppress } from "../../actions/suppress.ts";
import { type Address, maskAddress, parseAddress } from "../../core/email-address.ts";
import { filterInWords } from "../../core/filter-in-words.ts";
import { filterToQuery } from "../../core/filter-query.ts";
import { inertLine } from "../../core/inert.ts";
import { SUBSCRIPTION_STATES } from "../../core/subscription.ts";
import { catalogueIn } from "../../core/topic-names.ts";
import { Invalid, NotFound } from "../../errors.ts";
import type { ListedReader } from "../../store/reader-list.ts";
import { answer } from "../methods.ts";
import { topicNames } from "../paper-view.ts";
import { type Desk, fieldOf, type Visit } from "./desk.ts";
import { cell, choiceOf, code, listView, minute, pagingOf, readNumber } from "./lists.ts";
import type { AdminApp } from "./routes.ts";
import { choice } from "./words.ts";

/** Entries of each kind of history that are shown. */
const HISTORY = 20;
const LONGEST_FILTER = 300;
const LONGEST_ANSWER = 300;

export function readerPages(app: AdminApp, desk: Desk): Router {
  const router = Router();

  answer(router, "/admin/readers", {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const state = choiceOf(visit, "state", SUBSCRIPTION_STATES);
      const page = await app.readerList.list({ state, ...pagingOf(visit, readNumber) });
      visit.show("readers", {
        ...listView(visit, {
          ...{ title: say("page.admin.readers"), path: "/admin/readers", page, keyText: String },
          fields: [{ name: "state", kind: "choice", choices: statesOf(visit) }],
          columns: ["id", "address", "state", "cadence", "filter", "since"],
          cells: (reader) => [
            cell(reader.id, `/admin/readers/${reader.id}`),
            cell(reader.email === null ? say("page.admin.erased") : inertLine(maskAddress(reader.email), 254)),
            cell(say("page.admin.readerState", { state: reader.state })),
            cell(say("page.form.cadences", { cadence: reader.preferences.cadence })),
            cell(filterWords(reader, visit) || say("filter.everything")),
            cell(minute(reader.confirmedAt ?? reader.createdAt)),
          ],
        }),
      });
    }),
  });

  // By a form that is sent: an address does not belong into the address of a page, which browsers and proxies keep.
  answer(router, "/admin/readers/find", {
    post: desk.press(async ({ body, back }) => {
      const who = fieldOf(body, "who");
      const found = await lookUp(who);
      if (found === "wrong") return back("/admin/readers", "wrong-address");
      back(found ? `/admin/readers/${found.id}` : "/admin/readers", found ? undefined : "no-reader");
    }),
  });

  const lookUp = async (who: string): Promise<ListedReader | null | "wrong"> => {
    if (/^\d{1,18}$/.test(who)) return app.readerList.findById(BigInt(who));
    const key = keyOf(app, who);
    return key === null ? "wrong" : app.readerList.findByKey(key);
  };

  const readerOf = async ({ req }: Visit): Promise<ListedReader> => {
    const id = [req.params.id ?? ""].flat()[0]!;
    const reader = /^\d{1,18}$/.test(id) ? await app.readerList.findById(BigInt(id)) : null;
    if (!reader) throw new NotFound("There is no such reader.");
    return reader;
  };

  answer(router, "/admin/readers/:id", {
    get: desk.page(async (visit) => {
      const { say } = visit;
      const reader = await readerOf(visit);
      const { id, addressKey, preferences } = reader;
      const [standing, changes, deliveries, verdicts, lines] = await Promise.all([
        app.readerRecords.standing(id),
        app.readerRecords.changes(id, Math.max(0, reader.version - HISTORY), HISTORY),
        app.readerRecords.deliveries(id, null, HISTORY),
        app.readerRecords.verdicts(id, 0n, HISTORY),
        app.audit.list({ by: null, about: `key ${addressKey}`, place: null, limit: HISTORY }),
      ]);
      const suppression = standing?.suppression ?? null;
      const query = filterToQuery(preferences.filter);
      visit.show("reader", {
        title: say("page.admin.reader", { id: String(id) }),
        address: reader.email === null ? say("page.admin.erased") : inertLine(reader.email, 254),
        addressKey,
        state: say("page.admin.readerState", { state: reader.state }),
        because: reader.endedBecause ?? "",
        suppressed: suppression && suppression.liftedAt === null ? suppression.because : "",
        filter: filterWords(reader, visit) || say("filter.everything"),
        cadence: say("page.form.cadences", { cadence: preferences.cadence }),
        schedule: `${String(preferences.hour).padStart(2, "0")}:00 ${preferences.zone}`,
        ...{ maxPapers: preferences.maxPapers, language: preferences.language, format: preferences.format },
        since: minute(reader.confirmedAt ?? reader.createdAt),
        ended: minute(reader.endedAt),
        previewHref: `/admin/editions/latest/preview${query ? `?${query}` : ""}`,
        deliveriesHref: `/admin/deliveries?reader=${id}`,
        reportsHref: `/admin/reports?reader=${id}`,
        isHeld: reader.email !== null,
        path: `/admin/readers/${id}`,
        changes: {
          label: say("page.admin.changes"),
          columns: ["at", "what", "via"].map((name) => say("page.admin.column", { name })),
          rows: changes.toReversed().map(({ at, what, via }) => ({ cells: [cell(minute(at)), code(what), code(via)] })),
        },
        deliveries: {
          label: say("page.admin.deliveries"),
          columns: ["localDay", "edition", "state", "reason", "papers"].map((name) =>
            say("page.admin.column", { name }),
          ),
          rows: deliveries.map((each) => ({
            cells: [
              cell(each.localDay),
              cell(each.editionDate, `/admin/editions/${each.editionDate}`),
              cell(say("page.admin.deliveryState", { state: each.state })),
              code(each.reason),
              cell(each.papers.length),
            ],
          })),
        },
        verdicts: {
          label: say("page.admin.reports"),
          columns: ["at", "class", "verdict", "because", "answer"].map((name) => say("page.admin.column", { name })),
          rows: verdicts.toReversed().map((each) => ({
            cells: [
              ...[cell(minute(each.at)), code(each.class), code(each.verdict), code(each.because)],
              code(inertLine([each.status ?? "", each.text].join(" "), LONGEST_ANSWER)),
            ],
          })),
        },
        lines: {
          label: say("page.admin.audit"),
          columns: ["at", "by", "what"].map((name) => say("page.admin.column", { name })),
          rows: lines.rows.map((line) => ({
            cells: [cell(minute(line.at)), code(line.by), cell(say("page.admin.what", { what: choice(line.what) }))],
          })),
        },
      });
    }),
  });

  answer(router, "/admin/readers/:id/suppress", {
    post: desk.press(async (visit) => {
      const { id, addressKey } = await readerOf(visit);
      const note = fieldOf(visit.body, "note") || null;
      const outcome = await asOperator(
        app,
        { by: "admin", what: "suppress", about: `key ${addressKey}`, details: { hasNote: note !== null } },
        () => suppress(app, addressKey, note, app.now()),
        (done) => ({ outcome: done }),
      );
      visit.back(`/admin/readers/${id}`, outcome);
    }),
  });

  answer(router, "/admin/readers/:id/erase", {
    get: desk.page(async (visit) => {
      const { id, email } = await readerOf(visit);
      const { say } = visit;
      visit.show("sure", {
        title: say("page.admin.sure.erase.heading", { id: String(id) }),
        body: say("page.admin.sure.erase.body", { address: inertLine(maskAddress(email ?? ""), 254) }),
        button: say("page.admin.sure.erase.button"),
        action: `/admin/readers/${id}/erase`,
        backHref: `/admin/readers/${id}`,
      });
    }),
    post: desk.press(async (visit) => {
      const { id, addressKey } = await readerOf(visit);
      const { subscriptions, requests } = await asOperator(
        app,
        { by: "admin", what: "erase", about: `key ${addressKey}`, details: {} },
        () => eraseReader(app, addressKey, "operator", app.now()),
        (erased) => ({ ...erased }),
      );
      visit.back(`/admin/readers/${id}`, subscriptions + requests > 0 ? "erased" : "nothing-erased");
    }),
  });

  const filterWords = ({ preferences }: ListedReader, { say }: Visit) =>
    inertLine(filterInWords(preferences.filter, say, topicNames(catalogueIn(say, app.catalogue))), LONGEST_FILTER);
  return router;
}

const statesOf = ({ say }: Visit) =>
  SUBSCRIPTION_STATES.map((state) => ({ value: state, label: say("page.admin.readerState", { state }) }));

/** The key of an address, or the key itself; null for what is neither. */
export function keyOf({ addressKey }: Pick<AdminApp, "addressKey">, who: string): string | null {
  if (/^[0-9a-f]{64}$/.test(who)) return who;
  const address = addressIn(who);
  return address && addressKey(address);
}

export function addressIn(text: string): Address | null {
  try {
    return parseAddress(text);
  } catch (error) {
    if (error instanceof Invalid) return null;
    throw error;
  }
}
