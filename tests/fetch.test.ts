import { gzipSync } from "node:zlib";
import { afterAll, afterEach, describe, expect, test } from "vitest";
import { Permanent, Temporary } from "../src/errors.ts";
import { type Fetch, type FetchOptions, openFetch } from "../src/fetch.ts";
import { openPacer } from "../src/pace.ts";
import { isPublicAddress } from "../src/public-address.ts";
import { aSite, type Site } from "./support/site.ts";

const opened: { close(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

async function site(...given: Parameters<typeof aSite>): Promise<Site> {
  const one = await aSite(...given);
  opened.push(one);
  return one;
}

function fetching(settings: Partial<FetchOptions> = {}): Fetch {
  const one = openFetch({ userAgent: "Paperboy (+http://localhost)", backOffMs: 5, ...settings });
  opened.push(one);
  return one;
}

/** The fault, as what a caller can see of it. */
async function faultOf(answer: Promise<unknown>): Promise<unknown> {
  return answer.then(
    () => "no fault",
    (fault) =>
      fault instanceof Temporary || fault instanceof Permanent ? { ...fault, message: fault.message } : fault,
  );
}

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

describe("X4: we never go where only we could go", () => {
  const privateFault = (where: string) => ({
    name: "Permanent",
    message: `${where} leads to a private address. Only an address that a setting names may.`,
  });

  test("to this machine, by number in any spelling, unless a setting names exactly that origin", async () => {
    const { url, asked } = await site((_, response) => response.end("inside"));
    const { port } = new URL(url);
    const fetch = fetching({ allow: ["http://127.0.0.1:1"] });
    for (const host of ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1"]) {
      expect(await faultOf(fetch.get(`http://${host}:${port}/`))).toEqual(privateFault(`http://127.0.0.1:${port}/`));
    }
    expect(await faultOf(fetch.get(`http://[::ffff:127.0.0.1]:${port}/`))).toEqual(
      privateFault(`http://[::ffff:7f00:1]:${port}/`),
    );
    expect(asked).toEqual([]);
    expect((await fetching({ allow: [url] }).get(url)).body.toString()).toBe("inside");
  });

  test("by a name that resolves there, even if it resolved elsewhere a moment ago", async () => {
    const { url, asked } = await site((_, response) => response.end("inside"));
    const { port } = new URL(url);
    const fetch = fetching({ resolve: async () => [{ address: "127.0.0.1", family: 4 }] });
    expect(await faultOf(fetch.get(`http://papers.example.org:${port}/`))).toEqual(privateFault("papers.example.org"));
    expect(await faultOf(fetching().get(`http://localhost:${port}/`))).toEqual(privateFault("localhost"));
    expect(asked).toEqual([]);
  });

  test("by redirect", async () => {
    const inside = await site((_, response) => response.end("inside"));
    const { url } = await site((request, response) => {
      response.writeHead(302, { location: request.url === "/m" ? "http://169.254.169.254/latest/" : inside.url }).end();
    });
    const fetch = fetching({ allow: [url] });
    expect(await faultOf(fetch.get(`${url}/m`))).toEqual(privateFault("http://169.254.169.254/latest/"));
    expect(await faultOf(fetch.get(`${url}/i`))).toEqual(privateFault(`${inside.url}/`));
    expect(inside.asked).toEqual([]);
  });

  test.each([
    ["ftp://example.org/", "ftp: is not fetched. Write an http or https address."],
    ["https://user:secret@example.org/", "The address at example.org carries a user name or password. Leave it out."],
    ["example.org", "Not an address of a web page. Write https://host/path."],
  ])("%s is no address for us", async (address, message) => {
    expect(await faultOf(fetching().get(address))).toEqual({ name: "Permanent", message });
  });

  test("what is public is known", () => {
    const isPublic = [
      "1.1.1.1",
      "172.32.0.1",
      "::ffff:8.8.8.8",
      "64:ff9b::808:808",
      "2606:4700::1111",
      "2002:808:808::1",
    ];
    const isNot = [
      ...[
        "0.0.0.0",
        "10.1.2.3",
        "100.64.0.1",
        "127.9.9.9",
        "169.254.169.254",
        "172.16.0.1",
        "192.168.1.1",
        "198.18.0.1",
      ],
      ...[
        "224.0.0.1",
        "255.255.255.255",
        "168.63.129.16",
        "::",
        "::1",
        "::127.0.0.1",
        "::ffff:10.0.0.1",
        "64:ff9b::a00:1",
      ],
      ...[
        "2002:7f00:1::",
        "2001:db8::1",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1%eth0",
        "ff02::1",
        "",
        "example.org",
        "1.1.1",
      ],
    ];
    expect(isPublic.filter((address) => !isPublicAddress(address))).toEqual([]);
    expect(isNot.filter((address) => isPublicAddress(address))).toEqual([]);
  });
});

describe("a pace", () => {
  test("is that of a site: a host and everything below it", () => {
    const pacer = openPacer([{ host: "arxiv.org", everyMs: 3_000 }]);
    const hosts = ["arxiv.org", "export.arxiv.org", "rss.arxiv.org", "notarxiv.org", "arxiv.org.example.org"];
    expect(hosts.map((host) => pacer.paces(host))).toEqual([true, true, true, false, false]);
  });

  test("gives each turn its distance from the one before, and waits for who holds it", async () => {
    const pacer = openPacer([{ host: "arxiv.org", everyMs: 60 }]);
    const times: number[] = [];
    const turn = async (host: string, heldMs: number) => {
      const release = await pacer.turn(host);
      times.push(performance.now());
      setTimeout(release, heldMs);
    };
    await Promise.all([turn("arxiv.org", 0), turn("export.arxiv.org", 150), turn("rss.arxiv.org", 0)]);
    const gaps = times.slice(1).map((time, index) => time - times[index]!);
    // A timer may fire a millisecond early.
    expect([gaps[0]! >= 58, gaps[1]! >= 148]).toEqual([true, true]);
  });

  test("holds over all servers of a site, one request at a time, while others do not wait", async () => {
    let atOnce = 0;
    const answer: Parameters<typeof aSite>[0] = (_, response) => {
      atOnce += 1;
      setTimeout(() => response.end(String(atOnce--)), 50);
    };
    const [one, two] = [await site(answer), await site(answer)];
    const unpaced = two.url.replace("127.0.0.1", "localhost");
    const fetch = fetching({ allow: [one.url, two.url, unpaced], pace: [{ host: "127.0.0.1", everyMs: 1 }] });
    const paced = await Promise.all([one, two, one, two].map(({ url }) => fetch.get(url)));
    expect(paced.map(({ body }) => body.toString())).toEqual(["1", "1", "1", "1"]);

    const together = await Promise.all([fetch.get(unpaced), fetch.get(unpaced)]);
    expect(together.map(({ body }) => body.toString()).sort()).toEqual(["1", "2"]);
  });

  test("is left by whoever gives up waiting, without holding up the others", async () => {
    const { url, asked } = await site((_, response) => response.end());
    const fetch = fetching({ allow: [url], pace: [{ host: "127.0.0.1", everyMs: 150 }] });
    const first = fetch.get(`${url}/1`);
    const second = fetch.get(`${url}/2`, { signal: AbortSignal.timeout(30) }).catch((reason) => reason.name);
    const third = fetch.get(`${url}/3`);
    expect([(await first).status, await second, (await third).status]).toEqual([200, "TimeoutError", 200]);
    expect(asked).toEqual(["/1", "/3"]);
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

afterAll(() => expect(opened).toEqual([]));
