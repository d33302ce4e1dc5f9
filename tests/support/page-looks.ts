/** What can be said against a page: what axe-core finds, what html-validate finds, what stands out of the window. */
import axe from "axe-core";
import { HtmlValidate, type RuleConfig } from "html-validate";
import type { Page } from "playwright-core";

/**
 * What axe-core finds, one line an element.
 *
 * @param without rules that do not apply
 * @param only the one rule that is asked about
 */
export async function axeComplaints(
  page: Page,
  { without = [], only }: { without?: readonly string[]; only?: string } = {},
): Promise<string[]> {
  const options = {
    rules: Object.fromEntries(without.map((rule) => [rule, { enabled: false }])),
    resultTypes: ["violations"],
    ...(only && { runOnly: { type: "rule", values: [only] } }),
  };
  // Handed to the page by the debugger: the content policy lets in no script of others.
  await page.evaluate(`window.axe || (() => { ${axe.source} })()`);
  return page.evaluate<string[]>(`axe.run(document, ${JSON.stringify(options)}).then(({ violations }) =>
    violations.flatMap(({ id, nodes }) => nodes.map(({ target, failureSummary }) =>
      id + ": " + target.join(" ") + ": " + (failureSummary ?? "").replace(/\\s+/g, " "))))`);
}

/** Elements that stand out of the window to the side, when it can be scrolled there; as `tag.class (right edge in px)`. */
export async function wideElements(page: Page): Promise<string[]> {
  return page.evaluate<string[]>(`(() => {
    const root = document.documentElement;
    if (root.scrollWidth <= root.clientWidth) return [];
    return [...document.body.querySelectorAll("*")]
      .map((element) => [element, Math.ceil(element.getBoundingClientRect().right)])
      .filter(([, right]) => right > root.clientWidth)
      .map(([element, right]) => element.tagName.toLowerCase() + "." + element.className + " (" + right + ")")
      .slice(0, 5)
      .concat("the window can be scrolled to " + root.scrollWidth);
  })()`);
}

/** Taste, where html-validate recommends it and a page of ours has another. */
const OF_PAGES: RuleConfig = {
  "doctype-style": ["error", { style: "lowercase" }],
  // Where a template has a branch that was not taken, its line is left; a page is read by nobody in this form.
  "no-trailing-whitespace": "off",
  // A paper's title is as long as its authors made it.
  "long-title": "off",
  // All ticks of a group have its name: that is how a form sends a list.
  "form-dup-name": ["error", { shared: ["radio", "checkbox", "button", "submit"] }],
};

/** What a mail has to do differently from a page. */
export const OF_MAILS: RuleConfig = {
  // Gmail drops style sheets for readers with addresses elsewhere: what has to hold is written into the elements.
  "no-inline-style": "off",
  // Outlook for Windows lays out with Word, which knows tables and their old attributes, and no max-width.
  "no-conditional-comment": "off",
  "no-deprecated-attr": "off",
  // Mail programs take out <article> and keep the role, which lets a screen reader tell mail from program.
  "prefer-native-element": ["error", { exclude: ["article"] }],
};

/**
 * What html-validate finds, as `line: rule: message`.
 *
 * @param rules where we differ from all that it recommends
 */
export async function htmlComplaints(html: string, rules = OF_PAGES): Promise<string[]> {
  const validator = new HtmlValidate({ root: true, extends: ["html-validate:recommended"], rules });
  const { results } = await validator.validateString(html);
  return results.flatMap(({ messages }) =>
    messages.map(({ ruleId, line, message }) => `${line}: ${ruleId}: ${message}`),
  );
}
