import { expect, test } from "vitest";
import { isLoopbackHost } from "../../src/core/loopback.ts";

const hostsOf = (urls: readonly string[]) => urls.map((url) => new URL(url).hostname);

test("this machine is known by name and by both kinds of address, as URLs write them", () => {
  const here = hostsOf(["http://localhost", "http://paperboy.localhost", "http://127.8.9.1", "http://[::1]:3000"]);
  expect([...here, "::1", "LOCALHOST"].filter((host) => !isLoopbackHost(host))).toEqual([]);
});

test("nothing else is this machine", () => {
  const elsewhere = hostsOf(["http://localhost.example.org", "http://10.0.0.1", "http://[::2]", "http://128.0.0.1"]);
  expect([...elsewhere, "notlocalhost", "", "127.0.0.1.example.org"].filter(isLoopbackHost)).toEqual([]);
});
