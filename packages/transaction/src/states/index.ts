// The manager and its contract.
export { createServiceStateManager } from "./create-service-state-manager.ts";
export type {
  HistoryOptions,
  RegisterOptions,
  RestoreResult,
  ServiceStateManager,
  TransitionOptions,
  TransitionResult,
} from "./service-state-manager.ts";
export { serviceStateDefaults, type ServiceStateOptions } from "./state-options.ts";

// What is kept.
export type {
  AtomicServiceState,
  ServiceDependency,
  StateChange,
  StateReport,
  StateSnapshot,
} from "./service-state.ts";
export { canonicalJson, type StoredValue } from "./canonical-json.ts";
