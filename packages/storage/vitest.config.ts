import { defineConfig } from "vitest/config";
export default defineConfig({
  ssr: { resolve: { conditions: ["@atlas/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    // Real processes, disks and damaged files: slow where others work too.
    testTimeout: 30_000,
    coverage: { include: ["src/**/*.ts"], thresholds: { statements: 90, lines: 90 } },
  },
});
