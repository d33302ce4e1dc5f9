import { describe, expect, test } from "vitest";
import { closeBehindEachTest, faultOf, fetching, site } from "./fetching.ts";

closeBehindEachTest();

describe("a redirect", () => {
  test("is followed, relative or not, and headers for one site do not reach another", async () => {
    const keys: unknown[] = [];
    const other = await site((request, response) => {
      keys.push(request.headers["x-key"]);
      response.end("here");
    });
    const first = await site((request, response) => {
      keys.push(request.headers["x-key"]);
      response.writeHead(302, { location: request.url === "/1" ? "/2" : `${other.url}/3` }).end();
    });
    const answer = await fetching({ allow: [first.url, other.url] }).get(`${first.url}/1`, {
      headers: { "x-key": "k" },
    });
    expect([answer.url, answer.body.toString(), keys]).toEqual([`${other.url}/3`, "here", ["k", "k", undefined]]);
  });

  test("in a circle ends after five", async () => {
    const { url, asked } = await site((_, response) => response.writeHead(301, { location: "/" }).end());
    expect(await faultOf(fetching({ allow: [url] }).get(url))).toEqual({
      name: "Permanent",
      message: `${url}/ redirects more than 5 times. Use the address it ends at.`,
    });
    expect(asked).toHaveLength(6);
  });

  test.each([
    ["a file", "file:///etc/passwd", "file: is not fetched. Write an http or https address."],
    ["nowhere", "http://", "redirects to something that is no address."],
  ])("to %s is refused", async (_, location, message) => {
    const { url } = await site((_, response) => response.writeHead(302, { location }).end());
    expect(await faultOf(fetching({ allow: [url] }).get(url))).toEqual({
      name: "Permanent",
      message: expect.stringContaining(message),
    });
  });
});
