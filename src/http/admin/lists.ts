/** The lists of the operator's pages: fields to look by, a table, ways to the next page and back. */
import { Invalid } from "../../errors.ts";
import type { ListPage, Paging, Place } from "../../store/list-pages.ts";
import { isDayOfOurTime } from "../query.ts";
import type { Visit } from "./desk.ts";

/** Rows a page. */
const PAGE = 50;

/** One cell of a table; `href` empty: it leads nowhere. */
export interface Cell {
  readonly text: string;
  readonly href: string;
  readonly isCode: boolean;
  /** It stands in one line. */
  readonly isShort: boolean;
}

const SHORT_LETTERS = 18;

export function cell(content: string | number | bigint | null, href = ""): Cell {
  const text = content === null ? "" : String(content);
  return { text, href, isCode: false, isShort: text.length <= SHORT_LETTERS };
}
/** For machines: a code, an id, what a server said. */
export const code = (text: string | null, href = ""): Cell => ({ ...cell(text, href), isCode: true });

/** What a list may be looked through by. */
export type Field =
  | { readonly name: string; readonly kind: "choice"; readonly choices: readonly { value: string; label: string }[] }
  | { readonly name: string; readonly kind: "day" | "number" | "text" };

/** `2026-04-16 09:30`, UTC. */
export function minute(at: Date | null): string {
  return at === null ? "" : at.toISOString().slice(0, 16).replace("T", " ");
}

/** A value of the address that is one of a few; null when there is none. @throws {Invalid} for any other */
export function choiceOf<T extends string>({ query }: Visit, name: string, values: readonly T[]): T | null {
  const text = query.get(name) ?? "";
  if (text === "") return null;
  const value = values.find((each) => each === text);
  if (value === undefined) throw wrong(name, `Write one of: ${values.join(", ")}.`);
  return value;
}

/** @throws {Invalid} for what is no number of a row */
export function numberOf({ query }: Visit, name: string): bigint | null {
  const text = (query.get(name) ?? "").trim();
  if (text === "") return null;
  if (!/^\d{1,18}$/.test(text)) throw wrong(name, "Write a whole number.");
  return BigInt(text);
}

/** @throws {Invalid} for what is no day */
export function dayOf({ query }: Visit, name: string): string | null {
  const text = (query.get(name) ?? "").trim();
  if (text === "") return null;
  if (!isDayOfOurTime(text)) throw wrong(name, "Write a day such as 2026-04-15.");
  return text;
}

/**
 * Where the page begins: `?after=` or `?before=` a key.
 *
 * @param read the key as a door's parameter; null for anything else
 * @throws {Invalid} for what is no place in the list
 */
export function pagingOf<Key>({ query }: Visit, read: (text: string) => Key | null): Paging<Key> {
  for (const name of ["after", "before"]) {
    const text = query.get(name) ?? "";
    if (text === "") continue;
    const key = read(text);
    if (key === null) throw wrong(name, "This is no place in the list. Open it without one.");
    return { place: { key, isBack: name === "before" }, limit: PAGE };
  }
  return { place: null, limit: PAGE };
}

/** A key that is the number of a row. */
export const readNumber = (text: string): bigint | null => (/^\d{1,18}$/.test(text) ? BigInt(text) : null);

/** What stands in admin-list.hbs. */
export function listView<Row, Key>(
  { say, query }: Visit,
  of: {
    readonly title: string;
    readonly path: string;
    readonly fields: readonly Field[];
    readonly columns: readonly string[];
    readonly page: ListPage<Row, Key>;
    readonly cells: (row: Row) => readonly Cell[];
    readonly keyText: (key: Key) => string;
  },
) {
  const asked = new URLSearchParams();
  for (const { name } of of.fields) {
    const value = query.get(name) ?? "";
    if (value !== "") asked.set(name, value);
  }
  const hrefOf = (place: Place<Key> | null) => {
    if (place === null) return "";
    const there = new URLSearchParams(asked);
    there.set(place.isBack ? "before" : "after", of.keyText(place.key));
    return `${of.path}?${there}`;
  };
  const isFirst = !query.get("after") && !query.get("before");
  return {
    title: of.title,
    path: of.path,
    fields: of.fields.map((field) => {
      const value = query.get(field.name) ?? "";
      const any = { value: "", label: say("page.admin.any"), isChosen: value === "" };
      const choices = "choices" in field ? field.choices : [];
      return {
        ...{ id: `field-${field.name}`, name: field.name, label: say("page.admin.column", { name: field.name }) },
        ...{ value, isChoice: field.kind === "choice", isDay: field.kind === "day" },
        choices: [any, ...choices.map((choice) => ({ ...choice, isChosen: choice.value === value }))],
      };
    }),
    table: {
      label: of.title,
      columns: of.columns.map((name) => say("page.admin.column", { name })),
      rows: of.page.rows.map((row) => ({ cells: of.cells(row) })),
    },
    hasOthers: !isFirst || of.page.previous !== null || of.page.next !== null,
    isCutShort: of.page.rows.length === 0 && of.page.next !== null,
    previousHref: hrefOf(of.page.previous),
    nextHref: hrefOf(of.page.next),
    firstHref: isFirst ? "" : `${of.path}${asked.size > 0 ? `?${asked}` : ""}`,
  };
}

function wrong(field: string, message: string): Invalid {
  return new Invalid(message, [{ field, message }]);
}
