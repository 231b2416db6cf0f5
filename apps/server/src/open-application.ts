import type { Application } from "./application.ts";
import type { Runtime } from "./runtime.ts";

/**
 * Opens the store and everything over it. The code for that is loaded here and
 * not before: a command that needs no store, and a client that waits for its
 * first answer, do not wait for it.
 *
 * @throws {AtlasError} storage.* when the data file cannot be opened.
 */
export async function openApplication(runtime: Runtime): Promise<Application> {
  const { compose } = await import("./compose.ts");
  return compose(runtime);
}

/** An application that is opened at its first use. */
export interface LazyApplication extends AsyncDisposable {
  /** The open application; after a failure the next call tries again. */
  get(): Promise<Application>;
}

/** Opens once, however many ask; hears of each failure through `onFailure`. */
export function openLazily(
  open: () => Promise<Application>,
  onFailure: (error: unknown) => void,
): LazyApplication {
  let opening: Promise<Application> | undefined;
  return {
    get() {
      opening ??= open().catch((error: unknown) => {
        opening = undefined;
        onFailure(error);
        throw error;
      });
      return opening;
    },
    async [Symbol.asyncDispose]() {
      // A failure was reported when it happened.
      const application = await opening?.catch(() => undefined);
      await application?.[Symbol.asyncDispose]();
    },
  };
}
