import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["packages/*/src/**/*.test.ts", "tests/**/*.test.ts"],
    // `npm run test:cluster` and `npm run test:console` have them.
    exclude: ["tests/cluster/**", "tests/console/**", "**/node_modules/**"],
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 60_000,
    // What is waited for takes as long as it takes on a busy machine; by default it would be given one second.
    expect: { poll: { timeout: 30_000 } },
    hookTimeout: 60_000,
  },
});
