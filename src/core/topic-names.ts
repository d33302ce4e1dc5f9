/** The topic catalogue in the language of a page or a mail. */
import type { Say } from "./text.ts";
import type { Catalogue } from "./topics.ts";

const known = new WeakMap<Say, WeakMap<Catalogue, Catalogue>>();

/** The same catalogue with the names and descriptions that a language has for its ids; the others stay as they are. */
export function catalogueIn(say: Say, catalogue: Catalogue): Catalogue {
  const ofLanguage = known.get(say) ?? new WeakMap<Catalogue, Catalogue>();
  known.set(say, ofLanguage);
  let translated = ofLanguage.get(catalogue);
  if (translated === undefined) {
    translated = {
      families: catalogue.families.map((family) => ({
        ...family,
        name: say.translated(`family.${family.id}.name`) ?? family.name,
      })),
      topics: catalogue.topics.map((topic) => ({
        ...topic,
        name: say.translated(`topic.${topic.id}.name`) ?? topic.name,
        description: say.translated(`topic.${topic.id}.description`) ?? topic.description,
      })),
    };
    ofLanguage.set(catalogue, translated);
  }
  return translated;
}
