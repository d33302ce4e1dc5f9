/** Style sheet, script and icon, each under an address that changes with its bytes. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { type RequestHandler, Router } from "express";
import { answer } from "./methods.ts";

export interface Assets {
  readonly routes: Router;
  /** `page.css` → `/assets/page.1f3c….css`. @throws {Error} for a name that is not there */
  urlOf(name: string): string;
}

/** Reads all of them once: they are a few kilobytes, and a request then touches no file. */
export function openAssets(folder: string): Assets {
  const routes = Router();
  const urls = new Map<string, string>();
  for (const name of readdirSync(folder)) {
    const bytes = readFileSync(join(folder, name));
    const packed = gzipSync(bytes);
    const hash = createHash("sha256").update(bytes).digest("hex").slice(0, 12);
    const url = `/assets/${name.replace(/\.(?=[^.]*$)/, `.${hash}.`)}`;
    urls.set(name, url);
    const get: RequestHandler = (req, res) => {
      res.set({ "Cache-Control": "public, max-age=31536000, immutable", ETag: `"${hash}"` });
      res.type(name).vary("Accept-Encoding");
      if (req.acceptsEncodings("gzip")) res.set("Content-Encoding", "gzip").send(packed);
      else res.send(bytes);
    };
    answer(routes, url, { get }, "/assets");
  }
  return {
    routes,
    urlOf(name) {
      const url = urls.get(name);
      if (url === undefined) throw new Error(`templates/assets has no ${name}`);
      return url;
    },
  };
}
