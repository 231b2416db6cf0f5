import type { Finding, Rule } from "./rule.ts";
import { api } from "./rules/api.ts";
import { documented } from "./rules/documented.ts";
import { entries } from "./rules/entries.ts";
import { errorCodes } from "./rules/error-codes.ts";
import { layering } from "./rules/layering.ts";
import { maps } from "./rules/maps.ts";
import { purity } from "./rules/purity.ts";
import { readme } from "./rules/readme.ts";
import { size } from "./rules/size.ts";
import { standardFiles } from "./rules/standard-files.ts";
import { topLevel } from "./rules/top-level.ts";

/** Every rule of this repository that can be told from its files alone. */
export const rules: readonly Rule[] = [
  topLevel,
  layering,
  purity,
  standardFiles,
  entries,
  api,
  documented,
  size,
  readme,
  errorCodes,
  maps,
];

/** How a finding reads in a terminal. */
export function formatFinding(rule: Rule, { at, message }: Finding): string {
  return `${at}  ${message}  (${rule.name})`;
}
