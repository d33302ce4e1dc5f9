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

/** A file of a package that is too large to be read before somebody asks for it. Its version names its bytes. */
export interface Packaged {
  readonly name: string;
  readonly file: string;
  readonly version: string;
}

/** Reads all of the folder once: they are a few kilobytes, and a request then touches no file. */
export function openAssets(folder: string, packaged: readonly Packaged[] = []): Assets {
  const routes = Router();
  const urls = new Map<string, string>();
  const serve = (name: string, mark: string, read: () => Asset) => {
    const url = `/assets/${name.replace(/\.(?=[^.]*$)/, `.${mark}.`)}`;
    urls.set(name, url);
    const get: RequestHandler = (req, res) => {
      const { bytes, packed } = read();
      res.set({ "Cache-Control": "public, max-age=31536000, immutable", ETag: `"${mark}"` });
      res.type(name).vary("Accept-Encoding");
      if (req.acceptsEncodings("gzip")) res.set("Content-Encoding", "gzip").send(packed);
      else res.send(bytes);
    };
    answer(routes, url, { get }, "/assets");
  };
  for (const name of readdirSync(folder)) {
    const asset = assetIn(join(folder, name));
    serve(name, createHash("sha256").update(asset.bytes).digest("hex").slice(0, 12), () => asset);
  }
  for (const { name, file, version } of packaged) {
    let asset: Asset | null = null;
    serve(name, version, () => {
      asset ??= assetIn(file);
      return asset;
    });
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

interface Asset {
  readonly bytes: Buffer;
  readonly packed: Buffer;
}

function assetIn(file: string): Asset {
  const bytes = readFileSync(file);
  return { bytes, packed: gzipSync(bytes) };
}
