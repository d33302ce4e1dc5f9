/**
 * What the API answers, in zod. The types of these schemas hold what the doors send to them when it is compiled, the document
 * (openapi.ts) is made from them, and tests hold answers to that; nothing is checked while a reader waits.
 */
import { z } from "zod";

/** What a schema describes, as a door may build it: nobody changes it any more. */
export type Told<Schema extends z.ZodType> = Unchanging<z.output<Schema>>;
type Unchanging<T> = T extends (infer Entry)[]
  ? readonly Unchanging<Entry>[]
  : T extends object
    ? { readonly [Field in keyof T]: Unchanging<T[Field]> }
    : T;

const day = z.iso.date();
const instant = z.iso.datetime();
const count = z.int().nonnegative();

export const topicAnswer = z
  .object({
    id: z.string().describe("Stays, whatever the topic is called."),
    name: z.string(),
    description: z.string(),
    papersPerDay: z
      .number()
      .nonnegative()
      .describe("Papers new in an edition that have it: the mean of the last 30 editions that were not quiet."),
  })
  .describe("A topic of the catalogue.");

const scoreParts = z
  .object({
    votes: z.number(),
    comments: z.number(),
    stars: z.number(),
    age: z.number().max(0).describe("What its age takes away."),
  })
  .describe("They add up to the score.");

export const paperAnswer = z
  .object({
    rank: z
      .int()
      .positive()
      .describe("Its place in the edition, from 1. Places of papers that were withdrawn stay empty."),
    id: z.string().describe("The arXiv id without version, or `import:` and a hash of its title until it has one."),
    title: z.string().describe("Readable plain text, as all texts are."),
    authors: z.array(z.string()),
    summary: z.string().describe("Two or three sentences."),
    url: z.url().nullable(),
    pdfUrl: z.url().nullable(),
    codeUrl: z.url().nullable(),
    upvotes: count.describe("Votes, when the edition closed."),
    comments: count,
    stars: count.nullable().describe("Of its code. Null: no source said."),
    upvotesGained: z.int().describe("Since the edition before."),
    starsGained: z.int().describe("Since the edition before."),
    score: z.number(),
    scoreParts,
    topics: z.array(z.string()).describe("Ids, the strongest first."),
    listedOn: day.describe("The day a source of papers first listed it."),
  })
  .describe("A paper as it stands in an edition.");

export const editionAnswer = z
  .object({
    date: day,
    state: z
      .enum(["open", "closed", "quiet", "broken"])
      .describe("`open` until it is decided; `quiet`: nothing was listed; `broken`: too little was read to make one."),
    closedAt: instant.nullable().describe("When it was decided. Null while it is open."),
    revision: z.int().positive(),
    papers: z.array(paperAnswer).describe("Those that the filter takes, best first."),
  })
  .describe("The ranking of all papers that were listed in the seven days up to its date, frozen when it closes.");

const because = z
  .object({
    watch: z.int().min(-1).describe("Index of the watch in the filter; -1 for a filter without watches."),
    name: z.string().describe("What the watch is called."),
    topics: z.array(z.string()),
    categories: z.array(z.string()),
    include: z.array(z.string()),
    authors: z.array(z.string()),
  })
  .describe("A watch that took the paper, and what in it did.");

const hints = z.array(z.string()).describe("What was probably meant, and how to write that. In English.");
const isFlood = z.boolean().describe("It takes so much that it hardly chooses.");

const wordsUnderstood = z
  .object({
    entry: z.string(),
    read: z
      .union([
        z.object({
          parts: z.array(z.object({ words: z.array(z.string()), titleOnly: z.boolean(), exact: z.boolean() })),
        }),
        z.object({ mistake: z.string() }),
      ])
      .describe("The phrase, part by part."),
    papers: count.describe("New papers that say it, whatever else the watch asks for."),
    isFlood,
    hints,
  })
  .describe("What an entry of `include` or `exclude` was read as.");

const nameUnderstood = z
  .object({
    entry: z.string(),
    names: z
      .array(z.object({ name: z.string(), papers: count }))
      .describe("The authors it took, as papers write them: the ten of most new papers."),
    people: count.describe("How many authors it took."),
    isFlood,
    hints,
  })
  .describe("Whom an entry of `authors` was read as.");

