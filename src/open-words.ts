/** What the product says and speaks of: the text catalogue, and the topics. */
import { fileURLToPath } from "node:url";
import type { Config } from "./config.ts";
import { openText } from "./core/text.ts";
import { catalogueIn } from "./core/topic-names.ts";
import { readCatalogues } from "./mail/catalogues.ts";
import { readTopicsFile } from "./topics-file.ts";

const textFolder = fileURLToPath(new URL("../templates/text", import.meta.url));

/** @throws {Invalid} for a catalogue that cannot be used */
export async function openWords({ topicsFile }: Pick<Config, "topicsFile">) {
  const texts = openText(await readCatalogues(textFolder));
  const catalogue = await readTopicsFile(topicsFile);
  return {
    texts,
    catalogue,
    /** In a language; the id where there is no such topic. */
    topicName: (id: string, language: string) =>
      catalogueIn(texts(language), catalogue).topics.find((topic) => topic.id === id)?.name ?? id,
  };
}
