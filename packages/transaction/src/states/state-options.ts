import { checkOptions } from "@atlas/errors";
import type { Dialect } from "@atlas/storage";
import { transactionError } from "../errors.ts";

/** Which states there are and how services move between them. */
export interface ServiceStateOptions<State extends string> {
  /** Of the store of the transactions. */
  readonly dialect: Dialect;
  /** Up to 1,000. The first one is where services begin. */
  readonly states: readonly State[];
  /** From each state, where a service may go. A state that is left out is an end. */
  readonly transitions: { readonly [From in State]?: readonly State[] };
  /** Services, 1 to 100,000; each transition reads them all. Default: 1,000. */
  readonly servicesMax?: number;
  /** Changes that are kept of each service, 1 to 100,000. Default: 1,000. */
  readonly historyMax?: number;
  /** Milliseconds since the epoch. Default: `Date.now`. */
  readonly clock?: () => number;
}

/** What a manager of service states does unless told otherwise. */
export const serviceStateDefaults: {
  readonly servicesMax: 1_000;
  readonly historyMax: 1_000;
} = Object.freeze({ servicesMax: 1_000, historyMax: 1_000 });

/** The options with nothing left out. @internal */
export interface ResolvedStateOptions<State extends string> {
  readonly dialect: Dialect;
  readonly states: ReadonlySet<string>;
  readonly initial: State;
  readonly transitions: ReadonlyMap<string, ReadonlySet<string>>;
  readonly servicesMax: number;
  readonly historyMax: number;
  readonly clock: () => number;
}

const statesMax = 1_000;

/** Fills in the defaults and refuses what cannot be used. @internal */
export function resolveStateOptions<State extends string>(
  options: ServiceStateOptions<State>,
): ResolvedStateOptions<State> {
  checkOptions<ServiceStateOptions<State>>("createServiceStateManager", options, {
    dialect: "any",
    states: "any",
    transitions: "any",
    servicesMax: { min: 1, max: 100_000 },
    historyMax: { min: 1, max: 100_000 },
    clock: "any",
  });
  const states = new Set<string>(options.states);
  const [initial] = options.states;
  if (initial === undefined || states.size > statesMax || states.size !== options.states.length)
    throw badOption("states", `must be 1 to ${statesMax} different states`);
  const transitions = new Map<string, ReadonlySet<string>>();
  for (const [from, targets] of Object.entries<readonly State[] | undefined>(options.transitions)) {
    const unknown = [from, ...(targets ?? [])].find((state) => !states.has(state));
    if (unknown !== undefined)
      throw badOption("transitions", `names the state "${unknown}", which is not in \`states\``);
    transitions.set(from, new Set(targets));
  }
  return {
    dialect: options.dialect,
    states,
    initial,
    transitions,
    servicesMax: options.servicesMax ?? serviceStateDefaults.servicesMax,
    historyMax: options.historyMax ?? serviceStateDefaults.historyMax,
    clock: options.clock ?? Date.now,
  };
}

function badOption(option: string, reason: string): Error {
  return transactionError("transaction.invalid_option", `The option "${option}" ${reason}.`, {
    details: { option },
  });
}
