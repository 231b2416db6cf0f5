// `pnpm tidy`: holds this repository against its rules and prints where they are broken.
import { readRepository } from "../repository.ts";
import { formatFinding, rules } from "../rules.ts";

const workspace = readRepository();
const findings = rules.flatMap((rule) =>
  rule.check(workspace).map((finding) => formatFinding(rule, finding)),
);
for (const finding of findings) process.stdout.write(`${finding}\n`);
process.stdout.write(`${rules.length} rules, ${findings.length} findings\n`);
process.exitCode = findings.length === 0 ? 0 : 1;
