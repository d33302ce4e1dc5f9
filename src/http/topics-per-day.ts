import { EDITIONS_OF_MEAN, papersPerDayOn } from "../core/papers-per-day.ts";
import type { Topic } from "../core/topics.ts";
import type { WebApp } from "./server.ts";

/** A topic as readers choose it, and how many papers a day it brings. */
export type TopicPerDay = Pick<Topic, "id" | "name" | "description"> & { readonly papersPerDay: number };

/** All topics of the catalogue, in its order. */
export async function topicsPerDay({ shelf, catalogue }: Pick<WebApp, "shelf" | "catalogue">): Promise<TopicPerDay[]> {
  const indexes = (await shelf.recent(EDITIONS_OF_MEAN)).map(({ index }) => index);
  return catalogue.topics.map(({ id, name, description }) => ({
    id,
    name,
    description,
    papersPerDay: papersPerDayOn(indexes, id),
  }));
}
