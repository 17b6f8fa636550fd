import { defineConfig } from "vitest/config";

/** `npm run test:console`: the console in a real Chromium, against real nodes. */
export default defineConfig({
  test: {
    include: ["tests/console/**/*.test.ts"],
    globalSetup: ["tests/console/prepare.ts"],
    reporters: ["verbose"],
    pool: "forks",
    // A browser and a node take two threads by themselves.
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 120_000,
    // What is waited for takes as long as it takes on a busy machine; by default it would be given one second.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
    // A browser, a node and whatever else the machine does share two threads. What needed a second run is reported as such.
    retry: 1,
  },
});
