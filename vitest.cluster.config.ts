import { defineConfig } from "vitest/config";

/** `npm run test:cluster`: faults against a real, replicated S3 that is started for it. */
export default defineConfig({
  test: {
    include: ["tests/cluster/**/*.test.ts"],
    globalSetup: ["tests/cluster/ceph-setup.ts"],
    // Shows each test when it ends, which takes a minute.
    reporters: ["verbose"],
    pool: "forks",
    fileParallelism: false,
    maxWorkers: 1,
    testTimeout: 240_000,
    // What is waited for takes as long as it takes on a busy machine; by default it would be given one second.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 120_000,
    // The load is steady, and how long writes stop is measured: a second run of the same test would hide a failure.
    retry: 0,
  },
});
