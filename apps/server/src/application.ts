import type { TaskManager } from "@atlas/tasks";
import type { ToolServices } from "./tools/tool.ts";

/** Something that is not as it must be, found by a check of the store. */
export interface StoreFinding {
  readonly kind: string;
  readonly message: string;
  readonly task?: string;
}

/** Everything that is open: the store and what works on it. */
export interface Application extends ToolServices, AsyncDisposable {
  readonly tasks: TaskManager;
  /** Reads a little; rejects when the store does not answer. */
  checkReadiness(): Promise<void>;
  /** Checks the whole store; finds nothing in a sound one. */
  verify(): Promise<readonly StoreFinding[]>;
}
