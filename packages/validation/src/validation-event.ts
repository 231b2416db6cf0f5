/** What `onEvent` receives when a validation has ended. */
export interface ValidationEvent {
  readonly type: "validation.completed";
  readonly items: number;
  /** Items with at least one error. */
  readonly rejected: number;
  /** Issues found, those left out for their number included. */
  readonly errors: number;
  readonly warnings: number;
  readonly truncated: boolean;
}
