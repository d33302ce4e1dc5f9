/**
 * Proof by breaking: whole runs of real workers, PostgreSQL and Redis, which are killed and frozen on the way; counted is
 * at the far end, by Message-ID.
 *
 * `PAPERBOY_SEED` repeats a run, `PAPERBOY_READERS` changes its size.
 */
import { expect, test } from "vitest";
import { type Havoc, type HavocOptions, havoc } from "../support/havoc.ts";
import type { Kind } from "../support/mischief.ts";
import { needs } from "../support/needs.ts";
import { hasRedis } from "../support/redis.ts";

const SEED = Number(process.env.PAPERBOY_SEED ?? Date.now() % 1_000_000);
const READERS = Number(process.env.PAPERBOY_READERS ?? 20_000);
const CONNECTIONS = 50;
const WORKERS = 2;
const withRedis = needs(hasRedis, "redis-server is not on the PATH");

function times(count: number, kind: Kind): Kind[] {
  return Array.from({ length: count }, () => kind);
}

async function run(name: string, options: Omit<HavocOptions, "seed" | "tell">): Promise<Havoc> {
  const tell = (line: string) => console.log(`[${name}] ${line}`);
  tell(`seed ${SEED}`);
  const result = await havoc({ workers: WORKERS, connections: CONNECTIONS, ...options, seed: SEED, tell });
  for (const line of oddities(result).slice(0, 20)) tell(line);
  tell(summary(result));
  return result;
}

/** Where every copy came of a mail that came three times, or twice without a reason: what a reader of the log asks first. */
function oddities({ tally: { doubles }, blame, mails, startedAt }: Havoc): string[] {
  const idsOf = (of: typeof doubles) => of.map(({ first }) => first.messageId);
  const thrice = idsOf(doubles).filter((id, n, all) => all.indexOf(id) < n);
  return [...new Set([...thrice, ...idsOf(blame.unexplained)])].map((id) => {
    const copies = mails.filter(({ messageId }) => messageId === id);
    const words = copies.map(
      ({ at, door, connection, answer }) =>
        `${((at - startedAt) / 1_000).toFixed(1)} s at door ${door} on connection ${connection}: ${answer}`,
    );
    return `${id} came ${words.join("; ")}`;
  });
}

function summary({ tally, blame, happened, mails, fell, seconds }: Havoc): string {
  const kinds = [...new Set(happened.map(({ kind }) => kind))].map(
    (kind) => `${kind} ×${happened.filter((one) => one.kind === kind).length}`,
  );
  const most = blame.byHappening[0];
  const left = mails.filter(({ answer }) => answer === "hung-up").length;
  return [
    `${tally.planned} planned, ${tally.mails} mails in ${seconds} s, ${happened.length} happenings (${kinds.join(", ") || "none"})`,
    `lost ${tally.lost.length}, doubled ${tally.doubled}, with other bytes ${tally.otherBytes}, tripled ${tally.tripled}`,
    `most doubled by one happening ${most ? `${most.doubles} (${most.happened.kind})` : 0}, on one of its connections ${blame.mostOnAConnection}`,
    `doubled by nothing that happened ${blame.unexplained.length}, mails the far end hung up on after their dot ${left}`,
    `workers that fell by themselves ${fell}`,
  ].join("; ");
}

/** What holds however a run was disturbed. */
const SOUND = { lost: [], otherBytes: 0, astray: [], disagreeing: [] };
const sound = ({ tally: { lost, otherBytes, astray, disagreeing } }: Havoc) => ({
  lost,
  otherBytes,
  astray,
  disagreeing,
});

withRedis(
  "nothing is lost when workers, PostgreSQL and Redis are killed and frozen in mid-run; a kill doubles one mail a connection at most, with the same bytes",
  async () => {
    const result = await run("kills", {
      readers: READERS,
      farEnd: { latencyMs: [50, 450] },
      mischief: [
        ...[...times(8, "kill worker"), ...times(3, "freeze worker"), ...times(1, "freeze worker past its claims")],
        ...[...times(3, "kill PostgreSQL"), ...times(2, "freeze PostgreSQL")],
        ...[...times(3, "kill Redis"), ...times(2, "freeze Redis"), ...times(3, "flush Redis")],
      ],
      withinMs: 15 * 60_000,
    });
    expect(sound(result)).toEqual(SOUND);
    expect(result.blame.unexplained).toEqual([]);
    expect(result.blame.mostOnAConnection).toBeLessThanOrEqual(1);
    for (const { happened, doubles } of result.blame.byHappening)
      expect(doubles).toBeLessThanOrEqual(happened.door === null ? WORKERS * CONNECTIONS : CONNECTIONS);
    expect(result.happened.length).toBeGreaterThanOrEqual(20);
    expect(result.exits).toEqual([0, 0]);
  },
);

withRedis("C4: a Redis that is killed, frozen and flushed in mid-run loses nothing and doubles nothing", async () => {
  const result = await run("Redis alone", {
    readers: READERS / 4,
    farEnd: { latencyMs: [50, 450] },
    mischief: [...times(3, "kill Redis"), ...times(2, "freeze Redis"), ...times(2, "flush Redis")],
    withinMs: 8 * 60_000,
  });
  expect(sound(result)).toEqual(SOUND);
  expect([result.tally.mails, result.tally.doubled]).toEqual([READERS / 4, 0]);
});

test("the queue in PostgreSQL: nothing is lost when workers and PostgreSQL are killed in mid-run", async () => {
  const result = await run("queue in PostgreSQL", {
    readers: READERS / 4,
    queue: "PostgreSQL",
    farEnd: { latencyMs: [50, 450] },
    mischief: [...times(3, "kill worker"), ...times(2, "kill PostgreSQL"), ...times(1, "freeze PostgreSQL")],
    withinMs: 12 * 60_000,
  });
  expect(sound(result)).toEqual(SOUND);
  expect(result.blame.unexplained).toEqual([]);
  expect(result.blame.mostOnAConnection).toBeLessThanOrEqual(1);
});

withRedis(
  "P2: a far end that answers 4yz and 5yz, hangs up and takes its time: nothing is lost, doubled is only what it did not answer, never three times",
  async () => {
    const result = await run("rough far end", {
      readers: READERS / 4,
      farEnd: {
        ...{ later: 0.05, never: 0.01, hangUpAtMail: 0.002, hangUpInData: 0.002, hangUpAfterDot: 0.005 },
        latencyMs: [40, 60],
      },
      withinMs: 15 * 60_000,
    });
    expect(sound(result)).toEqual(SOUND);
    expect(result.tally.tripled).toBe(0);
    expect(result.tally.doubles.filter(({ first }) => first.answer !== "hung-up")).toEqual([]);
    expect(result.mails.filter(({ answer }) => answer === "hung-up").length).toBeGreaterThan(0);
  },
);
