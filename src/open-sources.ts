/** The sources that `SOURCES` names, each with its settings. Nothing is asked until one is read. */
import type { Config } from "./config.ts";
import type { Fetch } from "./fetch.ts";
import type { SourceName } from "./settings.ts";
import { openArxivApi } from "./sources/arxiv-api.ts";
import { openArxivFeed } from "./sources/arxiv-feed.ts";
import { openArxivOai } from "./sources/arxiv-oai.ts";
import { openFeed } from "./sources/feed.ts";
import { type GitHubNeeds, openGitHub } from "./sources/github.ts";
import { openHuggingFace } from "./sources/hugging-face.ts";
import type { Source } from "./sources/source.ts";

type Needs = { fetch: Fetch; papersWithCode: GitHubNeeds["papersWithCode"] };

/** @throws {Invalid} for settings that name something unusable */
export function openSources(config: Config, { fetch, papersWithCode }: Needs): readonly Source[] {
  const { arxivCategories: categories } = config;
  const byName: Readonly<Record<SourceName, () => readonly Source[]>> = {
    "hugging-face": () => [openHuggingFace({ fetch }, { url: config.huggingFaceUrl })],
    arxiv: () => [openArxivApi({ fetch }, { url: config.arxivUrl, categories })],
    "arxiv-feed": () => [openArxivFeed({ fetch }, { categories })],
    "arxiv-oai": () => [openArxivOai({ fetch }, { categories })],
    // Each a source of its own: one that is down holds nobody else up, and the operator sees which it is.
    feed: () => config.feedUrls.map((url) => openFeed({ fetch }, { url })),
    github: () => [openGitHub({ fetch, papersWithCode }, { url: config.gitHubUrl, token: config.gitHubToken })],
  };
  return config.sources.flatMap((name) => byName[name]());
}
