/** The mail after a month without a match: who is told when a batch is delivered, and what is written then. */
import PostalMime from "postal-mime";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { answerRequest } from "../../src/actions/answer-request.ts";
import { deliverBatch } from "../../src/actions/deliver-batch.ts";
import { Temporary } from "../../src/errors.ts";
import { aFilter, preferences } from "../support/builders.ts";
import type { Misbehaviour, Step } from "../support/smtp.ts";
import { at } from "../support/time.ts";
import { aPress, type Press } from "./press.ts";

let press: Press;
let behave: (step: Step) => Misbehaviour;
beforeAll(async () => {
  press = await aPress({ behave: (step) => behave(step) });
});
afterAll(() => press.end());

const SUBSCRIBED = at("2026-03-05T06:00Z");
const filter = aFilter({ name: "Planning", include: ["agents"], onlyWithCode: true });
let quiet: bigint;

/** One who was looked at for nothing since March, and one who gets everything; Wednesday's digests are planned. */
beforeEach(async () => {
  behave = () => undefined;
  await press.clear(SUBSCRIBED);
  quiet = await press.store.aReader(preferences({ filter }));
  await press.store.aReader();
  await press.store.sql("SELECT make_delivery_partitions('2026-03-01', '2026-05-01')");
  await press.store.sql(
    `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, reason)
       SELECT day::date, $1, day::date - 1, 'daily', day, day, 'empty', 'nothing-matched'
       FROM generate_series(date '2026-03-06', date '2026-04-14', interval '1 day') day`,
    [quiet],
  );
  await press.store.clock.set(at("2026-04-15T00:30Z"));
  await press.list("2026-04-14", [{ title: "Agents that plan" }]);
  await press.store.clock.set(at("2026-04-15T07:00Z"));
  await press.close();
  await press.plan();
});

const WEDNESDAY = { localDay: "2026-04-15", fromId: 0n, toId: 1_000_000n };
/** Requests to tell somebody, as they are. */
const waiting = async () =>
  (await press.store.sql<{ id: string }>("SELECT id FROM requests WHERE kind = 'quiet' ORDER BY id")).map((row) =>
    BigInt(row.id),
  );
const outcomes = () => press.store.sql("SELECT state, answer FROM requests WHERE kind = 'quiet'");
const troubles = () => press.lines.filter(({ level }) => level > 30).map(({ msg }) => msg);
const subjects = () => press.smtp.taken.map(({ raw }) => /^Subject: (.*)\r$/m.exec(raw)![1]!);
const pass = (minutes: number) => press.store.clock.set(new Date(press.store.clock.now().getTime() + minutes * 60_000));
const NOTHING_NEW = "Nothing new for you in 30 days";

describe("when digests are delivered", () => {
  test("who has none for the thirtieth day is to be told, who has one is not", async () => {
    expect(await press.deliver()).toBe(1);
    expect(await press.store.sql("SELECT email FROM requests WHERE kind = 'quiet'")).toEqual(
      await press.store.sql("SELECT email FROM subscriptions WHERE id = $1", [quiet]),
    );
  });

  test("a batch in which everybody has one asks nothing", async () => {
    await press.store.sql("DELETE FROM deliveries WHERE subscription_id = $1", [quiet]);
    const quietReaders = { ...press.store.quietReaders, tell: () => Promise.reject(new Error("asked")) };
    expect(await deliverBatch({ ...press.delivering(), quietReaders }, WEDNESDAY)).toBe(1);
    expect(troubles()).toEqual([]);
  });

  test("nobody is told where what was sent is forgotten sooner than that", async () => {
    await deliverBatch({ ...press.delivering(), retentionDays: 29 }, WEDNESDAY);
    expect(await waiting()).toEqual([]);
    expect(await press.store.quietReaders.tell([quiet], 30)).toBe(1);
  });

  test("digests go out though telling fails, which is said in the log; the next empty one makes up for it", async () => {
    const quietReaders = { ...press.store.quietReaders, tell: () => Promise.reject(new Temporary("away")) };
    expect(await deliverBatch({ ...press.delivering(), quietReaders }, WEDNESDAY)).toBe(1);
    expect(troubles()).toEqual(["readers for whom nothing matched were not told so"]);
    expect(await press.store.quietReaders.tell([quiet], 30)).toBe(1);
  });

  test("nobody is told by a worker that took so long that the delivery is another's", async () => {
    const late = { record: async () => false };
    await deliverBatch({ ...press.delivering(), recorder: late }, WEDNESDAY);
    expect(await waiting()).toEqual([]);
  });

  test("a digest that is empty because its papers were withdrawn tells nothing of the filter", async () => {
    await press.store.sql(
      "UPDATE deliveries SET paper_ids = '{1000000}', composed_at = paperboy_now(), version = 1 WHERE subscription_id = $1 AND local_day = '2026-04-15'",
      [quiet],
    );
    await press.deliver();
    expect([(await press.fates()).at(-2)?.reason, await waiting()]).toEqual(["papers-withdrawn", []]);
  });

  test("a welcome digest without papers is no quiet month", async () => {
    const wanted = preferences({ filter });
    const id = await press.store.requests.add({ email: "new@example.org", addressKey: "new", wanted, askedBy: "form" });
    const sendBy = at("2026-04-15T20:00Z");
    await press.store.subscriptions.confirm(
      id,
      () => ({ localDay: "2026-04-15", editionDate: "2026-04-14", sendBy }),
      async () => {},
    );
    await press.deliver();
    expect((await press.fates()).at(-1)).toMatchObject({ state: "empty", reason: "nothing-matched" });
    expect(await press.store.sql("SELECT email FROM requests WHERE kind = 'quiet'")).not.toContainEqual({
      email: "new@example.org",
    });
  });
});

