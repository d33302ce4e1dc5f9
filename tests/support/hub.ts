/** A server that stands in for Hugging Face and gives real days, as full as they would be at its clock's time. */
import { readdirSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";

/** One item of the daily papers API: only what this server looks at. */
export interface HubItem {
  readonly paper: { readonly id: string; readonly title: string; readonly upvotes: number };
}

export interface Hub {
  readonly url: string;
  /** Answers given, by day. */
  readonly asked: readonly string[];
  close(): Promise<void>;
}

export interface HubOptions {
  readonly days: ReadonlyMap<string, readonly HubItem[]>;
  readonly now: () => Date;
  /** Answers something else for a day: a status with a body, or items. */
  readonly misbehave?: (day: string, now: Date) => { status: number; body: string } | readonly HubItem[] | undefined;
}

/** The days of a folder of API bodies, by date. */
export function hubDays(folder: string): Map<string, HubItem[]> {
  const files = readdirSync(folder).filter((file) => file.endsWith(".json"));
  return new Map(
    files.sort().map((file) => [file.slice(0, 10), JSON.parse(readFileSync(join(folder, file), "utf8")) as HubItem[]]),
  );
}

const DAY_MS = 86_400_000;

/** A day fills up evenly over its 24 hours, and votes come in over the three days after it. */
export async function openHub({ days, now, misbehave }: HubOptions): Promise<Hub> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    const { searchParams } = new URL(request.url!, "http://hub");
    const day = searchParams.get("date")!;
    const [limit, page] = [Number(searchParams.get("limit") ?? 50), Number(searchParams.get("p") ?? 0)];
    asked.push(day);
    const at = now();
    const wrong = misbehave?.(day, at);
    const isBody = (it: typeof wrong): it is { status: number; body: string } => it !== undefined && "status" in it;
    if (isBody(wrong)) return void response.writeHead(wrong.status, { "content-type": "text/html" }).end(wrong.body);
    const items = wrong ?? soFar(days.get(day) ?? [], day, at);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify(items.slice(page * limit, (page + 1) * limit)));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    asked,
    close: () => new Promise((resolve) => void server.close(() => resolve()).closeAllConnections()),
  };
}

function soFar(items: readonly HubItem[], day: string, at: Date): HubItem[] {
  const age = (at.getTime() - Date.parse(`${day}T00:00:00Z`)) / DAY_MS;
  if (age <= 0) return [];
  const listed = items.slice(0, Math.ceil(items.length * Math.min(1, age)));
  return listed.map((item) => ({
    ...item,
    paper: { ...item.paper, upvotes: Math.round(item.paper.upvotes * Math.min(1, age / 4)) },
  }));
}
