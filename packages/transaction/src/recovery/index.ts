// Bringing a store into order when its process starts.
export { recover, recoveryPartsMax, type RecoveryOptions } from "./recover.ts";

// What a part of the store implements.
export type { Recoverable, RecoveryFinding } from "./recoverable.ts";

// What is reported.
export type {
  FailedPart,
  PartReport,
  RecoveredPart,
  RecoveryEvent,
  RecoveryReport,
} from "./recovery-report.ts";
