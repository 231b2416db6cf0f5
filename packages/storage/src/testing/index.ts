// What every database must do, as data for any test runner.
export { databaseRules } from "./database-rules.ts";
export type { DatabaseRule, OpenDatabase } from "./database-rule.ts";

// Databases and directories that end with the block that uses them.
export { openTemporaryDatabase, type TemporaryDatabase } from "./open-temporary-database.ts";
export { temporaryDirectory, type TemporaryDirectory } from "./temporary-directory.ts";

// What every second level of a cache must do.
export {
  secondLevelRules,
  type OpenSecondLevel,
  type SecondLevelBench,
  type SecondLevelRule,
} from "./second-level-rules.ts";
