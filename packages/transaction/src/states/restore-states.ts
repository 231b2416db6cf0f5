import type { Transaction } from "../transaction.ts";
import { canonicalJson } from "./canonical-json.ts";
import { unmetOf } from "./dependency-rules.ts";
import type { AtomicServiceState, StateSnapshot } from "./service-state.ts";
import type { RestoreResult } from "./service-state-manager.ts";
import { tampered, unknownState, unmetRequirements } from "./state-errors.ts";
import type { ResolvedStateOptions } from "./state-options.ts";
import {
  checksumOf,
  isSealed,
  readStates,
  removeState,
  sealed,
  writeState,
} from "./state-store.ts";

/** Makes the services what a snapshot says, inside `transaction`. @internal */
export async function restoreStates<State extends string>(
  transaction: Transaction,
  snapshot: StateSnapshot<State>,
  options: ResolvedStateOptions<State>,
): Promise<RestoreResult> {
  const wanted = new Map(snapshot.services.map((service) => [service.id, service]));
  checkSnapshot(snapshot, wanted, options);
  const { clock, historyMax } = options;
  const reason = `restored to ${new Date(snapshot.takenAt).toISOString()}`;
  const present = await readStates<State>(transaction);
  const restored: string[] = [];
  const removed: string[] = [];
  for (const service of present.values()) {
    if (wanted.has(service.id)) continue;
    await removeState(transaction, service, { at: clock(), reason });
    removed.push(service.id);
  }
  for (const { id, state, dependencies, data, version: old } of wanted.values()) {
    const before = present.get(id);
    if (before !== undefined && isSealed(before) && isSame(before, { state, dependencies, data }))
      continue;
    const version = Math.max(before?.version ?? 0, old) + 1;
    const after = sealed({ id, version, state, dependencies, data, lastModified: clock() });
    await writeState(transaction, { before, after, reason, historyMax });
    restored.push(id);
  }
  return { restored, removed };
}

function checkSnapshot<State extends string>(
  { checksum, ...content }: StateSnapshot<State>,
  wanted: Map<string, AtomicServiceState<State>>,
  { states, initial }: ResolvedStateOptions<State>,
): void {
  if (checksumOf(content) !== checksum) throw tampered("The snapshot");
  for (const service of wanted.values()) {
    if (!states.has(service.state)) throw unknownState(service.state);
    const unmet = unmetOf(service, wanted, initial);
    if (unmet.length > 0) throw unmetRequirements(service.id, unmet);
  }
}

function isSame<State extends string>(
  service: AtomicServiceState<State>,
  wanted: Pick<AtomicServiceState<State>, "state" | "dependencies" | "data">,
): boolean {
  const { state, dependencies, data } = service;
  return canonicalJson({ state, dependencies, data }) === canonicalJson(wanted);
}
