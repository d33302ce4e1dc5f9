/** Whether this process is up, and whether it can work. */
import { Router } from "express";
import { answer } from "./methods.ts";
import type { WebApp } from "./server.ts";

export function operationsRoutes(app: Pick<WebApp, "ready">): Router {
  const router = Router();
  answer(router, "/health", {
    get(_req, res) {
      res.set("Cache-Control", "no-store").json({ status: "ok" });
    },
  });
  answer(router, "/ready", {
    async get(_req, res) {
      const parts = await app.ready();
      const isReady = Object.values(parts).every((state) => state === "ok");
      res.set("Cache-Control", "no-store").status(isReady ? 200 : 503);
      res.json({ status: isReady ? "ok" : "not ready", parts });
    },
  });
  return router;
}
