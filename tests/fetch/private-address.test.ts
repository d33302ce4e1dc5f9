import { MockAgent } from "undici";
import { describe, expect, test } from "vitest";
import { isPublicAddress } from "../../src/public-address.ts";
import { closeBehindEachTest, faultOf, fetching, site } from "./fetching.ts";

closeBehindEachTest();

const privateFault = (where: string) => ({
  name: "Permanent",
  message: `${where} leads to a private address. Only an address that a setting names may.`,
});
const portFault = (where: string) => ({
  name: "Permanent",
  message: `${where} has a port of its own. Only an address that a setting names may.`,
});

describe("X4: we never go where only we could go", () => {
  test("to this machine, by number in any spelling, unless a setting names exactly that origin", async () => {
    const { url, asked } = await site((_, response) => response.end("inside"));
    const { port } = new URL(url);
    const fetch = fetching({ allow: ["http://127.0.0.1:1"] });
    const spellings = ["127.0.0.1", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "127.0.0.1.", "①②⑦.⓪.⓪.①"];
    for (const host of spellings)
      expect([host, await faultOf(fetch.get(`http://${host}:${port}/`))]).toEqual([
        host,
        privateFault(`http://127.0.0.1:${port}/`),
      ]);
    expect(asked).toEqual([]);
    expect((await fetching({ allow: [url] }).get(url)).body.toString()).toBe("inside");
  });

  test.each([
    ["[::1]", "[::1]"],
    ["[::ffff:127.0.0.1]", "[::ffff:7f00:1]"],
    ["[0:0:0:0:0:ffff:7f00:1]", "[::ffff:7f00:1]"],
    ["[64:ff9b::169.254.169.254]", "[64:ff9b::a9fe:a9fe]"],
    ["[2002:7f00:1::]", "[2002:7f00:1::]"],
    ["[2001:0:4136:e378:8000:63bf:3fff:fdd2]", "[2001:0:4136:e378:8000:63bf:3fff:fdd2]"],
    ["[fd00:ec2::254]", "[fd00:ec2::254]"],
    ["169.254.169.254.", "169.254.169.254"],
    ["2852039166", "169.254.169.254"],
    ["168.63.129.16", "168.63.129.16"],
  ])("to %s, by whatever carries it", async (host, shown) => {
    expect(await faultOf(fetching().get(`http://${host}/latest/`))).toEqual(privateFault(`http://${shown}/latest/`));
  });

  test("by a name that resolves there, with or without a dot at its end", async () => {
    for (const address of ["127.0.0.1", "10.0.0.1", "169.254.169.254", "::1", "::ffff:192.168.0.1", "fe80::1%eth0"]) {
      const fetch = fetching({ resolve: async () => [{ address, family: address.includes(":") ? 6 : 4 }] });
      expect(await faultOf(fetch.get("http://papers.example.org/"))).toEqual(privateFault("papers.example.org"));
      expect(await faultOf(fetch.get("https://papers.example.org./"))).toEqual(privateFault("papers.example.org."));
    }
    expect(await faultOf(fetching().get("http://localhost/"))).toEqual(privateFault("localhost"));
  });

  test("by a name that was public when it was asked for the first time: each connection is judged by its own look-up", async () => {
    const answers = ["127.0.0.1", "10.0.0.1"];
    const fetch = fetching({ resolve: async () => [{ address: answers.shift()!, family: 4 }] });
    expect(await faultOf(fetch.get("http://papers.example.org/"))).toEqual(privateFault("papers.example.org"));
    expect(await faultOf(fetch.get("http://papers.example.org/"))).toEqual(privateFault("papers.example.org"));
    expect(answers).toEqual([]);
  });

  test("by redirect, to a name or a number", async () => {
    const inside = await site((_, response) => response.end("inside"));
    const targets = ["http://169.254.169.254/latest/", `${inside.url}/`, "http://internal.example.org/", "//[::1]/"];
    const { url } = await site((request, response) => {
      response.writeHead(302, { location: targets[Number(request.url!.slice(1))] }).end();
    });
    const fetch = fetching({ allow: [url], resolve: async () => [{ address: "10.0.0.7", family: 4 }] });
    const faults = await Promise.all(targets.map((_, index) => faultOf(fetch.get(`${url}/${index}`))));
    expect(faults).toEqual([
      privateFault("http://169.254.169.254/latest/"),
      privateFault(`${inside.url}/`),
      privateFault("internal.example.org"),
      privateFault("http://[::1]/"),
    ]);
    expect(inside.asked).toEqual([]);
  });

  test("by a redirect from outside to an origin that a setting names, even if we came from there", async () => {
    const mirror = await site((request, response) => {
      if (request.url === "/away") response.writeHead(302, { location: "http://outside.example.org/" }).end();
      else response.end("inside");
    });
    const outside = new MockAgent();
    outside.disableNetConnect();
    const back = outside.get("http://outside.example.org").intercept({ path: "/" });
    back.reply(302, "", { headers: { location: `${mirror.url}/secret` } }).persist();
    const fetch = fetching({ allow: [mirror.url], outside });
    for (const start of ["http://outside.example.org/", `${mirror.url}/away`])
      expect(await faultOf(fetch.get(start))).toEqual(privateFault(`${mirror.url}/secret`));
    expect(mirror.asked).toEqual(["/away"]);
    expect((await fetch.get(`${mirror.url}/secret`)).body.toString()).toBe("inside");
    await outside.close();
  });

  test("to a port where no web site is, unless a setting names it", async () => {
    for (const address of ["http://example.org:25/", "https://example.org:22/", "http://93.184.215.14:6379/"])
      expect(await faultOf(fetching().get(address))).toEqual(portFault(address));
  });

  test.each([
    ["ftp://example.org/", "ftp: is not fetched. Write an http or https address."],
    ["file:///etc/passwd", "file: is not fetched. Write an http or https address."],
    ["https://user:secret@example.org/", "The address at example.org carries a user name or password. Leave it out."],
    ["http://example.org@127.0.0.1/", "The address at 127.0.0.1 carries a user name or password. Leave it out."],
    [
      "http://127.0.0.1\\@example.org/",
      "http://127.0.0.1/@example.org/ leads to a private address. Only an address that a setting names may.",
    ],
    ["example.org", "Not an address of a web page. Write https://host/path."],
  ])("%s is no address for us", async (address, message) => {
    expect(await faultOf(fetching().get(address))).toEqual({ name: "Permanent", message });
  });
});

