import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { closeBehindEachTest, faultOf, fetching, site } from "./fetching.ts";

closeBehindEachTest();

describe("an answer", () => {
  test("comes whole, unpacked, with its address, and we say who asks for what", async () => {
    let headers = {};
    const { url } = await site((request, response) => {
      headers = request.headers;
      response.writeHead(200, { "content-encoding": "gzip", "x-one": "1" }).end(gzipSync("grüße"));
    });
    const answer = await fetching({ allow: [url] }).get(`${url}/a?b=c`, { accept: "text/plain" });

    expect({ ...answer, body: answer.body.toString(), headers: answer.headers["x-one"] }).toEqual({
      status: 200,
      url: `${url}/a?b=c`,
      headers: "1",
      body: "grüße",
    });
    expect(headers).toMatchObject({ accept: "text/plain", "user-agent": "Paperboy (+http://localhost)" });
  });

  test("that is too large is given up, also when it was small before it was unpacked", async () => {
    const { url } = await site((_, response) => {
      response.writeHead(200, { "content-encoding": "gzip" }).end(gzipSync(Buffer.alloc(10_000_000)));
    });
    expect(await faultOf(fetching({ allow: [url] }).get(url, { maxBytes: 1_000_000 }))).toEqual({
      name: "Permanent",
      message: `${url}/ answers with more than 1000000 bytes.`,
    });
  });

  test("without an end is given up", async () => {
    const { url } = await site((_, response) => {
      const more = () => {
        while (!response.destroyed && response.write(Buffer.alloc(65_536)));
      };
      response.on("drain", more);
      more();
    });
    expect(await faultOf(fetching({ allow: [url] }).get(url, { maxBytes: 1_000_000 }))).toMatchObject({
      name: "Permanent",
    });
  });

  test("that never comes is waited for three times, as long as we said", async () => {
    const { url, asked } = await site((_, response) => response.write("half"));
    expect(await faultOf(fetching({ allow: [url] }).get(`${url}/slow?key=secret`, { timeoutMs: 50 }))).toEqual({
      name: "Temporary",
      message: `${url}/slow did not answer in full within 0.05 s. Try again later.`,
    });
    expect(asked).toHaveLength(3);
  });

  test("whose connection breaks is asked for again", async () => {
    const { url, asked } = await site((_, response) => {
      if (asked.length < 3) response.destroy();
      else response.end("third");
    });
    expect((await fetching({ allow: [url] }).get(url)).body.toString()).toBe("third");
  });
});

test("whoever asked can give up, and hears their own reason", async () => {
  const { url, asked } = await site(() => {});
  const reason = new Error("the process stops");
  const stop = new AbortController();
  const answer = fetching({ allow: [url] })
    .get(url, { signal: stop.signal })
    .catch((error) => error);
  setTimeout(() => stop.abort(reason), 30);
  expect(await answer).toBe(reason);
  expect(asked).toHaveLength(1);
});
