import { defineConfig } from "vitest/config";

/** Whole processes and compressed days: what takes its time whatever the machine. */
export const SLOW = [
  "tests/readme.test.ts",
  "tests/packaging/image.test.ts",
  "tests/stories/the-demo.test.ts",
  "tests/stories/a-fortnight-unattended.test.ts",
  "tests/stories/an-operators-day.test.ts",
];

export default defineConfig({
  test: {
    include: ["tests/**/*.test.ts"],
    // `npm run test:long` runs the first two, `npm run check` the rest beside this suite (vitest.slow.config.ts).
    exclude: ["tests/long/**", ...SLOW],
    globalSetup: ["tests/support/global-setup.ts"],
    setupFiles: ["tests/support/leftovers.ts"],
    // Files follow each other in one process: loading the application anew for each took a third of the time. What one
    // leaves open is found when it ends (tests/support/leftovers.ts).
    pool: "forks",
    maxWorkers: 2,
    isolate: false,
    // Against tests that hang. On two busy cores one took ten times as long as on quiet ones.
    testTimeout: 60_000,
    hookTimeout: 90_000,
    reporters: [process.stdout.isTTY ? "default" : "dot", "./tests/support/reporter.ts"],
  },
});
