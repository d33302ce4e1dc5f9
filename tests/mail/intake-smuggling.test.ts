/** docs/promises.md X8: what one server takes for the end of a mail and another does not. */
import { afterEach, describe, expect, test } from "vitest";
import {
  aClient,
  aListener,
  begin,
  bounceOf,
  closeListeners,
  code,
  FROM_NOBODY,
  OURS,
  toOurs,
} from "../support/bounce-listener.ts";

afterEach(closeListeners);

describe("what looks like the end of a mail is not one (SMTP smuggling)", () => {
  const fakes: [name: string, end: string][] = [
    ["LF . LF", "\n.\n"],
    ["LF . CRLF", "\n.\r\n"],
    ["CRLF . LF", "\r\n.\n"],
    ["CR . CR", "\r.\r"],
    ["CR . CRLF", "\r.\r\n"],
    ["CRLF . CR", "\r\n.\r"],
    ["CR LF LF . CR CR LF", "\r\n\n.\r\r\n"],
    ["LF CR . CRLF", "\n\r.\r\n"],
    ["CRLF NUL . CRLF", "\r\n\0.\r\n"],
    ["CRLF .. CRLF", "\r\n..\r\n"],
  ];
  const hidden = [
    FROM_NOBODY,
    toOurs(bounceOf(666n)),
    "DATA",
    "Subject: smuggled",
    "",
    "It was not sent by whom it says.",
  ].join("\r\n");

  test.each(fakes)("%s", async (_, end) => {
    for (const pieceBytes of [Number.POSITIVE_INFINITY, 1]) {
      const listener = await aListener();
      const client = await aClient(listener);
      await begin(client);
      await client.send(`Subject: outer\r\n\r\nHello${end}${hidden}\r\n.\r\n`, pieceBytes);
      expect([await client.answer(), code(await client.say("NOOP"))]).toEqual(["250 2.6.0 OK: message queued", "250"]);
      const mails = listener.received.map(({ to, raw }) => [to, raw.toString().includes("Subject: smuggled")]);
      expect(mails).toEqual([[OURS, true]]);
      await client.quit();
    }
  });

  test("where a real end stands, a second mail is taken: the test above would see one", async () => {
    const listener = await aListener();
    const client = await aClient(listener);
    await begin(client);
    await client.send(`Subject: outer\r\n\r\nHello\r\n.\r\n${hidden}\r\n.\r\n`);
    const answers = [];
    for (let count = 0; count < 5; count += 1) answers.push(code(await client.answer()));
    expect(answers).toEqual(["250", "250", "250", "354", "250"]);
    expect(listener.received.map(({ to }) => to)).toEqual([OURS, bounceOf(666n)]);
  });
});
