/** The keys that the operator's pages say, beside those that stand in their templates. */
export const adminWords = [
  ...["login", "overview", "readers", "deliveries", "reports", "suppressions", "editions", "audit"],
  ...[
    "any",
    "column",
    "done",
    "what",
    "erased",
    "reader",
    "withLifted",
    "changes",
    "verdicts",
    "sources",
    "report",
    "reportCut",
    "edition",
    "preview",
  ],
  ...["readerState", "deliveryState", "editionState", "reportState", "sourceState", "suppressedBecause"],
  ...["stop", "rate", "chart", "chartSaid", "sum", "series"],
  ...["sure.erase.heading", "sure.erase.body", "sure.erase.button"],
].map((name) => `page.admin.${name}`);

/** A word of ours as a message can choose by it: ICU knows no hyphens there. */
export function choice(word: string): string {
  return word.replace(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}
