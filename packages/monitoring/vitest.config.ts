import { defineConfig } from "vitest/config";
export default defineConfig({
  ssr: { resolve: { conditions: ["@atlas/source", "node", "module"] } },
  test: {
    include: ["test/**/*.test.ts"],
    coverage: { include: ["src/**/*.ts"], thresholds: { statements: 90, lines: 90 } },
  },
});