describe("the letter", () => {
  let id: bigint;
  beforeEach(async () => {
    await press.deliver();
    [id] = (await waiting()) as [bigint];
    (press.smtp.taken as unknown[]).length = 0;
    (press.smtp.seen as unknown[]).length = 0;
    await pass(60);
  });
  const answer = (needs: Partial<Press["needs"]> = {}) => answerRequest({ ...press.needs, ...needs }, id);

  test("is written once, with what would have helped, and rung for by the sweep", async () => {
    await press.sweep();
    expect(press.queue.rung().filter(({ name }) => name === "answer-request")).toEqual([
      { name: "answer-request", payload: { requestId: String(id) } },
    ]);
    expect([await answer(), await answer()]).toEqual(["quiet", "not-due"]);
    expect(subjects()).toEqual([NOTHING_NEW]);
    const { text } = await PostalMime.parse(press.smtp.taken[0]!.raw);
    expect(text!.replace(/\s+/g, " ")).toContain(
      "With papers that have no code as well, your watch “Planning” would have brought about 5 papers a week.",
    );
    expect(await outcomes()).toEqual([{ state: "answered", answer: "quiet" }]);
  });

  const meanwhile: Record<string, () => Promise<unknown>> = {
    "the reader paused": () => press.store.subscriptions.pause(quiet, null, "test"),
    "the reader left": () => press.store.subscriptions.end(quiet, "reader", "test"),
    "the reader changed something": () => press.store.subscriptions.change(quiet, preferences(), "test"),
    "their mail came back": () =>
      press.store.sql("UPDATE subscriptions SET state = 'suspended' WHERE id = $1", [quiet]),
    "their address was suppressed": () =>
      press.store.sql(
        "INSERT INTO suppressions (address_key, because) SELECT address_key, 'complaint' FROM subscriptions WHERE id = $1",
        [quiet],
      ),
    "something matched": () =>
      press.store.sql(
        `INSERT INTO deliveries (local_day, subscription_id, edition_date, cadence, due_at, send_by, state, paper_ids)
           VALUES ('2026-04-16', $1, '2026-04-15', 'daily', paperboy_now(), paperboy_now(), 'accepted', '{1}')`,
        [quiet],
      ),
  };
  test.each(Object.entries(meanwhile))("is not written when meanwhile %s", async (_, happened) => {
    await happened();
    expect([await answer(), subjects()]).toEqual(["nothing", []]);
    expect(await outcomes()).toEqual([{ state: "answered", answer: "nothing" }]);
  });

  test("is held back by no cap, for nobody asked, and holds back nothing that the reader asks for", async () => {
    const [{ email, address_key: addressKey }] = (await press.store.sql<{ email: string; address_key: string }>(
      "SELECT email, address_key FROM subscriptions WHERE id = $1",
      [quiet],
    )) as [{ email: string; address_key: string }];
    const ask = async () => {
      const link = await press.store.requests.add({ email, addressKey, wanted: null, askedBy: "form" });
      return answerRequest(press.needs, link);
    };
    expect([await ask(), await ask(), await answer()]).toEqual(["link", "delayed", "quiet"]);
    await pass(10);
    expect(await ask()).toBe("link");
  });

  test("not taken now: tried again, and written then", async () => {
    behave = (step) => (step === "mail" ? "421 later" : undefined);
    await expect(answer()).rejects.toThrow(Temporary);
    behave = () => undefined;
    await pass(60);
    expect([await answer(), subjects()]).toEqual(["quiet", [NOTHING_NEW]]);
  });

  test("C3: killed between the server's answer and ours, and an edition later: the same mail once more, to the byte", async () => {
    const requests = { ...press.store.requests, answered: () => Promise.reject(new Error("killed")) };
    await expect(answer({ requests })).rejects.toThrow("killed");
    await press.list("2026-04-15", [{ title: "Agents, agents, agents" }, { title: "More agents" }]);
    await press.store.clock.set(at("2026-04-16T06:00Z"));
    await press.close();
    expect(await answer()).toBe("quiet");
    const [first, second, ...more] = press.smtp.taken.map(({ raw }) => raw);
    expect([second, more]).toEqual([first, []]);
    expect(first).toMatch(/^Message-ID: <quiet\.\d+@/m);
  });

  test("C15: no answer after DATA: once more with the same bytes, and never a third time", async () => {
    behave = (step) => (step === "dot" ? "close" : undefined);
    expect(await answer()).toBe("quiet");
    await pass(60);
    expect(await answer()).toBe("not-due");
    const [first, second, ...more] = press.smtp.seen.map(({ raw }) => raw);
    expect([second, more]).toEqual([first, []]);
  });
});
