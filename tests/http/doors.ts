/** Every door at which a mail is asked for, over one server; who asks is told by X-Forwarded-For. */
import type { WebApp } from "../../src/http/server.ts";
import { aWeb, type Web } from "./web.ts";

export type Ask = (ip: string, email?: string, more?: Record<string, string>) => Promise<Response>;

export interface Doors {
  readonly web: Web;
  readonly form: Ask;
  readonly lostLink: Ask;
  readonly api: Ask;
  /** All requests there are, with when each may be answered. */
  asked(): Promise<{ email: string; not_before: Date }[]>;
  /** Fills everybody's window of ten minutes. */
  press(count: number): Promise<unknown>;
}

/** Opens doors one after the other, each over a fresh count: what a process remembers of floods is gone with it. */
export function freshDoors() {
  let last: Doors | null = null;
  return {
    async open(replaced: Partial<WebApp> = {}): Promise<Doors> {
      await last?.web.close();
      last = await openDoors(replaced);
      return last;
    },
    close: async () => void (await last?.web.close()),
  };
}

export async function openDoors(replaced: Partial<WebApp> = {}): Promise<Doors> {
  const web = await aWeb({ trustProxy: 1, ...replaced });
  const form =
    (path: string): Ask =>
    (ip, email = "reader@example.com", more = {}) =>
      web.send(path, {
        method: "POST",
        headers: { "x-forwarded-for": ip },
        body: new URLSearchParams({ email, ...more }),
      });
  return {
    web,
    form: form("/subscriptions"),
    lostLink: form("/lost-link"),
    api: (ip, email = "reader@example.com", more = {}) =>
      web.send("/api/v1/subscriptions", {
        method: "POST",
        headers: { "x-forwarded-for": ip, "content-type": "application/json" },
        body: JSON.stringify({ email, ...more }),
      }),
    asked: () => web.store.sql("SELECT email, not_before FROM requests ORDER BY id"),
    press: (count) =>
      web.store.sql(
        `INSERT INTO door_counts (key, count, until) VALUES ('everybody 600000', $1, paperboy_now() + interval '5 minutes')
         ON CONFLICT (key) DO UPDATE SET count = $1`,
        [count],
      ),
  };
}

export const statuses = (answers: readonly Response[]) => answers.map(({ status }) => status);
export const times = <T>(count: number, make: (n: number) => T) => Array.from({ length: count }, (_, n) => make(n));
