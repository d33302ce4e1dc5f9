/** A form of preferences, and beside it what it would bring: on the front page and where preferences are changed. */
import { type Preview, preview } from "../actions/preview.ts";
import { everything, type Filter } from "../core/filter.ts";
import { dateOf, type Say } from "../core/text.ts";
import type { Catalogue } from "../core/topics.ts";
import type { Problem } from "../errors.ts";
import { withQuery } from "./feeds.ts";
import { formView } from "./form-view.ts";
import { freshnessInWords } from "./next-digest.ts";
import type { View } from "./pages.ts";
import { paperView } from "./paper-view.ts";
import type { WebApp } from "./server.ts";
import { topicsPerDay } from "./topics-per-day.ts";
import { type Typed, wantedBy } from "./typed.ts";
import { readPreferences } from "./wishes.ts";

/** A taste, beside the form. */
const PREVIEW_PAPERS = 5;

export type TasteApp = Pick<WebApp, "shelf" | "catalogue" | "texts" | "closesAt" | "now">;

interface Tasted {
  readonly typed: Typed;
  /** The one that was typed; null when it cannot be used: then all papers are shown, and nothing is said of it. */
  readonly filter: Filter | null;
  readonly problems?: readonly Problem[];
  /** Where a press that adds or removes a watch is sent. */
  readonly edits: string;
}

export async function tasteOf(
  app: TasteApp,
  say: Say,
  { typed, filter, problems = [], edits }: Tasted,
): Promise<{ readonly form: View; readonly preview: View }> {
  const shown = await preview(app, filter ?? everything, PREVIEW_PAPERS);
  const topics = await topicsPerDay(app);
  const form = formView(typed, problems, {
    ...{ catalogue: app.catalogue, texts: app.texts, say, edits },
    ...(filter && { shown }),
    perTopic: new Map(topics.map(({ id, papersPerDay }) => [id, papersPerDay])),
    freshness: freshnessOf(app, say, typed),
  });
  return { form, preview: previewView(app, say, filter ?? everything, shown) };
}

/** Whatever stands beside the watches: an hour that is none makes no word wrong. Null when it cannot be used as it is. */
export function filterOf(typed: Typed, catalogue: Catalogue): Filter | null {
  return readPreferences({ filter: wantedBy(typed).filter }, catalogue).value?.filter ?? null;
}

/** Whatever stands in the watches: a line that cannot be searched for makes no hour wrong. */
function freshnessOf({ catalogue, closesAt, now }: TasteApp, say: Say, typed: Typed): string {
  const { value } = readPreferences(wantedBy({ ...typed, watches: [] }), catalogue);
  return value ? freshnessInWords(value, closesAt, now(), say) : "";
}

/** What the newest edition holds for a filter. */
function previewView(app: TasteApp, say: Say, filter: Filter, { edition, digest, papersPerDay }: Preview): View {
  const isFiltered = filter.watches.length > 0;
  return {
    isThere: edition !== null,
    isFiltered,
    date: edition ? dateOf(edition.date) : "",
    href: edition ? withQuery(`/editions/${edition.date}`, filter) : "",
    papersPerDay: papersPerDay < 1 ? Math.round(papersPerDay * 10) / 10 : Math.round(papersPerDay),
    papers: (digest?.items ?? []).map(({ paper, number, because }) =>
      paperView(paper, say, { number, catalogue: app.catalogue, because, watches: filter.watches.length }),
    ),
  };
}
