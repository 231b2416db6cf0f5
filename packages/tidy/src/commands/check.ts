// `pnpm check [step…]`: everything that is checked besides the tests, one step after the other.
// A step that fails does not stop the others, so that one run shows all there is to mend.
import { run, tool } from "../run.ts";
import { formatTotals } from "../test-totals.ts";

const node = process.execPath;
const commands = "packages/tidy/src/commands";

/** Each step: the command, in the order from cheap to dear. */
const steps: Readonly<Record<string, readonly [command: string, ...args: string[]]>> = {
  format: [tool("oxfmt"), "--check"],
  lint: [tool("oxlint"), "--deny-warnings"],
  types: [tool("turbo"), "run", "check"],
  unused: [tool("knip"), "--no-config-hints"],
  build: [tool("turbo"), "run", "build"],
  tidy: [node, `${commands}/tidy.ts`],
  packs: [node, `${commands}/packs.ts`],
};

const asked = process.argv.slice(2);
const unknown = asked.filter((name) => !(name in steps));
if (unknown.length > 0)
  throw new Error(
    `There is no step ${unknown.join(", ")}; there are ${Object.keys(steps).join(", ")}.`,
  );

const results: { readonly name: string; readonly ok: boolean }[] = [];
for (const [name, [command, ...args]] of Object.entries(steps)) {
  if (asked.length > 0 && !asked.includes(name)) continue;
  process.stdout.write(`\n── ${name}\n`);
  const { ok } = await run(command, args);
  results.push({ name, ok });
}

process.stdout.write("\n");
for (const { name, ok } of results) process.stdout.write(`${ok ? "✓" : "✗"} ${name}\n`);
const failed = results.filter(({ ok }) => !ok).length;
process.stdout.write(`${formatTotals({ passed: results.length - failed, failed })}\n`);
process.exitCode = failed === 0 ? 0 : 1;
