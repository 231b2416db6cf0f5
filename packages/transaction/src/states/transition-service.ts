import type { Transaction } from "../transaction.ts";
import { planFollowers, type Services, unmetOf } from "./dependency-rules.ts";
import type { AtomicServiceState } from "./service-state.ts";
import type { TransitionOptions, TransitionResult } from "./service-state-manager.ts";
import { conflict, illegal, tampered, unknownService, unmetRequirements } from "./state-errors.ts";
import type { ResolvedStateOptions } from "./state-options.ts";
import { isSealed, readStates, sealed, writeState } from "./state-store.ts";

/** Which service goes from where to where. @internal */
export interface TransitionWish<State extends string> extends TransitionOptions<State> {
  readonly id: string;
  readonly from: State;
  readonly to: State;
}

/** Changes a service, what belongs to it, and what follows it, inside `transaction`. @internal */
export async function transitionService<State extends string>(
  transaction: Transaction,
  wish: TransitionWish<State>,
  options: ResolvedStateOptions<State>,
): Promise<TransitionResult<State>> {
  const { id, to, data, apply, reason = "", dependents } = wish;
  const { clock, historyMax, initial } = options;
  const services = await readStates<State>(transaction);
  const current = currentOf(services, wish, options);

  const planned: Services<State> = new Map(services);
  const moves = planFollowers(planned, wish, { options, follow: dependents === "follow" });
  const touched = [...moves.map((move) => move.id), id];
  assertMet(planned, touched, initial);
  const followed: AtomicServiceState<State>[] = [];
  for (const move of moves) {
    // Planned from these very services; one that two requirements move twice is read as it is now.
    const before = followed.findLast((done) => done.id === move.id) ?? services.get(move.id)!;
    if (!isSealed(before)) throw tampered(`The service "${move.id}"`);
    const after = nextOf(before, { state: move.to }, clock());
    await writeState(transaction, { before, after, reason: move.reason, historyMax });
    followed.push(after);
  }
  const change = { state: to, ...(data === undefined ? {} : { data }) };
  const service = nextOf(current, change, clock());
  await writeState(transaction, { before: current, after: service, reason, historyMax });
  await apply?.(transaction, service);
  // What was applied may have changed other services.
  assertMet(await readStates<State>(transaction), touched, initial);
  return { success: true, newState: to, service, followed };
}

function currentOf<State extends string>(
  services: Services<State>,
  { id, from, to, version }: TransitionWish<State>,
  { transitions }: ResolvedStateOptions<State>,
): AtomicServiceState<State> {
  const current = services.get(id);
  if (current === undefined) throw unknownService(id);
  if (!isSealed(current)) throw tampered(`The service "${id}"`);
  if (current.state !== from) throw conflict(id, `is in "${current.state}" and not in "${from}"`);
  if (version !== undefined && current.version !== version)
    throw conflict(id, `is at version ${current.version} and not at ${version}`);
  if (transitions.get(from)?.has(to) !== true) throw illegal(id, from, to);
  return current;
}

function nextOf<State extends string>(
  before: AtomicServiceState<State>,
  changes: Partial<Pick<AtomicServiceState<State>, "state" | "data">>,
  lastModified: number,
): AtomicServiceState<State> {
  const { checksum: _checksum, ...content } = before;
  return sealed({ ...content, ...changes, version: before.version + 1, lastModified });
}

function assertMet<State extends string>(
  services: Services<State>,
  ids: readonly string[],
  initial: State,
): void {
  for (const id of ids) {
    const service = services.get(id);
    const unmet = service === undefined ? [] : unmetOf(service, services, initial);
    if (unmet.length > 0) throw unmetRequirements(id, unmet);
  }
}
