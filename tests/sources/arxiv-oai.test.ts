import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { Invalid } from "../../src/errors.ts";
import { openFetch } from "../../src/fetch.ts";
import { openArxivOai, parseOaiRecords } from "../../src/sources/arxiv-oai.ts";
import { sharedData } from "../support/shared-data.ts";
import { aSite } from "../support/site.ts";
import { at } from "../support/time.ts";
import { fixture } from "./fixtures.ts";

test("the arXiv format gives names in reading order, categories and the first date; a deleted record is refused", () => {
  expect(parseOaiRecords(fixture("oai-arxiv.xml"))).toEqual({
    sightings: [
      {
        source: "arxiv-oai",
        arxivId: "1412.8323",
        title: "Toolbox for reconstructing quantum theory from rules on information acquisition",
        abstract: "Rules about asking lead to qubits.",
        authors: ["Philipp A Hoehn", "Ada King III", "Collaboration"],
        categories: ["quant-ph", "gr-qc", "hep-th"],
        keywords: [],
        publishedAt: at("2014-12-29T00:00Z"),
        url: "https://arxiv.org/abs/1412.8323",
        pdfUrl: "https://arxiv.org/pdf/1412.8323",
        position: 0,
        signals: {},
        withdrawn: false,
      },
    ],
    refusals: [{ where: "record 2 (oai:arXiv.org:1507.07790)", reason: "deleted at the archive" }],
    resumptionToken: "2017|token",
  });
});

test("Dublin Core gives the same, apart from categories; its comment is not the abstract", () => {
  expect(parseOaiRecords(fixture("oai-dc.xml")).sightings).toEqual([
    {
      source: "arxiv-oai",
      arxivId: "math/0309136",
      title: "A Theorem on Graphs",
      abstract: "Graphs have edges.",
      authors: ["Emmy Noether", "Bourbaki"],
      categories: [],
      keywords: [],
      publishedAt: at("2003-09-08T00:00Z"),
      url: "https://arxiv.org/abs/math/0309136",
      pdfUrl: "https://arxiv.org/pdf/math/0309136",
      position: 0,
      signals: {},
      withdrawn: true,
    },
  ]);
});

test("that nothing matches is an empty answer, another error a fault, an unknown format a refusal", () => {
  const error = (code: string) => `<OAI-PMH><error code="${code}">Because.</error></OAI-PMH>`;
  expect(parseOaiRecords(error("noRecordsMatch"))).toEqual({ sightings: [], refusals: [], resumptionToken: undefined });
  expect(() => parseOaiRecords(error("badArgument"))).toThrow(new Invalid("the archive says badArgument: Because."));
  expect(() => parseOaiRecords("<OAI-PMH><Identify/></OAI-PMH>")).toThrow(Invalid);
  const record = "<record><header/><metadata><marc/></metadata></record>";
  expect(parseOaiRecords(`<OAI-PMH><ListRecords>${record}</ListRecords></OAI-PMH>`).refusals).toEqual([
    { where: "record 1", reason: "its metadata are neither arXiv nor oai_dc. Ask with metadataPrefix=arXiv" },
  ]);
});

test("a day is harvested over all its pages, with the token alone, and kept to our categories", async () => {
  const record = (id: string, category: string) =>
    `<record><header/><metadata><arXiv><id>${id}</id><title>T</title><categories>${category}</categories></arXiv></metadata></record>`;
  const pages = [
    `${record("2604.00001", "cs.AI")}${record("2604.00002", "math.GT")}<resumptionToken>a&amp;b</resumptionToken>`,
    `${record("2604.00003", "hep-th cs.AI")}<resumptionToken/>`,
  ];
  const site = await aSite((_, response) =>
    response.end(`<OAI-PMH><ListRecords>${pages[site.asked.length - 1]}</ListRecords></OAI-PMH>`),
  );
  const fetch = openFetch({ userAgent: "test", allow: [site.url] });
  const pulled = await openArxivOai({ fetch }, { url: `${site.url}/oai`, categories: ["cs.AI"] }).fetch({
    day: "2026-04-15",
  });
  await fetch.close();
  await site.close();

  expect(pulled.sightings.map(({ arxivId, position }) => [arxivId, position])).toEqual([
    ["2604.00001", 0],
    ["2604.00003", 1],
  ]);
  expect(site.asked).toEqual([
    "/oai?verb=ListRecords&metadataPrefix=arXiv&from=2026-04-15&until=2026-04-15",
    "/oai?verb=ListRecords&resumptionToken=a%26b",
  ]);
});

test.skipIf(sharedData === null)("real: records of December 2017 are read without a refusal", () => {
  const { sightings, refusals } = parseOaiRecords(readFileSync(join(sharedData!, "arxiv/oai-listrecords.xml"), "utf8"));
  expect([sightings.map(({ arxivId }) => arxivId), refusals]).toEqual([["1412.8323", "1507.07790", "1607.01710"], []]);
});
