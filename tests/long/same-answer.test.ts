/** S5 at length: nobody can tell from bytes or time whether an address is known. */
import { afterAll, beforeAll, expect, test } from "vitest";
import { aWeb, type Web } from "../http/web.ts";

const EACH = Number(process.env.PAPERBOY_S5_REQUESTS ?? 500);

let web: Web;
let kinds: [string, string][];
beforeAll(async () => {
  web = await aWeb({ trustProxy: 1 });
  kinds = Object.entries(await everyKind());
});
afterAll(() => web?.close());

/** Addresses of every kind there is. */
async function everyKind(): Promise<Record<string, string>> {
  const [active, ended] = [await web.store.aReader(), await web.store.aReader()];
  await web.store.subscriptions.end(ended, "reader", "test");
  await web.store.sql("INSERT INTO suppressions (address_key, because) VALUES ('key of never@example.org', 'never')");
  const emailOf = async (id: bigint) => (await web.store.subscriptions.findById(id))!.email!;
  await web.press("/subscriptions", { email: "pending@example.org" });
  return {
    new: "",
    pending: "pending@example.org",
    active: await emailOf(active),
    ended: await emailOf(ended),
    suppressed: "never@example.org",
  };
}

type Ask = (email: string, ip: string) => Promise<Response>;
const form =
  (path: string): Ask =>
  (email, ip) =>
    web.send(path, { method: "POST", headers: { "x-forwarded-for": ip }, body: new URLSearchParams({ email }) });
const doors: Record<string, Ask> = {
  form: form("/subscriptions"),
  "lost link": form("/lost-link"),
  API: (email, ip) =>
    web.send("/api/v1/subscriptions", {
      ...{ method: "POST", body: JSON.stringify({ email }) },
      headers: { "x-forwarded-for": ip, "content-type": "application/json" },
    }),
};

test.each(Object.keys(doors))(
  `S5: ${EACH} requests a kind in turn, %s: equal bytes, medians within 2 ms or a tenth`,
  async (name) => {
    const ask = doors[name]!;
    const times = new Map(kinds.map(([kind]) => [kind, [] as number[]]));
    const bytes = new Set<string>();
    for (let n = -20; n < EACH; n += 1) {
      // Each round begins with another kind, and comes from another address, so that no cap comes in between.
      const round = [...kinds.slice(Math.abs(n) % kinds.length), ...kinds.slice(0, Math.abs(n) % kinds.length)];
      if (n % 20 === 0) await web.store.sql("TRUNCATE door_counts");
      for (const [kind, email] of round) {
        const before = performance.now();
        const answer = await ask(
          email || `new${name.replace(" ", "-")}${n}@example.org`,
          `192.0.2.${Math.abs(n) % 250}`,
        );
        const body = await answer.text();
        if (n >= 0) times.get(kind)!.push(performance.now() - before);
        bytes.add(JSON.stringify([answer.status, [...answer.headers].filter(([header]) => header !== "date"), body]));
      }
    }
    const medians = Object.fromEntries([...times].map(([kind, all]) => [kind, median(all)]));
    console.log(
      `S5, ${name}, medians in ms: ${Object.entries(medians)
        .map(([kind, ms]) => `${kind} ${ms.toFixed(2)}`)
        .join(", ")}`,
    );
    expect(bytes.size).toBe(1);
    const [least, most] = [Math.min(...Object.values(medians)), Math.max(...Object.values(medians))];
    expect(most - least).toBeLessThanOrEqual(Math.max(2, least / 10));
  },
);

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)]!;
}
