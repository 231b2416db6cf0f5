import { handleClosedError } from "./closed-error.ts";
import type { SqliteSession } from "./sqlite-session.ts";

/** A session until the body it was lent to has ended. */
export class SessionScope {
  readonly #session: SqliteSession;
  #ended: (() => Error) | undefined;

  constructor(session: SqliteSession) {
    this.#session = session;
  }

  /** @throws {AtlasError} storage.handle_closed, or what `end` was given */
  get session(): SqliteSession {
    this.refuseAfterEnd();
    return this.#session;
  }

  refuseAfterEnd(): void {
    if (this.#ended !== undefined) throw this.#ended();
  }

  /**
   * From now on every use is refused with an error of its own, whose stack shows
   * who used it. Making one for every body that ends would cost more than most.
   */
  end(error: () => Error = handleClosedError): void {
    this.#ended ??= error;
  }
}