describe("an address", () => {
  test.each([
    ..."1.1.1.1 172.32.0.1 100.128.0.1 192.31.196.1 ::ffff:8.8.8.8 64:ff9b::808:808".split(" "),
    ..."2606:4700::1111 2002:808:808::1 2606:4700::5efe:808:808".split(" "),
  ])("%s is public", (address) => {
    expect(isPublicAddress(address)).toBe(true);
  });

  test.each([
    // this network, private, shared, loopback, link-local, metadata
    ..."0.0.0.0 10.1.2.3 100.64.0.1 100.100.100.200 127.9.9.9 169.254.169.254 172.16.0.1 192.168.1.1".split(" "),
    // protocol assignments, documentation, 6to4 relays, benchmarks, multicast, reserved, broadcast, Azure
    ..."192.0.0.192 192.0.2.1 192.88.99.1 198.18.0.1 198.51.100.1 203.0.113.1".split(" "),
    ..."224.0.0.1 240.0.0.1 255.255.255.255 168.63.129.16".split(" "),
    // unspecified, loopback, compatible, mapped, translated
    ...":: ::1 ::127.0.0.1 ::8.8.8.8 ::ffff:10.0.0.1 ::ffff:0:8.8.8.8".split(" "),
    // NAT64, that of one network, 6to4, Teredo, ISATAP
    ..."64:ff9b::a00:1 64:ff9b:1::808:808 2002:7f00:1:: 2001::808:808 2606:4700::5efe:a00:1".split(" "),
    ..."2606:4700::200:5efe:7f00:1".split(" "),
    // documentation, discard, segment routing, unique local, link-local, site-local, multicast
    ..."2001:db8::1 3fff::1 100::1 5f00::1 fc00::1 fd00:ec2::254 fe80::1%eth0 fec0::1 ff02::1".split(" "),
    // none at all
    ...["", "example.org", "1.1.1", "1.1.1.1%eth0", "0x7f000001", "[2606:4700::1111]"],
  ])("%s is not", (address) => {
    expect(isPublicAddress(address)).toBe(false);
  });
});
