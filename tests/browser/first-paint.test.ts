import { expect } from "vitest";
import { withChromium } from "../support/browser.ts";
import { aBrowserOnEditions } from "../support/every-page.ts";

/** Lighthouse's slow 4G (core/config/constants.js, mobileSlow4G) on a telephone a quarter as fast as this machine. */
const SLOW_4G = { offline: false, latency: 150, downloadThroughput: 1_638_400 / 8, uploadThroughput: 768_000 / 8 };
const CPU_SLOWDOWN = 4;

const there = aBrowserOnEditions();

/** Bytes that came over the network for `/`, headers and all, and milliseconds until something could be read. */
async function firstVisit(): Promise<{ bytes: number; paintedMs: number }> {
  const visit = await there.visit();
  const debug = await visit.page.context().newCDPSession(visit.page);
  let bytes = 0;
  debug.on("Network.loadingFinished", ({ encodedDataLength }) => {
    bytes += encodedDataLength;
  });
  await debug.send("Network.enable");
  await debug.send("Network.emulateNetworkConditions", SLOW_4G);
  await debug.send("Emulation.setCPUThrottlingRate", { rate: CPU_SLOWDOWN });
  await visit.page.goto(there.world().url);
  const paintedMs = await visit.page.evaluate<number>(`new Promise((resolve) => new PerformanceObserver((list) => {
    for (const { name, startTime } of list.getEntries()) if (name === "first-contentful-paint") resolve(startTime);
  }).observe({ type: "paint", buffered: true }))`);
  await visit.close();
  return { bytes, paintedMs };
}

withChromium(
  "the first page comes in at most 50 kB, and is there after 1.5 s on slow 4G",
  async () => {
    // Other tests run beside this one: what counts is the visit that they left alone.
    const visits = [await firstVisit(), await firstVisit(), await firstVisit()];
    const bytes = Math.max(...visits.map((visit) => visit.bytes));
    const paintedMs = Math.min(...visits.map((visit) => visit.paintedMs));
    expect(bytes).toBeLessThanOrEqual(50_000);
    expect(paintedMs).toBeLessThanOrEqual(1_500);
    // Nothing measured is no success.
    expect([bytes > 10_000, paintedMs > 150]).toEqual([true, true]);
  },
  180_000,
);
