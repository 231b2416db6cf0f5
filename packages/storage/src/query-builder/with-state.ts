import type { ColumnDefinition } from "../table.ts";
import type { SelectState } from "./select-state.ts";

/** What a query that is read like a table was given. */
export interface WithState {
  readonly name: string;
  readonly columns: Readonly<Record<string, ColumnDefinition>>;
  /** Undefined for what a recursion reads of itself. */
  readonly start: SelectState | undefined;
  readonly recursion: Recursion | undefined;
}

/** How a recursion goes on. */
export interface Recursion {
  /** What `step` reads of the rows found last. */
  readonly self: WithState;
  readonly step: SelectState;
}

// An object that only looks like one is not one.
const states = new WeakMap<object, WithState>();

/** Lets queries find what this one was given. */
export function rememberWith<T extends object>(table: T, state: WithState): T {
  states.set(table, state);
  return table;
}

/** What a query that is read like a table was given, or undefined for anything else. */
export function withStateOf(value: object): WithState | undefined {
  return states.get(value);
}
