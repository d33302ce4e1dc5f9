import type { EditionIndex } from "../core/match.ts";
import { EDITIONS_OF_MEAN, papersPerDayOn } from "../core/papers-per-day.ts";
import type { Catalogue, Topic } from "../core/topics.ts";
import type { WebApp } from "./server.ts";

/** A topic as readers choose it, and how many papers a day it brings. */
export type TopicPerDay = Pick<Topic, "id" | "name" | "description"> & { readonly papersPerDay: number };

/** All topics of the catalogue, in its order. */
export async function topicsPerDay({ shelf, catalogue }: Pick<WebApp, "shelf" | "catalogue">): Promise<TopicPerDay[]> {
  const indexes = (await shelf.recent(EDITIONS_OF_MEAN)).map(({ index }) => index);
  const [newest] = indexes;
  // The front page says them too: counted once for as long as the shelf keeps the newest edition.
  const counted = newest && known.get(newest);
  if (counted?.catalogue === catalogue) return counted.topics;
  const topics = catalogue.topics.map(({ id, name, description }) => ({
    id,
    name,
    description,
    papersPerDay: papersPerDayOn(indexes, id),
  }));
  if (newest) known.set(newest, { catalogue, topics });
  return topics;
}

const known = new WeakMap<EditionIndex, { readonly catalogue: Catalogue; readonly topics: TopicPerDay[] }>();
