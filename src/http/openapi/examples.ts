/** What the document shows. Tests ask for each of them, and compare what comes. */
import type { editionAnswer, paperAnswer, subscriptionAnswer, Told, topicAnswer } from "../api/answers.ts";

export const aTopic: Told<typeof topicAnswer> = {
  id: "agents",
  name: "Agents",
  description: "Models that plan, use tools, and work with screens and the web.",
  papersPerDay: 12.4,
};

const aPaper: Told<typeof paperAnswer> = {
  rank: 1,
  id: "2604.00903",
  title: "Agents that act",
  authors: ["Ada Lovelace", "Alan Turing"],
  summary: "We study agents. They act.",
  url: "https://arxiv.org/abs/2604.00903",
  pdfUrl: "https://arxiv.org/pdf/2604.00903",
  codeUrl: "https://github.com/example/act",
  upvotes: 31,
  comments: 3,
  stars: 12,
  upvotesGained: 7,
  starsGained: 4,
  score: 6,
  scoreParts: { votes: 5, comments: 1.5, stars: 0, age: -0.5 },
  topics: ["agents"],
  listedOn: "2026-04-15",
};

export const anEdition: Told<typeof editionAnswer> = {
  date: "2026-04-15",
  state: "closed",
  closedAt: "2026-04-16T01:00:12.000Z",
  revision: 1,
  papers: [aPaper],
};

export const aFilter = { watches: [{ name: "mine", topics: ["agents"], include: ["agents + act"] }] };

export const aPreview = {
  papers: [
    {
      ...aPaper,
      because: [{ watch: 0, name: "mine", topics: ["agents"], categories: [], include: ["agents + act"], authors: [] }],
    },
  ],
  papersPerDay: 0.5,
  understood: {
    editions: 30,
    papers: 1480,
    watches: [
      {
        include: [
          {
            entry: "agents + act",
            read: {
              parts: [
                { words: ["agents"], titleOnly: false, exact: false },
                { words: ["act"], titleOnly: false, exact: false },
              ],
            },
            papers: 15,
            isFlood: false,
            hints: [],
          },
        ],
        authors: [],
        exclude: [],
      },
    ],
  },
};

export const aSubscription: Told<typeof subscriptionAnswer> = {
  status: "active",
  address: "r•••@example.com",
  paused: false,
  pausedUntil: null,
  filter: {
    grammar: 1,
    watches: [
      {
        ...{ name: "mine", topics: ["agents"], categories: [], include: ["agents + act"], authors: [], exclude: [] },
        ...{ minUpvotes: 0, onlyWithCode: false },
      },
    ],
  },
  cadence: "weekly",
  weekday: 1,
  hour: 7,
  zone: "Europe/Berlin",
  maxPapers: 10,
  language: "en",
  format: "html",
  elsewhere: null,
};

export const aLink = "1.CAE.c2VjcmV0LXBhcnQtb2YtYS1saW5r";
