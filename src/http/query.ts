/** The parameters of an address. */
import type { Request } from "express";
import { isDay } from "../core/day.ts";
import type { Filter } from "../core/filter.ts";
import { FILTER_PARAMETERS, filterFromQuery } from "../core/filter-query.ts";
import type { Day } from "../core/paper.ts";
import type { Catalogue } from "../core/topics.ts";
import { Invalid } from "../errors.ts";

export function queryOf(req: Request): URLSearchParams {
  return new URLSearchParams(req.url.split("?").slice(1).join("?"));
}

/**
 * The filter in the address of a page. What else stands there is somebody's campaign or tracking mark: ignored, because
 * a reader who follows a link has not misspelt anything. (The API refuses it.)
 *
 * @throws {Invalid} for a filter that cannot be used
 */
export function filterOfPage(req: Request, catalogue: Catalogue): Filter {
  const ours = [...queryOf(req)].filter(([name]) => (FILTER_PARAMETERS as readonly string[]).includes(name));
  return filterFromQuery(new URLSearchParams(ours), catalogue);
}

/** @throws {Invalid} naming the parameter */
export function dayParameter(name: string, text: string | null): Day | null {
  if (text === null || text === "") return null;
  if (isDay(text)) return text;
  const message = `Write a day such as 2026-04-15, not ${JSON.stringify(text.slice(0, 40))}.`;
  throw new Invalid(message, [{ field: name, message }]);
}

/** Such a day of a year in which there may be editions and deliveries. */
export function isDayOfOurTime(text: string): boolean {
  return isDay(text) && text > "1970" && text < "2999";
}
