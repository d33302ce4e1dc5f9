import { defineConfig } from "vitest/config";

/** Whole processes and compressed days: what takes its time whatever the machine. */
export const SLOW = [
  "tests/readme.test.ts",
  "tests/stories/the-demo.test.ts",
  "tests/stories/a-fortnight-unattended.test.ts",
];

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // `npm run test:long` runs the first two, `npm run check` the rest beside this suite (vitest.slow.config.ts).
    exclude: ["tests/long/**", "tests/browser/**", ...SLOW],
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
