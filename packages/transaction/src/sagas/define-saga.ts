import { checkOptions } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type { StoredValue } from "../states/canonical-json.ts";
import type { FlatStep, NestedSaga, Saga, SagaRetry, SagaStep, StepContext } from "./saga.ts";

/** Steps of one saga, those of nested sagas counted. */
export const sagaStepsMax = 1_000;
const nameLengthMax = 200;

/** What `defineSaga` is given. */
export interface SagaDefinition<Input> {
  /** Unique among the sagas of a store; it is kept with each of them. */
  readonly name: string;
  readonly steps: readonly (SagaStep<Input> | NestedSaga<Input>)[];
}

/**
 * Declares a saga. What is stored refers to its steps by name and order, so a
 * change of either is a new saga and wants a new name.
 *
 * @throws {AtlasError} transaction.saga_invalid
 */
export function defineSaga<Input = null>({ name, steps }: SagaDefinition<Input>): Saga<Input> {
  checkName(name);
  const flat = steps.flatMap((step) => flatten(step));
  if (flat.length === 0 || flat.length > sagaStepsMax)
    throw invalid(
      `The saga "${name}" has ${flat.length} steps, and 1 to ${sagaStepsMax} are possible.`,
    );
  const names = new Set(steps.map((step) => step.name));
  if (names.size !== steps.length) throw invalid(`Two steps of "${name}" have the same name.`);
  return Object.freeze({ name, steps: Object.freeze(flat) });
}

/** Names and order of the steps as they are stored, to notice a saga that was declared anew. @internal */
export function stepPathsOf(saga: Saga<never>): string {
  return JSON.stringify(saga.steps.map(({ path }) => path));
}

/** Makes a saga a step of another: it fails when a step of it fails, and is compensated step by step. */
export function nestSaga<Input, Inner extends StoredValue>(
  name: string,
  saga: Saga<Inner>,
  input: (context: Pick<StepContext<Input>, "input" | "results">) => Inner,
): NestedSaga<Input> {
  return Object.freeze({ name, saga, input });
}

function flatten<Input>(given: SagaStep<Input> | NestedSaga<Input>): readonly FlatStep[] {
  checkName(given.name);
  if ("saga" in given) {
    // What a step is told is made for it from its scopes, so it gets the input that it was declared for.
    const scope = { name: given.name, input: given.input as NestedSaga<never>["input"] };
    return given.saga.steps.map(({ path, step, scopes }) => ({
      path: `${given.name}/${path}`,
      step,
      scopes: [scope, ...scopes],
    }));
  }
  checkOptions<SagaStep<Input>>(`The step "${given.name}"`, given, {
    name: "any",
    outside: "any",
    run: "any",
    compensateOutside: "any",
    compensate: "any",
    retry: "any",
  });
  checkRetry(given.retry ?? {});
  if (given.outside === undefined && given.run === undefined)
    throw invalid(
      `The step "${given.name}" has neither \`outside\` nor \`run\`, so it does nothing.`,
    );
  // As above: the input is the one that the step was declared for.
  const step = Object.freeze({ ...given, retry: { ...given.retry } }) as SagaStep<never>;
  return [{ path: given.name, step, scopes: [] }];
}

function checkRetry(retry: SagaRetry): void {
  checkOptions<SagaRetry>("retry", retry, {
    attemptsMax: { min: 1, max: 1_000 },
    undoAttemptsMax: { min: 1, max: 1_000 },
    pauseMs: { min: 0, max: 3_600_000 },
    pauseMaxMs: { min: 0, max: 3_600_000 },
    timeoutMs: { min: 1, max: 3_600_000 },
  });
}

function checkName(name: string): void {
  if (name.length > 0 && name.length <= nameLengthMax && !name.includes("/")) return;
  throw invalid(`A name must have 1 to ${nameLengthMax} characters and no slash.`);
}

function invalid(message: string): Error {
  return transactionError("transaction.saga_invalid", message);
}
