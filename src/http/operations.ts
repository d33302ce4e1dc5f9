/** Whether this process is up, and whether it can do its work. All parts are listed; those it needs decide. */
import { Router } from "express";
import { answer } from "./methods.ts";
import type { WebApp } from "./server.ts";

export function operationsRoutes(app: Pick<WebApp, "ready" | "needs">): Router {
  const router = Router();
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
  return router;
}
