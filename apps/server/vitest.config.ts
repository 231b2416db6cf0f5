import { defineConfig } from "vitest/config";
export default defineConfig({
  ssr: { resolve: { conditions: ["@atlas/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    setupFiles: ["reflect-metadata"],
    // Most tests start real processes, several of them at once.
    testTimeout: 120_000,
    hookTimeout: 60_000,
    maxWorkers: 2,
    coverage: {
      include: ["src/**/*.ts"],
      // These run in processes of their own, where the coverage of this one does not reach.
      exclude: [
        "src/main.ts",
        "src/compile-cache.ts",
        "src/stop-signals.ts",
        "src/cli/server-commands.ts",
        "src/http/serve-http.ts",
        "src/mcp/serve-stdio.ts",
      ],
      thresholds: { statements: 90, lines: 90 },
    },
  },
});
