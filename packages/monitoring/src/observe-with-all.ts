import type { EventObserver } from "./observed-event.ts";

/** Makes one observer of many: each gets every event, whatever the others throw. */
export function observeWithAll(...observers: readonly EventObserver[]): EventObserver {
  return (event) => {
    for (const observe of observers) {
      try {
        observe(event);
      } catch {
        // Watching must change neither the program nor the other watchers.
      }
    }
  };
}
