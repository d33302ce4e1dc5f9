import { openArxivApi } from "../../src/sources/arxiv-api.ts";
import { openArxivFeed } from "../../src/sources/arxiv-feed.ts";
import { openArxivOai } from "../../src/sources/arxiv-oai.ts";
import { openFeed } from "../../src/sources/feed.ts";
import { openGitHub } from "../../src/sources/github.ts";
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

const POSTS = [
  "Introducing VaultGemma: The World's Most Capable Differentially Private LLM",
  "Speculative Cascades — A Hybrid Approach for Smarter, Faster LLM Inference",
];

keepsTheSourceContract({
  ...{ name: "feed", how: "RSS", trending: false },
  open: (fetch, url) => openFeed({ fetch }, { url: `${url}/blog/rss` }),
  day: "2025-09-12",
  answer: fixture("feed.rss"),
  ...{ titles: POSTS, refused: 1 },
  empty: "<rss version='2.0'><channel><title>Nothing yet</title></channel></rss>",
});

keepsTheSourceContract({
  ...{ name: "feed", how: "Atom", trending: false },
  open: (fetch, url) => openFeed({ fetch }, { url: `${url}/blog/atom` }),
  day: "2025-09-12",
  answer: fixture("feed.atom"),
  ...{ titles: POSTS, refused: 1 },
  empty: EMPTY_FEED,
});

const WITH_CODE = {
  arxivId: "2506.20703",
  title: "Generative Blocks World",
  codeUrl: "https://github.com/EleutherAI/pythia",
};
const GONE = { title: "No code any more", codeUrl: "https://github.com/nobody/nothing" };
const A_DAY = "2025-09-12";

keepsTheSourceContract({
  ...{ name: "github", how: "one by one", trending: false, counts: true },
  open: (fetch, url) =>
    openGitHub({ fetch, papersWithCode: async (day) => (day === A_DAY ? [WITH_CODE] : []) }, { url }),
  day: A_DAY,
  answer: fixture("github-repository.json"),
  ...{ titles: [WITH_CODE.title], refused: 0 },
  ...{ empty: "", emptyDay: "2025-09-13" },
});

keepsTheSourceContract({
  ...{ name: "github", how: "with a token", trending: false, counts: true },
  open: (fetch, url) =>
    openGitHub(
      { fetch, papersWithCode: async (day) => (day === A_DAY ? [WITH_CODE, GONE] : []) },
      { url, token: "github_pat_x" },
    ),
  day: A_DAY,
  answer: fixture("github-graphql.json"),
  ...{ titles: [WITH_CODE.title], refused: 1 },
  ...{ empty: "", emptyDay: "2025-09-13" },
});
