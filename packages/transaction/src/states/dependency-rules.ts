import type { AtomicServiceState, ServiceDependency } from "./service-state.ts";
import { illegal, unmetRequirements } from "./state-errors.ts";
import type { ResolvedStateOptions } from "./state-options.ts";

/** Services by id, as a plan would leave them. @internal */
export type Services<State extends string> = Map<string, AtomicServiceState<State>>;

/** A state that a service is to go to. @internal */
export interface Move<State extends string> {
  readonly id: string;
  readonly to: State;
  readonly reason: string;
}

/** The requirements of a service that are not met, as full sentences. @internal */
export function unmetOf<State extends string>(
  service: AtomicServiceState<State>,
  services: Services<State>,
  initial: State,
): readonly string[] {
  return service.dependencies
    .filter((dependency) => !isMet(service, dependency, { services, initial }))
    .map(
      ({ service: id, requires }) =>
        `"${service.id}" in "${service.state}" needs "${id}" in ${requires.join(" or ")}, ` +
        `which is in "${services.get(id)?.state ?? "no state at all"}".`,
    );
}

function isMet<State extends string>(
  service: AtomicServiceState<State>,
  { service: id, requires, whileIn }: ServiceDependency<State>,
  { services, initial }: { readonly services: Services<State>; readonly initial: State },
): boolean {
  const matters = whileIn?.includes(service.state) ?? service.state !== initial;
  const state = services.get(id)?.state;
  return !matters || (state !== undefined && requires.includes(state));
}

/**
 * What has to move before `id` may be in `to`: dependents whose requirement
 * would break, those furthest away first. `services` is changed as planned.
 *
 * @throws {AtlasError} transaction.state_dependency when one has no fallback or
 * must not follow, transaction.state_illegal when it cannot go there.
 *
 * @internal
 */
export function planFollowers<State extends string>(
  services: Services<State>,
  { id, to }: Pick<Move<State>, "id" | "to">,
  { options, follow }: { readonly options: ResolvedStateOptions<State>; readonly follow: boolean },
): readonly Move<State>[] {
  const moves: Move<State>[] = [];
  place(services, id, to);
  for (const dependent of services.values()) {
    const broken = dependent.dependencies.find(
      (dependency) =>
        dependency.service === id &&
        !isMet(dependent, dependency, { services, initial: options.initial }),
    );
    if (broken === undefined) continue;
    const { fallback } = broken;
    if (!follow || fallback === undefined)
      throw unmetRequirements(id, unmetOf(dependent, services, options.initial));
    if (options.transitions.get(dependent.state)?.has(fallback) !== true)
      throw illegal(dependent.id, dependent.state, fallback);
    const further = { id: dependent.id, to: fallback };
    moves.push(...planFollowers(services, further, { options, follow }));
    moves.push({ ...further, reason: `follows "${id}" to "${to}"` });
  }
  return moves;
}

function place<State extends string>(services: Services<State>, id: string, state: State): void {
  const service = services.get(id);
  if (service !== undefined) services.set(id, { ...service, state });
}
