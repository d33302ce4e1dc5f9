import { gzipSync } from "node:zlib";
import { describe, expect, test, vi } from "vitest";
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
    expect(await faultOf(fetching({ allow: [url] }).get(`${url}/slow?key=secret`, { timeoutMs: 300 }))).toEqual({
      name: "Temporary",
      message: `${url}/slow did not answer in full within 0.3 s. Try again later.`,
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
  await vi.waitFor(() => expect(asked).toHaveLength(1), { timeout: 10_000 });
  stop.abort(reason);
  expect(await answer).toBe(reason);
});

describe("a status beyond 2xx that was asked for", () => {
  test("is an answer with its headers; any other stays a fault", async () => {
    const { url, asked } = await site((request, response) => {
      response.writeHead(Number(request.url!.slice(1)), { "retry-after": "1" }).end("body");
    });
    const get = (status: number) => fetching({ allow: [url] }).get(`${url}/${status}`, { statuses: [304, 429] });
    for (const status of [304, 429])
      expect(await get(status)).toMatchObject({ status, headers: { "retry-after": "1" }, body: Buffer.alloc(0) });
    expect(asked).toEqual(["/304", "/429"]);
    expect(await faultOf(get(404))).toMatchObject({ name: "Permanent" });
  });
});

describe("a question by POST", () => {
  test("goes out as JSON, again after a failure, and never where a redirect points", async () => {
    const bodies: string[] = [];
    const { url, asked } = await site(async (request, response) => {
      let body = "";
      for await (const chunk of request) body += chunk;
      bodies.push(`${request.method} ${request.headers["content-type"]} ${body}`);
      if (request.url === "/moved") response.writeHead(307, { location: "/ask" }).end();
      else response.writeHead(bodies.length === 1 ? 500 : 200).end("yes");
    });
    const { body } = await fetching({ allow: [url] }).post(`${url}/ask`, { query: "?" });
    expect([body.toString(), bodies]).toEqual(["yes", Array(2).fill('POST application/json {"query":"?"}')]);
    expect(await faultOf(fetching({ allow: [url] }).post(`${url}/moved`, {}))).toMatchObject({ name: "Permanent" });
    expect(asked).toEqual(["/ask", "/ask", "/moved"]);
  });
});
