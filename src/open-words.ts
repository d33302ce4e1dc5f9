/** What the product says and speaks of: the text catalogue, and the topics. */
import { readFile } from "node:fs/promises";
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { openText } from "./core/text.ts";
import { catalogueIn } from "./core/topic-names.ts";
import { defaultCatalogue, parseCatalogue } from "./core/topics.ts";
import { readCatalogues } from "./mail/catalogues.ts";

const textFolder = fileURLToPath(new URL("../templates/text", import.meta.url));

/** @throws {Invalid} for a catalogue that cannot be used */
export async function openWords({ topicsFile }: Pick<Config, "topicsFile">) {
  const texts = openText(await readCatalogues(textFolder));
  const catalogue = topicsFile ? parseCatalogue(JSON.parse(await readFile(topicsFile, "utf8"))) : defaultCatalogue;
  return {
    texts,
    catalogue,
    /** In a language; the id where there is no such topic. */
    topicName: (id: string, language: string) =>
      catalogueIn(texts(language), catalogue).topics.find((topic) => topic.id === id)?.name ?? id,
  };
}
