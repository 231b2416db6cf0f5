import { expect, test } from "vitest";
import { readRepository } from "../src/repository.ts";
import { formatFinding, rules } from "../src/rules.ts";

const workspace = readRepository();

test.for(rules)("this repository keeps $name: $promise", (rule) => {
  const findings = rule.check(workspace).map((finding) => formatFinding(rule, finding));

  expect(findings).toEqual([]);
});
