import { randomBytes } from "node:crypto";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { PRESSURE, VISIT_CAPS } from "../../src/core/caps.ts";
import { CHALLENGE_NUMBERS, type Challenge, openChallenges } from "../../src/core/challenge.ts";
import { parseDomainList } from "../../src/core/domain-list.ts";
import type { WebApp } from "../../src/http/server.ts";
import { at } from "../support/time.ts";
import { type Doors, freshDoors, statuses, times } from "./doors.ts";
import { solve } from "./solve.ts";
import { aWeb, challenges, unescaped, type Web } from "./web.ts";

const [{ most: MOST_OF_ALL }] = VISIT_CAPS.everybody;

let web: Web;
let doors: Doors;
let asked: Doors["asked"];

const fresh = freshDoors();
async function open(replaced: Partial<WebApp> = {}) {
  doors = await fresh.open(replaced);
  ({ web, asked } = doors);
}
afterAll(fresh.close);

describe("honeypot", () => {
  beforeAll(() => open());

  test("who fills in what nobody sees is told that it worked, in the same bytes, and nothing happens", async () => {
    const people = await doors.form("192.0.2.1", "reader@example.com", { homepage: "" });
    const before = await web.state();
    const program = await doors.form("192.0.2.1", "reader@example.com", { homepage: "https://spam.example" });
    expect([program.status, await program.text()]).toEqual([people.status, await people.text()]);
    expect((await doors.lostLink("192.0.2.1", "reader@example.com", { homepage: "x" })).status).toBe(200);
    expect(await web.state()).toBe(before);
  });

  test("it is out of sight, out of the order of keys and of what is read aloud, and nothing fills it in", async () => {
    for (const path of ["/", "/lost-link"]) {
      const page = await (await web.get(path)).text();
      expect(page).toContain('<div class="unseen" aria-hidden="true">');
      expect(page).toContain('name="homepage" type="text" value="" tabindex="-1" autocomplete="off"');
    }
  });
});

describe("S8: proof of work", () => {
  const NUMBER = 1234;
  const made = (numbers = CHALLENGE_NUMBERS, by = challenges) =>
    by.make({ salt: randomBytes(16), number: Math.min(NUMBER, numbers - 1) }, web.app.now(), numbers);
  const solved = ({ maxnumber, ...challenge }: Challenge) =>
    Buffer.from(JSON.stringify({ ...challenge, number: Math.min(NUMBER, maxnumber) })).toString("base64");
  /** When the only request is to be answered, in seconds from now. */
  const waits = async () => (await asked()).map((row) => (row.not_before.getTime() - web.app.now().getTime()) / 1000);
  const clear = () => web.store.sql("TRUNCATE requests, door_spent");

  test("off: a solved challenge is asked of nobody, at whatever pressure", async () => {
    await open({ proofOfWork: "off" });
    await doors.press(MOST_OF_ALL - 1);
    expect((await doors.form("192.0.2.1")).status).toBe(200);
    expect([await waits(), (await (await web.get("/")).text()).includes("data-challenge")]).toEqual([[0], false]);
  });

  test("pressure: asked for from half of the breaker on, and the page then brings what solves it", async () => {
    await open();
    await doors.press(MOST_OF_ALL / 2 - 1);
    await doors.form("192.0.2.1");
    await doors.form("192.0.2.2");
    expect(await waits()).toEqual([0, 120]);
    const page = await web.get("/");
    expect(await page.text()).toMatch(
      /name="altcha" value="" data-challenge="\/api\/v1\/challenge" data-worker="\/assets\/proof-worker\./,
    );
    expect(page.headers.get("content-security-policy")).toMatch(
      /^default-src 'none';.*connect-src 'self';.*worker-src 'self'$/,
    );
  });

  describe("a flood without a proof", () => {
    const { most } = VISIT_CAPS.everybody[0];
    const counted = (key: string) =>
      web.store.sql("SELECT count FROM door_counts WHERE key = $1", [`${key} ${VISIT_CAPS.everybody[0].withinMs}`]);

    test("does not shut the door for those who bring one; when too many bring none, they alone wait", async () => {
      await open();
      await doors.press(PRESSURE - 1);
      await doors.form("192.0.2.1");
      const spent = solved(made());
      await doors.form("192.0.2.1", "a@example.com", { altcha: spent });
      const flood = await Promise.all(
        times(most + 9, (n) =>
          doors.form(`198.51.${n >> 8}.${n & 255}`, `x${n}@example.com`, { altcha: n % 2 ? "" : spent }),
        ),
      );
      expect(statuses(flood).filter((status) => status === 429)).toHaveLength(9);
      expect(await counted("everybody")).toEqual([{ count: PRESSURE + 1 }]);
      await clear();
      expect((await doors.form("192.0.2.1", "a@example.com", { altcha: solved(made()) })).status).toBe(200);
      expect([await waits(), await counted("everybody")]).toEqual([[0], [{ count: PRESSURE + 2 }]]);
    });

    test("is still counted by visitor", async () => {
      await open();
      await doors.press(PRESSURE);
      const answers = await Promise.all(times(VISIT_CAPS.visitor[0].most + 1, () => doors.form("192.0.2.1")));
      expect(statuses(answers).filter((status) => status === 429)).toHaveLength(1);
    });

    test("the breaker holds for proofs too, and those without one still have a place in the queue", async () => {
      await open();
      await doors.press(most);
      expect((await doors.form("192.0.2.1", "a@example.com", { altcha: solved(made()) })).status).toBe(429);
      expect((await doors.form("192.0.2.2")).status).toBe(200);
      expect(await waits()).toEqual([120]);
    });
  });

  describe("always", () => {
    beforeAll(() => open({ proofOfWork: "always" }));
    beforeEach(clear);

    test("a solved challenge is answered at once, by form and API", async () => {
      await doors.form("192.0.2.1", "a@example.com", { altcha: solved(made()) });
      await doors.lostLink("192.0.2.1", "b@example.com", { altcha: solved(made()) });
      expect((await doors.api("192.0.2.1", "c@example.com", { altcha: solved(made()) })).status).toBe(202);
      expect(await waits()).toEqual([0, 0, 0]);
    });

    test("without one, as a page without JavaScript sends it, the request is kept and waits its turn", async () => {
      const form = await doors.form("192.0.2.2");
      expect([form.status, await form.text()]).toEqual([200, expect.stringContaining("Check your inbox later")]);
      const api = await doors.api("192.0.2.2");
      expect([api.status, await api.json()]).toEqual([202, { status: "check-your-inbox" }]);
      const [first, second] = await waits();
      expect([first! >= 120, second! - first!]).toEqual([true, 5]);
    });

    test.each<[string, () => string, string]>([
      ["too easy", () => solved(made(10)), "too-easy"],
      [
        "forged",
        () =>
          solved(
            made(
              CHALLENGE_NUMBERS,
              openChallenges([{ id: "9", secret: "of somebody else, long enough", retired: false }]),
            ),
          ),
        "forged",
      ],
      ["garbled", () => "{}", "garbled"],
    ])("%s: the API says so, the form is queued", async (_, solution, because) => {
      const api = await doors.api("192.0.2.3", "reader@example.com", { altcha: solution() });
      expect([api.status, await api.json()]).toMatchObject([
        422,
        { errors: [{ field: "altcha", message: expect.stringContaining(because) }] },
      ]);
      expect(await asked()).toEqual([]);
      await doors.form("192.0.2.3", "reader@example.com", { altcha: solution() });
      expect((await waits())[0]).toBeGreaterThanOrEqual(120);
    });

    test("expired: after ten minutes it does not count", async () => {
      const solution = solved(made());
      await web.store.clock.set(at("2026-04-16T09:10Z"));
      const answer = await doors.api("192.0.2.4", "reader@example.com", { altcha: solution });
      expect(await answer.text()).toContain("(expired)");
      await web.store.clock.set(at("2026-04-16T09:00Z"));
    });

    test("replayed: each counts once, also when many bring it at once, and at another process", async () => {
      const other = await aWeb({ proofOfWork: "always", door: web.store.door });
      const solution = solved(made());
      const body = { email: "reader@example.com", altcha: solution };
      const answers = await Promise.all([
        ...times(5, (n) => doors.api(`198.51.100.${n}`, "reader@example.com", { altcha: solution })),
        ...times(5, () => other.json("POST", "/subscriptions", body)),
      ]);
      expect(statuses(answers).sort()).toEqual([202, ...Array(9).fill(422)]);
      expect((await web.store.sql("SELECT FROM door_spent")).length).toBe(1);
      await other.close();
    });

    test("a challenge from one process is good at another that has the same keys", async () => {
      const challenge = (await (await web.get("/api/v1/challenge")).json()) as Challenge;
      const answer = await doors.api("192.0.2.5", "reader@example.com", { altcha: solve(challenge) });
      expect([answer.status, await waits()]).toEqual([202, [0]]);
    });
  });
});

