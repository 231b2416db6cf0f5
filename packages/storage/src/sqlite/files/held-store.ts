import type { Connection, Reader } from "../../connection.ts";
import type { Dialect } from "../../dialect.ts";
import { storageError } from "../../errors.ts";
import type { ExclusiveStore } from "../../files/exclusive-store.ts";
import { closedError } from "../closed-error.ts";
import { configure, createSession, type DataFile } from "../data-file.ts";
import type { Handle } from "../driver.ts";
import { ScopedConnection } from "../scoped-connection.ts";
import { ScopedReader } from "../scoped-reader.ts";
import { SessionScope } from "../session-scope.ts";
import { sqliteDialect } from "../sqlite-dialect.ts";
import type { SqliteSession } from "../sqlite-session.ts";
import { translateError } from "../translate-error.ts";

/** A store over one handle that holds the file, for as long as the work on it runs. */
export class HeldStore implements ExclusiveStore {
  readonly path: string;
  readonly dialect: Dialect = sqliteDialect;
  readonly #session: SqliteSession;
  readonly #location: string;
  #busy = false;
  #bodies = 0;
  #closed = false;

  constructor(file: DataFile, handle: Handle) {
    this.path = file.path;
    this.#location = file.location;
    this.#session = createSession(file, configure(file, handle, "writer"));
    // Nobody shares the log, so SQLite itself may wait for the device.
    handle.pragma("synchronous = full");
  }

  async read<T>(body: (reader: Reader) => T | Promise<T>): Promise<T> {
    return this.#alone(async (scope, id) => {
      this.#session.verbs.beginRead();
      return body(new ScopedReader(id, scope, () => undefined));
    });
  }

  async write<T>(body: (connection: Connection) => T | Promise<T>): Promise<T> {
    return this.#alone(async (scope, id) => {
      if (!this.#session.verbs.tryBeginWrite()) throw closedError(this.#location);
      const result = await body(new ScopedConnection(id, scope));
      this.#session.verbs.commit();
      return result;
    });
  }

  async vacuum(): Promise<void> {
    await this.#alone(async () => {
      try {
        this.#session.handle.exec("vacuum");
      } catch (cause) {
        throw translateError(cause, { during: "run", location: this.#location });
      }
    });
  }

  /** Ends an open transaction and gives the file back. */
  close(): void {
    this.#closed = true;
    this.#session.close();
  }

  async #alone<T>(work: (scope: SessionScope, id: string) => Promise<T>): Promise<T> {
    if (this.#closed) throw closedError(this.#location);
    if (this.#busy) throw oneAtATime(this.#location);
    this.#busy = true;
    const scope = new SessionScope(this.#session);
    try {
      return await work(scope, `exclusive-${(this.#bodies += 1)}`);
    } finally {
      scope.end();
      // After the work was given up the handle is closed, which ends the transaction too.
      if (!this.#closed) this.#session.verbs.rollback();
      this.#busy = false;
    }
  }
}

function oneAtATime(location: string): Error {
  return storageError(
    "storage.transaction_open",
    `A store that is held alone does one thing at a time, and another body runs on ${location}. ` +
      "Await it first.",
    { txState: "active", details: { location } },
  );
}
