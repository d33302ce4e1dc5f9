/** Whether this process is up, whether it can do its work (all parts are listed; those it needs decide), and how it does. */
import { Router } from "express";
import { registry } from "../metrics.ts";
import { Refused } from "./faults.ts";
import { mayScrape, type ScrapeGuard } from "./may-scrape.ts";
import { answer } from "./methods.ts";
import { openScrape, type Scraped } from "./metrics.ts";
import type { WebApp } from "./server.ts";

export function operationsRoutes(app: Pick<WebApp, "ready" | "needs"> & ScrapeGuard & Scraped): Router {
  const router = Router();
  const isAllowed = mayScrape(app);
  const scrape = openScrape(app);
  answer(router, "/health", {
    get(_req, res) {
      res.set("Cache-Control", "no-store").json({ status: "ok" });
    },
  });
  answer(router, "/ready", {
    async get(_req, res) {
      const parts = await app.ready();
      const isReady = app.needs.every((part) => parts[part] === "ok");
      res.set("Cache-Control", "no-store").status(isReady ? 200 : 503);
      res.json({ status: isReady ? "ok" : "not ready", parts });
    },
  });
  answer(router, "/metrics", {
    async get(req, res) {
      res.set("Cache-Control", "no-store");
      if (!isAllowed(req)) {
        res.set("WWW-Authenticate", "Bearer");
        throw new Refused(401, "Metrics are for the operator: ask from a private network, or with API_TOKEN.");
      }
      res.set("Content-Type", registry.contentType).end(await scrape());
    },
  });
  return router;
}