export const previewAnswer = z
  .object({
    papers: z.array(paperAnswer.extend({ because: z.array(because) })),
    papersPerDay: z
      .number()
      .nonnegative()
      .describe(
        "Papers new in an edition that the filter takes: the mean of the last 30 editions that were not quiet.",
      ),
    understood: z
      .object({
        editions: count.describe("How many editions were looked at."),
        papers: count.describe("How many papers were new in them."),
        watches: z.array(
          z.object({
            include: z.array(wordsUnderstood),
            authors: z.array(nameUnderstood),
            exclude: z.array(wordsUnderstood),
          }),
        ),
      })
      .describe("What the words and names of the filter found in these editions."),
  })
  .describe("What a reader with this filter would get today, had they never had a digest.");

export const challengeAnswer = z
  .object({
    algorithm: z.literal("SHA-256"),
    challenge: z.string().describe("Hexadecimal hash of the salt and, behind it, the number to be found."),
    maxnumber: z.int().describe("The number is no larger."),
    salt: z.string(),
    signature: z.string(),
  })
  .describe("A proof of work in the protocol of ALTCHA, version 1. Good for ten minutes.");

export const requestedAnswer = z
  .object({ status: z.literal("check-your-inbox") })
  .describe("The same for every address.");

export const confirmedAnswer = z.union([
  z.object({ status: z.literal("confirmed"), link: z.string().describe("A preferences link, good for 30 days.") }),
  z.object({ status: z.literal("already-confirmed") }),
]);

const keptFilter = z
  .object({
    grammar: z.literal(1),
    watches: z.array(
      z.object({
        name: z.string(),
        topics: z.array(z.string()),
        categories: z.array(z.string()),
        include: z.array(z.string()),
        authors: z.array(z.string()),
        exclude: z.array(z.string()),
        minUpvotes: count,
        onlyWithCode: z.boolean(),
      }),
    ),
  })
  .describe("With every field filled in, each entry said once.");

export const subscriptionAnswer = z
  .object({
    status: z
      .enum(["active", "paused", "suspended", "ended"])
      .describe("`suspended` is our doing: mail to the address came back."),
    address: z.string().describe("Masked: mails with a link in them get forwarded."),
    paused: z.boolean(),
    pausedUntil: instant.nullable().describe("Null: until they come back, or not paused."),
    filter: keptFilter,
    cadence: z.enum(["daily", "weekdays", "weekly"]),
    weekday: z.int().min(1).max(7).optional().describe("With `weekly` alone."),
    hour: z.int().min(0).max(23),
    zone: z.string().describe("Where they are at home, also while they are elsewhere."),
    maxPapers: z.int().min(1).max(50),
    language: z.string(),
    format: z.enum(["html", "text"]),
    elsewhere: z
      .object({ zone: z.string(), until: z.iso.date().describe("The day they are home again.") })
      .nullable()
      .describe("Another zone for a while; null: they are at home."),
  })
  .describe("A subscription as its reader sees it.");

const records = (description: string) => z.array(z.looseObject({})).describe(description);

/** actions/export-reader.ts writes it, piece by piece. */
export const exportAnswer = z
  .object({
    format: z.literal("paperboy-reader/1").describe("The form of this file."),
    exportedAt: instant,
    address: z.string().describe("As it was typed."),
    addressKey: z.string().describe("What stays of it after erasure."),
    subscription: z.looseObject({}).describe("State, every preference, since when, and how it ended."),
    suppression: z.looseObject({}).nullable().describe("Why we do not write to this address, if so."),
    changes: records("Every choice, with when and how."),
    requests: records("What was asked for: when, on which page, and from which network address (hashed)."),
    deliveries: records("Each digest: its papers, when it was due, what became of it. The newest first."),
    verdicts: records("What was made of what came back from mails."),
    reports: records("What came back; its bytes in base64 until they are dropped."),
    leavings: records("Why they left, if they said so."),
  })
  .describe("Everything held on a reader. Numbers of rows are texts.");

export const erasedAnswer = z.object({ status: z.literal("erased") });

export const problemAnswer = z
  .object({
    type: z.literal("about:blank").describe("The status says which kind of problem it is; there are no others."),
    title: z.string().describe("The status in words."),
    status: z.int().min(400).max(599),
    detail: z.string().describe("What is wrong this time, and what to do, in English."),
    errors: z
      .array(
        z.object({
          field: z
            .string()
            .describe("Path of the field or parameter as it was sent: `filter.watches.0.include.1`. Empty: the whole."),
          message: z.string().describe("What to write instead."),
        }),
      )
      .optional()
      .describe("Each thing that is wrong with what was sent."),
  })
  .describe("RFC 9457.");
