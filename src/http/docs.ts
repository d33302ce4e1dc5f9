/** The API described: for programs as a document, for people as a page. */
import { Router } from "express";
import { KEEP_SECONDS, mayBeKept } from "./caching.ts";
import { answer } from "./methods.ts";
import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import { fromAnywhere } from "./security.ts";
import type { WebApp } from "./server.ts";

export type DocsApp = Pick<WebApp, "catalogue" | "publicUrl" | "providers" | "rawIntakeToken">;

export function docsRoutes(app: DocsApp): Router {
  const router = Router();

  /** Made when somebody asks for it, and kept: nothing in it changes while a process runs. */
  let made: OpenApiDocument | null = null;
  const document = () => {
    const intakes = [...Object.keys(app.providers), ...(app.rawIntakeToken === null ? [] : ["raw"])];
    made ??= openApiDocument({ catalogue: app.catalogue, publicUrl: app.publicUrl(), intakes });
    return made;
  };

  router.all("/openapi.json", fromAnywhere);
  answer(router, "/openapi.json", {
    get(_req, res) {
      mayBeKept(res, KEEP_SECONDS.feed, null);
      res.json(document());
    },
  });
  return router;
}
