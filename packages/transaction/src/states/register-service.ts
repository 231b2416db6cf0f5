import { checkOptions } from "@atlas/errors";
import { transactionError } from "../errors.ts";
import type { Transaction } from "../transaction.ts";
import { canonicalJson } from "./canonical-json.ts";
import type { AtomicServiceState, ServiceDependency } from "./service-state.ts";
import type { RegisterOptions } from "./service-state-manager.ts";
import { conflict, unknownService, unknownState } from "./state-errors.ts";
import type { ResolvedStateOptions } from "./state-options.ts";
import { readStates, sealed, writeState } from "./state-store.ts";

const dependenciesMax = 100;
const idLengthMax = 512;

/** A service in its first version, checked and not yet stored. @internal */
export function newService<State extends string>(
  id: string,
  registration: RegisterOptions<State>,
  { initial, states, clock }: ResolvedStateOptions<State>,
): AtomicServiceState<State> {
  checkOptions<RegisterOptions<State>>("register", registration, {
    dependencies: "any",
    data: "any",
  });
  if (id.length === 0 || id.length > idLengthMax)
    throw invalid("id", `has 1 to ${idLengthMax} characters`);
  const { data = null, dependencies = [] } = structuredClone(registration);
  checkDependencies(dependencies, states);
  return sealed({ id, version: 1, state: initial, dependencies, data, lastModified: clock() });
}

/** Stores a new service inside `transaction`. @internal */
export async function addService<State extends string>(
  transaction: Transaction,
  service: AtomicServiceState<State>,
  { servicesMax, historyMax }: ResolvedStateOptions<State>,
): Promise<AtomicServiceState<State>> {
  const services = await readStates<State>(transaction);
  if (services.has(service.id)) throw conflict(service.id, "is registered already");
  if (services.size >= servicesMax) throw invalid("services", `are at most ${servicesMax}`);
  const missing = service.dependencies.find((dependency) => !services.has(dependency.service));
  if (missing !== undefined) throw unknownService(missing.service);
  const write = { before: undefined, after: service, reason: "registered", historyMax };
  await writeState(transaction, write);
  return service;
}

function checkDependencies(
  dependencies: readonly ServiceDependency[],
  states: ReadonlySet<string>,
): void {
  if (dependencies.length > dependenciesMax)
    throw invalid("dependencies", `are at most ${dependenciesMax}`);
  // Refuses what would not come back from the store as it went in.
  canonicalJson(dependencies);
  for (const { requires, whileIn = [], fallback } of dependencies) {
    const named = [...requires, ...whileIn, ...(fallback === undefined ? [] : [fallback])];
    const unknown = named.find((state) => !states.has(state));
    if (unknown !== undefined) throw unknownState(unknown);
  }
}

function invalid(option: string, rule: string): Error {
  return transactionError("transaction.invalid_option", `"${option}" ${rule}.`, {
    details: { option },
  });
}
