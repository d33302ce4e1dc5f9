import type { RuleConfig } from "html-validate";
import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { everyMail } from "../support/outbox.ts";
import { htmlComplaints } from "../support/page-looks.ts";

/** What a mail has to do differently from a page. */
const OF_MAILS: RuleConfig = {
  // Gmail drops style sheets for readers with addresses elsewhere: what has to hold is written into the elements.
  "no-inline-style": "off",
  // Outlook for Windows lays out with Word, which knows tables and their old attributes, and no max-width.
  "no-conditional-comment": "off",
  "no-deprecated-attr": "off",
  // Mail programs take out <article> and keep the role, which lets a screen reader tell mail from program.
  "prefer-native-element": ["error", { exclude: ["article"] }],
};

const mails = [...(await everyMail()), ...(await everyMail({}, "de"))];

test("html-validate has nothing to say of any mail", async () => {
  const htmls = (await Promise.all(mails.map(({ bytes }) => PostalMime.parse(bytes)))).map(({ html }) => html);
  expect(htmls.filter((html) => html !== undefined)).toHaveLength(htmls.length - 2);
  for (const html of htmls) if (html !== undefined) expect(await htmlComplaints(html, OF_MAILS)).toEqual([]);
});

test("and would say if there were", async () => {
  expect(await htmlComplaints("<p>Open <b>and closed</p></b>", OF_MAILS)).not.toEqual([]);
});
