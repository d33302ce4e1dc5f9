import PostalMime from "postal-mime";
import { expect, test } from "vitest";
import { everyMail } from "../support/outbox.ts";
import { htmlComplaints, OF_MAILS } from "../support/page-looks.ts";

const mails = [...(await everyMail()), ...(await everyMail({}, "de"))];

test("html-validate has nothing to say of any mail", async () => {
  const htmls = (await Promise.all(mails.map(({ bytes }) => PostalMime.parse(bytes)))).map(({ html }) => html);
  expect(htmls.filter((html) => html !== undefined)).toHaveLength(htmls.length - 2);
  for (const html of htmls) if (html !== undefined) expect(await htmlComplaints(html, OF_MAILS)).toEqual([]);
});

test("and would say if there were", async () => {
  expect(await htmlComplaints("<p>Open <b>and closed</p></b>", OF_MAILS)).not.toEqual([]);
});
