import { defineConfig } from "vitest/config";
import config from "./vitest.config.ts";

/** What takes longer than anybody waits for on every change: `npm run test:long`. */
export default defineConfig({
  test: {
    ...config.test,
    include: ["tests/long/**/*.test.ts", "tests/browser/**/*.test.ts"],
    exclude: [],
    testTimeout: 30 * 60_000,
  },
});
