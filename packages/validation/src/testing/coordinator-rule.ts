import type { createValidationCoordinator } from "../create-validation-coordinator.ts";

/** Makes the coordinator under test; has the shape of `createValidationCoordinator`. */
export type CreateCoordinator = typeof createValidationCoordinator;

/** One promise that every ValidationCoordinator keeps. */
export interface CoordinatorRule {
  /** The promise, as a claim. */
  readonly name: string;
  /** Rejects with an AssertionError when the promise is broken. */
  readonly check: (create: CreateCoordinator) => Promise<void>;
}
