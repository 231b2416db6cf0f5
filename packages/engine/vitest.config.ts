import { defineConfig } from "vitest/config";
export default defineConfig({
  ssr: { resolve: { conditions: ["@atlas/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    // Real files: a disk that others use as well pauses for seconds now and then.
    testTimeout: 30_000,
    coverage: { include: ["src/**/*.ts"], thresholds: { statements: 90, lines: 90 } },
  },
});
