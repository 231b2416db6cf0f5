import type { Rule } from "../rule.ts";

/** The visible top level, as the owner of the repository fixed it. */
const allowed = [
  "package.json",
  "pnpm-workspace.yaml",
  "turbo.json",
  "packages",
  "apps",
  "tsconfig.base.json",
  "README.md",
  "LICENSE",
  "pnpm-lock.yaml",
];
/** Dotfiles may come and go, but for the folder of the pending changes. */
const required = [...allowed, ".changeset"];

/** The visible top level is fixed: nothing is added, nothing goes. */
export const topLevel: Rule = {
  name: "top-level",
  promise: "The visible top level is exactly the agreed set.",
  check({ files }) {
    const found = new Set([...files.keys()].map((path) => path.split("/")[0] ?? ""));
    return [
      ...[...found]
        .filter((name) => !name.startsWith(".") && !allowed.includes(name))
        .map((at) => ({ at, message: "Nothing is added at the visible top level." })),
      ...required
        .filter((name) => !found.has(name))
        .map((at) => ({ at, message: "This part of the top level is missing." })),
    ];
  },
};
