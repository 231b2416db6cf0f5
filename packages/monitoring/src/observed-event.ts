/** What every event of every package has; the rest differs. */
export interface ObservedEvent {
  readonly type: string;
}

/** Fits the `onEvent` option of every package. Never throws. */
export type EventObserver = (event: ObservedEvent) => void;

/** The name of an event across packages: `storage` and `opened` give `storage.opened`. */
export function nameOf(event: ObservedEvent, source: string | undefined): string {
  return source === undefined || event.type.startsWith(`${source}.`)
    ? event.type
    : `${source}.${event.type}`;
}
