/** The API described: for programs as a document, for people as a page. */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { Router } from "express";
import type { Assets } from "./assets.ts";
import { KEEP_SECONDS, mayBeKept } from "./caching.ts";
import { docsView } from "./docs-view.ts";
import { answer } from "./methods.ts";
import { type OpenApiDocument, openApiDocument } from "./openapi.ts";
import type { Pages } from "./pages.ts";
import { CONTENT_WITH_SWAGGER, fromAnywhere } from "./security.ts";
import type { WebApp } from "./server.ts";

export type DocsApp = Pick<WebApp, "catalogue" | "publicUrl" | "providers" | "rawIntakeToken" | "apiToken">;

/** What Swagger UI brings: a megabyte and a half for whoever wants to try it out, and for nobody else. */
export function swaggerFiles(): { readonly name: string; readonly file: string; readonly version: string }[] {
  const require = createRequire(import.meta.url);
  const about = require.resolve("swagger-ui-dist/package.json");
  const { version } = JSON.parse(readFileSync(about, "utf8")) as { version: string };
  return SWAGGER.map((name) => ({ name, file: join(dirname(about), name), version }));
}

const SWAGGER = ["swagger-ui-bundle.js", "swagger-ui.css"] as const;

export function docsRoutes(app: DocsApp, pages: Pages, assetUrl: Assets["urlOf"]): Router {
  const router = Router();

  /** Made when somebody asks for it, and kept: nothing in it changes while a process runs. */
  let made: OpenApiDocument | null = null;
  const document = () => {
    const intakes = [...Object.keys(app.providers), ...(app.rawIntakeToken === null ? [] : ["raw"])];
    made ??= openApiDocument({
      ...{ catalogue: app.catalogue, publicUrl: app.publicUrl(), intakes, hasOperator: app.apiToken !== null },
    });
    return made;
  };

  router.all("/openapi.json", fromAnywhere);
  answer(router, "/openapi.json", {
    get(_req, res) {
      mayBeKept(res, KEEP_SECONDS.feed, null);
      res.json(document());
    },
  });

  answer(router, "/docs", {
    get(req, res) {
      const say = pages.say(req);
      mayBeKept(res, KEEP_SECONDS.page, null);
      pages.send(res, say, "docs", {
        title: say("page.docs.heading"),
        description: say("page.docs.lead"),
        ...docsView(document()),
      });
    },
  });

  answer(router, "/docs/try", {
    get(req, res) {
      const say = pages.say(req);
      res.set("Content-Security-Policy", CONTENT_WITH_SWAGGER);
      const [uiScript, uiCss] = SWAGGER.map(assetUrl);
      const own = { script: assetUrl("try.js"), icon: assetUrl("icon.svg") };
      pages.part(res, say, "docs-try", { title: say("page.docs.heading"), uiScript, uiCss, ...own });
    },
  });
  return router;
}
