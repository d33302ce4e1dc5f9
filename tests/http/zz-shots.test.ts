import { execFileSync } from "node:child_process";
import { readFileSync, existsSync, mkdirSync } from "node:fs";
import { test } from "vitest";
import { aWeb, links } from "./web.ts";
import { at } from "../support/time.ts";
import { aFilter, preferences } from "../support/builders.ts";
test("shots", async () => {
  const web = await aWeb({ postalAddress: "Paperboy, 1 Example Street, 12345 Exampleton" });
  const day = (d: string) => JSON.parse(readFileSync(`../shared/data/hugging-face/daily/${d}.json`, "utf8"));
  const ps = (d: string, n: number) => day(d).slice(0, n).map((i: any) => ({ arxivId: i.paper.id, title: i.title, abstract: i.paper.summary, authors: i.paper.authors.map((a: any) => a.name), url: `https://huggingface.co/papers/${i.paper.id}`, pdfUrl: `https://arxiv.org/pdf/${i.paper.id}`, ...(i.paper.githubRepo && { codeUrl: i.paper.githubRepo }), signals: { upvotes: i.paper.upvotes, comments: 3, stars: 1204 }, publishedAt: new Date(i.paper.publishedAt) }));
  for (const d of ["2026-04-13", "2026-04-14", "2026-04-15"]) await web.anEdition(d, ps(d, 20), ["agents", "reasoning"]);
  await web.store.editions.open("2026-04-12"); await web.store.editions.decide("2026-04-12", { state: "quiet", because: "weekend", rankedBy: "trend", papers: [] });
  const id = await web.store.aReader(preferences({ zone: "Europe/Berlin", filter: aFilter({ name: "Agents that code", topics: ["agents", "code"], include: ["tool use"] }, { name: "People", authors: ["Yann LeCun"] }) }));
  const now = web.app.now();
  const pref = links.sign("preferences", { subscriptionId: id }, now);
  const newest = (await web.app.shelf.newest())!;
  const paper = newest.edition.papers[0]!;
  const pages: Record<string, string> = {
    home: "/", homeq: "/?topics=agents&include=reasoning", confirm: `/confirm/${links.sign("confirm", { requestId: 1n }, now)}`, preferences: `/preferences/${pref}`,
    unsubscribe: `/unsubscribe/${links.sign("unsubscribe", { subscriptionId: id, deliveryId: 1n }, now)}`, unknown: "/preferences/nope", lost: "/lost-link",
    digest: `/digest/${links.sign("digest", { editionDate: "2026-04-15", paperKeys: newest.edition.papers.slice(0, 4).map((p) => p.key) }, now)}`,
    editions: "/editions", edition: "/editions/2026-04-15", filtered: "/editions/latest?include=reasoning", paper: `/papers/${paper.id}`, topics: "/topics", privacy: "/privacy", notfound: "/nothing",
  };
  const { createServer } = await import("node:http");
  const posts: Record<string, [string, string]> = {
    wrong: ["/subscriptions", "email=nobody&topics=agents&include=title%3A&authors=%2B&minUpvotes=many&cadence=weekly&weekday=3&maxPapers=99"],
    inbox: ["/subscriptions", "email=a%40example.org"], left: [`/unsubscribe/${links.sign("unsubscribe", { subscriptionId: id + 5n, deliveryId: 1n }, now)}`, ""],
    saved: [`/preferences/${pref}`, "hour=9"], 
  };
  const proxy = createServer(async (req, res) => {
    const name = req.url!.slice(1);
    if (name.startsWith("frame?")) { res.setHeader("content-type", "text/html"); res.end(`<body style=margin:0><iframe src="${decodeURIComponent(name.slice(6))}" style="width:360px;height:2700px;border:0"></iframe>`); return; }
    if (posts[name]) { const r = await fetch(web.url + posts[name]![0], { method: "POST", body: posts[name]![1], headers: { "content-type": "application/x-www-form-urlencoded" } }); res.setHeader("content-type", "text/html"); res.end(await r.text()); return; }
    const r = await fetch(web.url + req.url); res.setHeader("content-type", r.headers.get("content-type")!); res.end(Buffer.from(await r.arrayBuffer()));
  });
  await new Promise<void>((r) => proxy.listen(0, "127.0.0.1", r));
  const port = (proxy.address() as any).port;
  mkdirSync("/tmp/shots/web", { recursive: true });
  const { spawn } = await import("node:child_process");
  const only = process.env.SHOTS?.split(",");
  for (const [name, path] of [...Object.entries(pages), ...Object.keys(posts).map((n) => [n, `/${n}`] as const)]) {
    if (only && !only.includes(name)) continue;
    for (const [w, h] of [[1280, 1400], [500, 1400], [360, 1600]]) {
      if (w === 500) continue;
      const url = w === 360 ? `http://127.0.0.1:${port}/frame?${encodeURIComponent(path)}` : `http://127.0.0.1:${port}${path}`;
      const target = posts[name] || path.startsWith("/preferences") || true ? url : url;
      await new Promise<void>((done) => {
        const c = spawn("chromium", ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync", `--user-data-dir=/tmp/shots/chrome`, "--hide-scrollbars", `--window-size=${w === 360 ? 500 : w},${name.startsWith("home") || name === "preferences" || name === "wrong" ? h! + 1200 : h}`, `--screenshot=/tmp/shots/web/${name}-${w}.png`, ...(process.env.DARK ? ["--force-dark-mode", "--blink-settings=preferredColorScheme=0"] : []), target], { stdio: "ignore" });
        c.on("exit", () => done());
      });
    }
  }
  proxy.closeAllConnections(); await new Promise((r) => proxy.close(r));
  await web.close();
}, 300_000);
