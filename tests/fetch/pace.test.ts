import { describe, expect, test } from "vitest";
import { openPacer } from "../../src/pace.ts";
import type { aSite } from "../support/site.ts";
import { closeBehindEachTest, fetching, site } from "./fetching.ts";

closeBehindEachTest();

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
