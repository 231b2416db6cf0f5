import { handleClosedError } from "./closed-error.ts";
import type { SqliteSession } from "./sqlite-session.ts";

/** A session until the body it was lent to has ended. */
export class SessionScope {
  readonly #session: SqliteSession;
  #ended: Error | undefined;

  constructor(session: SqliteSession) {
    this.#session = session;
  }

  /** @throws {AtlasError} storage.handle_closed, or what `end` was given */
  get session(): SqliteSession {
    this.refuseAfterEnd();
    return this.#session;
  }

  refuseAfterEnd(): void {
    if (this.#ended !== undefined) throw this.#ended;
  }

  /** From now on every use is refused. */
  end(error: Error = handleClosedError()): void {
    this.#ended ??= error;
  }
}
