import { describe, expect, test } from "vitest";
import { closeBehindEachTest, faultOf, fetching, site } from "./fetching.ts";

closeBehindEachTest();

describe("D2: a server that says no", () => {
  test("once with 500 is asked again, and three times is a temporary fault", async () => {
    const { url, asked } = await site((request, response) => {
      response.writeHead(request.url === "/once" && asked.length > 1 ? 200 : 500).end();
    });
    const fetch = fetching({ allow: [url] });
    expect((await fetch.get(`${url}/once`)).status).toBe(200);
    expect(await faultOf(fetch.get(`${url}/always`))).toEqual({
      name: "Temporary",
      message: `${url}/always answered 500. Try again later.`,
    });
    expect(asked).toEqual(["/once", "/once", "/always", "/always", "/always"]);
  });

  test("with 404 is not asked again", async () => {
    const { url, asked } = await site((_, response) => response.writeHead(404).end());
    expect(await faultOf(fetching({ allow: [url] }).get(url))).toEqual({
      name: "Permanent",
      message: `${url}/ answered 404. Check the address.`,
    });
    expect(asked).toHaveLength(1);
  });

  test.each([
    ["seconds", "1"],
    ["a date", new Date("2026-04-15T12:00:01Z").toUTCString()],
  ])("with 429 gets the pause it names in %s", async (_, retryAfter) => {
    const { url, asked } = await site((_, response) => {
      if (asked.length === 1) response.writeHead(429, { "retry-after": retryAfter }).end();
      else response.end("now");
    });
    const began = performance.now();
    await fetching({ allow: [url], now: () => Date.parse("2026-04-15T12:00:00Z") }).get(url);
    expect(performance.now() - began).toBeGreaterThanOrEqual(990);
  });

  test.each([
    ["two minutes", "120", 120_000],
    ["a year, of which a day is believed", "31536000", 86_400_000],
  ])("with 503 and a pause of %s is left to whoever asked", async (_, retryAfter, retryAfterMs) => {
    const { url, asked } = await site((_, response) => response.writeHead(503, { "retry-after": retryAfter }).end());
    expect(await faultOf(fetching({ allow: [url] }).get(url))).toEqual({
      name: "Temporary",
      message: `${url}/ answered 503. Try again later.`,
      retryAfterMs,
    });
    expect(asked).toHaveLength(1);
  });

  test("and names a pause we cannot read is asked again in our own time", async () => {
    const { url, asked } = await site((_, response) => response.writeHead(429, { "retry-after": "-5" }).end());
    expect(await faultOf(fetching({ allow: [url] }).get(url))).toMatchObject({ name: "Temporary" });
    expect(asked).toHaveLength(3);
  });
});
