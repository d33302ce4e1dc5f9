import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // `npm run test:long` runs these two.
    exclude: ["tests/long/**", "tests/browser/**"],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/leftovers.ts"],
    // A process a file: what one leaves open cannot reach another, and the check for it can tell whose it is.
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 20_000,
    hookTimeout: 30_000,
    reporters: [process.stdout.isTTY ? "default" : "dot", "./tests/support/reporter.ts"],
  },
});
