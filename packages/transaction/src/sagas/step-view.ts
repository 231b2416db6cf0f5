import type { StoredValue } from "../states/canonical-json.ts";
import type { FlatStep, StepContext } from "./saga.ts";
import type { SagaState } from "./saga-store.ts";

type Results = { [name: string]: StoredValue };

/** What a step is told, as seen from the saga that it was declared in. @internal */
export function contextOf(
  { id, input, steps }: SagaState,
  { path, scopes }: FlatStep,
  { undo, attempt }: { readonly undo: boolean; readonly attempt: number },
): StepContext<never> {
  const outcomes = new Map(
    steps
      .filter(({ status }) => status === "completed")
      .map((step) => [step.path, step.outcome] as const),
  );
  let inner: StoredValue = JSON.parse(input) as StoredValue;
  let prefix = "";
  for (const scope of scopes) {
    // The outer saga made this function for the input that it gets here.
    inner = scope.input({ input: inner as never, results: resultsIn(outcomes, prefix) });
    prefix += `${scope.name}/`;
  }
  return {
    sagaId: id,
    input: inner as never,
    results: resultsIn(outcomes, prefix),
    idempotencyKey: `${id}/${path}${undo ? "/undo" : ""}`,
    attempt,
  };
}

/** The outcomes below `prefix`; those of nested sagas as objects of their own. */
function resultsIn(outcomes: ReadonlyMap<string, StoredValue>, prefix: string): Results {
  const results = new Map<string, StoredValue>();
  const nested = new Set<string>();
  for (const [path, outcome] of outcomes) {
    if (!path.startsWith(prefix)) continue;
    const [name = "", ...deeper] = path.slice(prefix.length).split("/");
    if (deeper.length > 0) nested.add(name);
    else results.set(name, outcome);
  }
  for (const name of nested) results.set(name, resultsIn(outcomes, `${prefix}${name}/`));
  // Whatever a step is called, its result is a property like the others.
  return Object.fromEntries(results);
}