describe("mistyped and thrown-away domains", () => {
  beforeAll(() => open({ refusedDomains: parseDomainList("trash.example") }));
  beforeEach(() => web.store.sql("TRUNCATE requests"));

  test("gmial.com is asked about, with all that was typed; nothing is sent until somebody chose", async () => {
    const answer = await doors.form("192.0.2.1", "Ada+x@gmial.com", { hour: "9", include: "tool use" });
    const page = unescaped(await answer.text());
    expect([answer.status, await asked()]).toEqual([200, []]);
    expect(page).toContain("<bdi>Ada+x@gmail.com</bdi>");
    expect(page).toContain(">tool use</textarea>");
    await doors.form("192.0.2.1", "Ada+x@gmial.com", { kept: "gmial.com", instead: "Ada+x@gmail.com" });
    expect((await asked()).map(({ email }) => email)).toEqual(["Ada+x@gmail.com"]);
  });

  test("pressed once more it is kept as it was typed; another slip is asked about again", async () => {
    await doors.form("192.0.2.1", "ada@gmial.com", { kept: "gmial.com" });
    await doors.form("192.0.2.1", "ada@gmai.com", { kept: "gmial.com" });
    expect((await asked()).map(({ email }) => email)).toEqual(["ada@gmial.com"]);
  });

  test("the API takes addresses as they come: nobody is there to be asked", async () => {
    expect((await doors.api("192.0.2.1", "ada@gmial.com")).status).toBe(202);
  });

  test("a domain on the operator's list is refused by form and API, and its readers still get a lost link", async () => {
    expect((await doors.form("192.0.2.1", "ada@a.trash.example")).status).toBe(422);
    const api = await doors.api("192.0.2.1", "ada@trash.example");
    expect([api.status, await api.json()]).toMatchObject([422, { errors: [{ field: "email" }] }]);
    expect(await asked()).toEqual([]);
    expect((await doors.lostLink("192.0.2.1", "ada@trash.example")).status).toBe(200);
  });
});
