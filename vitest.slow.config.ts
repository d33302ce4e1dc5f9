import { defineConfig } from "vitest/config";
import config, { SLOW } from "./vitest.config.ts";

/** Every command of the README as written, the demo, a fortnight on a compressed clock: `npm run check:slow`. */
export default defineConfig({ test: { ...config.test, include: SLOW, exclude: [] } });
