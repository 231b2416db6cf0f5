import type { Reader } from "@atlas/storage";
import { unmetOf } from "./dependency-rules.ts";
import type { AtomicServiceState, StateReport, StateSnapshot } from "./service-state.ts";
import { tampered } from "./state-errors.ts";
import type { ResolvedStateOptions } from "./state-options.ts";
import { checksumOf, isSealed, readNewestChecksums, readStates } from "./state-store.ts";

/** Looks at every service. @internal */
export async function verifyStates<State extends string>(
  reader: Reader,
  { states, initial }: ResolvedStateOptions<State>,
): Promise<StateReport> {
  const services = await readStates<State>(reader);
  const newest = await readNewestChecksums(reader);
  const all = [...services.values()];
  const isWhole = (service: AtomicServiceState): boolean =>
    isSealed(service) && newest.get(service.id) === service.checksum;
  // What was tampered with may not even have the shape of a dependency.
  const whole = all.filter(isWhole);
  return {
    checked: all.length,
    tampered: idsOf(all.filter((service) => !isWhole(service))),
    unknown: idsOf(all.filter(({ state }) => !states.has(state))),
    unmet: idsOf(whole.filter((service) => unmetOf(service, services, initial).length > 0)),
  };
}

/** Everything as plain data. @internal */
export async function takeSnapshot<State extends string>(
  reader: Reader,
  takenAt: number,
): Promise<StateSnapshot<State>> {
  const services = [...(await readStates<State>(reader)).values()];
  const broken = services.find((service) => !isSealed(service));
  if (broken !== undefined) throw tampered(`The service "${broken.id}"`);
  const content = { takenAt, services };
  return { ...content, checksum: checksumOf(content) };
}

function idsOf(services: readonly AtomicServiceState[]): readonly string[] {
  return services.map(({ id }) => id);
}
