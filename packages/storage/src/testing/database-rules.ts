import type { DatabaseRule } from "./database-rule.ts";
import { lifetimeRules } from "./lifetime-rules.ts";
import { readingRules } from "./reading-rules.ts";
import { watchingRules } from "./watching-rules.ts";
import { writingRules } from "./writing-rules.ts";

/** What every `Database` must do, whatever it is made of; for any test runner. */
export const databaseRules: readonly DatabaseRule[] = [
  ...readingRules,
  ...writingRules,
  ...lifetimeRules,
  ...watchingRules,
];
