/** What every source promises, shown on each: given the pages it serves for a day, and how to open it on a server. */
import { describe, expect, test } from "vitest";
import { Permanent, Temporary } from "../../src/errors.ts";
import { type Fetch, openFetch } from "../../src/fetch.ts";
import type { Pulled, Source } from "../../src/sources/source.ts";
import { aSite, type Site } from "../support/site.ts";

export interface SourceCase {
  /** Its name; of several of a kind, what stands before the colon. */
  readonly name: string;
  /** Told apart in titles, where a source works in two ways. */
  readonly how?: string;
  readonly trending: boolean;
  /** Counts something, votes or other; by default the trending ones do. */
  readonly counts?: boolean;
  open(fetch: Fetch, url: string): Source;
  readonly day: string;
  /** A good answer for the day, complete on one page. */
  readonly answer: string;
  /** Titles in it, in order. */
  readonly titles: readonly string[];
  /** How many things in it are refused. */
  readonly refused: number;
  /** An answer that says: nothing on this day. */
  readonly empty: string;
  /** The day of that answer, when it is another. */
  readonly emptyDay?: string;
}

export function keepsTheSourceContract(given: SourceCase): void {
  /** Runs a pull against a server that answers with `bodies` in turn, the last again and again. */
  async function pull(
    bodies: readonly (string | number | Buffer)[],
    { signal, day = given.day }: { signal?: AbortSignal; day?: string } = {},
  ): Promise<{ name: string; pulled: Pulled; asked: readonly string[] }> {
    const site: Site = await aSite((_, response) => {
      const body = bodies[Math.min(site.asked.length, bodies.length) - 1]!;
      if (typeof body === "number") response.writeHead(body).end();
      else response.end(body);
    });
    const fetch = openFetch({ userAgent: "test", allow: [site.url], backOffMs: 1, pace: [] });
    try {
      const source = given.open(fetch, site.url);
      const pulled = await source.fetch({ day, ...(signal && { signal }) });
      return { name: source.name, pulled, asked: site.asked };
    } finally {
      await fetch.close();
      await site.close();
    }
  }

  describe(`the source ${[given.name, given.how].filter(Boolean).join(", ")}`, () => {
    test("gives the papers of a day in their order, names itself, and refuses broken ones one by one (D3)", async () => {
      const { name, pulled } = await pull([given.answer]);
      expect(name.split(":")[0]).toBe(given.name);
      expect(pulled.sightings.map(({ title }) => title)).toEqual(given.titles);
      expect(new Set(pulled.sightings.map(({ source }) => source))).toEqual(new Set([name]));
      expect(pulled.refusals.map(({ where, reason }) => where !== "" && reason !== "")).toEqual(
        Array(given.refused).fill(true),
      );
      const places = pulled.sightings.map(({ position }) => position!);
      expect(places).toEqual([...new Set(places)].sort((a, b) => a - b));
    });

    test("lists by day exactly when it is a trending one, and counts exactly when it says so", async () => {
      const { pulled } = await pull([given.answer]);
      const counts = given.counts ?? given.trending;
      expect(pulled.sightings.every(({ listedOn }) => (listedOn !== undefined) === given.trending)).toBe(true);
      expect(pulled.sightings.every(({ signals }) => Object.keys(signals).length > 0 === counts)).toBe(true);
    });

    test("holds an empty day for a good answer", async () => {
      expect((await pull([given.empty], { day: given.emptyDay ?? given.day })).pulled).toEqual({
        sightings: [],
        refusals: [],
      });
    });

    test("survives a 500 in between (D2)", async () => {
      const { pulled, asked } = await pull([500, given.answer]);
      expect(pulled.sightings).toHaveLength(given.titles.length);
      expect(asked.length).toBeGreaterThanOrEqual(2);
    });

    test("tells a server that is down from an answer nobody can read (D2)", async () => {
      await expect(pull([503])).rejects.toBeInstanceOf(Temporary);
      for (const broken of [
        "",
        "<!doctype html><title>Sorry</title>",
        given.answer.slice(0, given.answer.length / 2),
        "{}",
        "null",
      ]) {
        await expect(pull([broken])).rejects.toBeInstanceOf(Permanent);
      }
      await expect(pull([Buffer.concat([Buffer.from(given.answer), Buffer.from([0xc3])])])).rejects.toThrow(
        /is not UTF-8 text/,
      );
    });

    test("stops when it is told to", async () => {
      const reason = new Error("stop");
      await expect(pull([given.answer], { signal: AbortSignal.abort(reason) })).rejects.toBe(reason);
    });
  });
}
