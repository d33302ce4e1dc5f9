import { Command } from "commander";
import { type FileCoverage, measureTopics } from "../../actions/measure-topics.ts";
import { arxivIdOf } from "../../core/paper.ts";
import { EDITIONS_OF_MEAN, papersPerDayOn } from "../../core/papers-per-day.ts";
import { barUnder, type TopicWeighed, weighTopics } from "../../core/topics.ts";
import { Invalid } from "../../errors.ts";
import { examples, json, type Terminal, table } from "../terminal.ts";

/** Topics that a paper has half the points for are worth a look; the others have a stray word. */
const NEARLY = 0.5;
/** Phrases shown for a topic; `--json` has them all. */
const SHOWN = 8;

interface Options {
  readonly explain?: string;
  readonly json?: boolean;
}

export const topics = (terminal: Terminal) =>
  new Command("topics")
    .description("list the topics readers can choose, or say why papers have theirs")
    .option(
      "--explain <id|file>",
      "a stored paper (2604.11784, import:…): what put it where; a file that `import` reads: how many of its papers have which topic",
    )
    .option("--json", "print one JSON object")
    .addHelpText("after", examples("paperboy topics", "paperboy topics --explain 2604.11784"))
    .action(async ({ explain, json: asJson = false }: Options) => {
      if (explain === undefined) return list(terminal, asJson);
      const id = arxivIdOf(explain) ?? (explain.startsWith("import:") ? explain : null);
      if (id === null) return coverage(terminal, explain, asJson);
      return explanation(terminal, id, asJson);
    });

async function list(terminal: Terminal, asJson: boolean): Promise<void> {
  const { topics, editions } = await terminal.withApp(async ({ catalogue, shelf }) => {
    const indexes = (await shelf.recent(EDITIONS_OF_MEAN)).map(({ index }) => index);
    const topics = catalogue.topics.map(({ id, name, description }) => ({
      ...{ id, name, description },
      papersPerDay: papersPerDayOn(indexes, id),
    }));
    return { topics, editions: indexes.length };
  });
  if (asJson) return terminal.print(json({ editions, topics }));
  const row = ({ id, name, description, papersPerDay }: (typeof topics)[number]) => [
    id,
    name,
    editions === 0 ? "–" : papersPerDay.toFixed(1),
    description,
  ];
  terminal.print(table([["topic", "", "a day", ""], ...topics.map(row)]));
  if (editions === 0) terminal.print("Papers a day are known once an edition is closed: `paperboy edition --close`.");
}

async function explanation(terminal: Terminal, id: string, asJson: boolean): Promise<void> {
  const { paper, weighed } = await terminal.withApp(async ({ paperRecords, catalogue }) => {
    const paper = await paperRecords.find(id);
    return { paper, weighed: paper === null ? [] : weighTopics([paper], catalogue)[0]! };
  });
  if (paper === null) {
    throw new Invalid(
      `There is no paper ${id} in the database. \`paperboy collect\` and \`paperboy import\` store papers; \`--explain FILE\` explains those of a file.`,
    );
  }
  const bar = barUnder(weighed[0]?.score ?? 0);
  if (asJson) return terminal.print(json({ id: paper.id, title: paper.title, bar, topics: weighed }));
  terminal.print(`${paper.id}  ${paper.title}`);
  const given = weighed.filter((topic) => topic.given);
  if (given.length === 0) terminal.print("No topic comes near.");
  else terminal.print(table(given.map(inWords)));
  const missed = weighed.filter((topic) => !topic.given && topic.score >= NEARLY);
  if (missed.length > 0) {
    terminal.print(
      `Narrowly missed: a topic needs ${bar.toFixed(2)} beside the strongest of this paper, and four are most.`,
    );
    terminal.print(table(missed.map(inWords)));
  }
  // An edition is frozen: the catalogue or the paper's text may have changed since.
  const [newest] = paper.editions;
  const then = paper.topics.join(", ");
  if (newest !== undefined && then !== given.map((topic) => topic.id).join(", "))
    terminal.print(`The edition of ${newest.date} was closed with: ${then || "no topic"}`);
}

function inWords({ id, score, evidence }: TopicWeighed): string[] {
  const phrases = evidence.slice(0, SHOWN).map(({ phrase, points }) => `${phrase} ${Number(points.toFixed(2))}`);
  const rest = evidence.length - phrases.length;
  return [id, score.toFixed(2), `${phrases.join(", ")}${rest > 0 ? `, and ${rest} more` : ""}`];
}

async function coverage(terminal: Terminal, path: string, asJson: boolean): Promise<void> {
  const measured = await terminal
    .withApp((app) => measureTopics(app, path))
    .catch((fault: unknown) => {
      if (!(fault instanceof Invalid)) throw fault;
      throw new Invalid(`${fault.message} Or write the id of a stored paper: 2604.11784, import:…`, [], {
        cause: fault,
      });
    });
  if (measured.papers === 0) process.exitCode = 1;
  if (asJson) {
    const { refusals, ...rest } = measured;
    return terminal.print(json({ ...rest, refused: refusals.length }));
  }
  terminal.print(summary(measured));
  if (measured.papers === 0) return;
  const ranked = [...measured.topics].sort((a, b) => b.papers - a.papers);
  terminal.print(table(ranked.map(({ id, papers, share }) => [id, papers, percent(share)])));
}

function summary({ path, papers, withTopic, median, refusals }: FileCoverage): string {
  const [first] = refusals;
  const refused =
    first === undefined ? "" : `; ${refusals.length} refused, the first at ${first.where}: ${first.reason}`;
  if (papers === 0) return `${path}: no paper${refused}`;
  return `${path}: ${papers} papers, ${percent(withTopic)} with a topic, median ${median} topics a paper${refused}`;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
