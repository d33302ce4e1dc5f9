import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";

const folder = process.env.PAPERBOY_SHARED ?? fileURLToPath(new URL("../../../shared/data", import.meta.url));

/** Folder of real papers, feeds and bounces that is kept beside the checkout and not part of it; null where it is missing. */
export const sharedData: string | null = existsSync(folder) ? folder : null;
