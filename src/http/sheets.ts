/** The style sheets of each page: what only some pages need is no weight on the others. */
const SHEETS: readonly { readonly sheet: string; readonly pages: readonly string[] }[] = [
  { sheet: "form.css", pages: ["home", "preferences", "account", "lost-link", "unsubscribed"] },
  { sheet: "archive.css", pages: ["edition", "editions", "paper", "topics", "digest"] },
  { sheet: "docs.css", pages: ["docs"] },
];

/** @returns names in `templates/assets`, in the order in which one outdoes another */
export function sheetsOf(page: string): string[] {
  if (page.startsWith("admin-")) return ["page.css", "form.css", "archive.css", "admin.css"];
  return ["page.css", ...SHEETS.filter(({ pages }) => pages.includes(page)).map(({ sheet }) => sheet)];
}
