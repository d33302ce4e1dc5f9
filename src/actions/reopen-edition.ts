import type { Day } from "../core/paper.ts";
import type { Editions } from "../store/editions.ts";
import type { Shelf } from "../store/shelf.ts";

export type Needs = { editions: Pick<Editions, "reopen">; shelf: Pick<Shelf, "forget"> };

/**
 * Opens an edition again, under a new revision, so that it is ranked anew when it is closed: as long as no digest of it was
 * planned. `open`: it is not decided yet.
 */
export async function reopenEdition(
  { editions, shelf }: Needs,
  date: Day,
): Promise<"reopened" | "planned" | "open" | "unknown"> {
  const outcome = await editions.reopen(date);
  if (outcome === "reopened") shelf.forget();
  return outcome;
}
