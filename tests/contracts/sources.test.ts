import { openArxivApi } from "../../src/sources/arxiv-api.ts";
import { openArxivFeed } from "../../src/sources/arxiv-feed.ts";
import { openArxivOai } from "../../src/sources/arxiv-oai.ts";
import { openHuggingFace } from "../../src/sources/hugging-face.ts";
import { fixture } from "../sources/fixtures.ts";
import { keepsTheSourceContract } from "./source.ts";

const EMPTY_FEED = '<feed xmlns="http://www.w3.org/2005/Atom"><title>Nothing</title></feed>';

keepsTheSourceContract({
  name: "hugging-face",
  trending: true,
  open: (fetch, url) => openHuggingFace({ fetch }, { url }),
  day: "2026-04-15",
  answer: fixture("daily-papers.json"),
  titles: [
    "ClawGUI: A Unified Framework for Training, Evaluating, and Deploying GUI Agents",
    "Qwen3.5-Omni Technical Report",
  ],
  refused: 2,
  empty: "[]",
});

keepsTheSourceContract({
  name: "arxiv",
  trending: false,
  open: (fetch, url) => openArxivApi({ fetch }, { url, categories: ["cs.RO"] }),
  day: "2026-06-11",
  answer: fixture("arxiv-api.xml"),
  titles: ["Mana: Dexterous Manipulation of Articulated Tools", "An Old Paper That Was Taken Back"],
  refused: 1,
  empty: EMPTY_FEED,
});

keepsTheSourceContract({
  name: "arxiv-feed",
  trending: false,
  open: (fetch, url) => openArxivFeed({ fetch }, { url, categories: ["cs.AI"] }),
  day: "2025-08-20",
  answer: fixture("arxiv-feed.atom"),
  titles: ["ALIGN: Word Association Learning for Cross-Cultural Generalization in Large Language Models"],
  refused: 0,
  empty: EMPTY_FEED,
});

keepsTheSourceContract({
  name: "arxiv-oai",
  trending: false,
  open: (fetch, url) => openArxivOai({ fetch }, { url: `${url}/oai`, categories: [] }),
  day: "2017-12-14",
  answer: fixture("oai-arxiv.xml").replace(/<resumptionToken.*<\/resumptionToken>/, ""),
  titles: ["Toolbox for reconstructing quantum theory from rules on information acquisition"],
  refused: 1,
  empty: '<OAI-PMH><error code="noRecordsMatch">None</error></OAI-PMH>',
});
