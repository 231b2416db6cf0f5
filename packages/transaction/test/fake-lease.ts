import type { Database, WriterLease } from "@atlas/storage";

/** What a test may do to the lease that a manager takes. */
export interface LeaseControl {
  /** Called before each sync; what it throws is the device's failure. */
  beforeSync?: () => void | Promise<void>;
  /** Called before each commit. */
  beforeCommit?: () => void;
  /** Called when one was made; what it throws is told instead. */
  afterCommit?: () => void;
  /** Called before each reopening. */
  beforeReopen?: () => void;
  /** In order: commit, sync begins, sync ends, reopen. */
  readonly log: string[];
}

/**
 * A real database whose writer lease reports what happens to it and can be made
 * to fail: the device is the one part of it that a test cannot have for real.
 */
export function controlLease(database: Database): { database: Database; control: LeaseControl } {
  const control: LeaseControl = { log: [] };
  const unsafeTakeWriter = async (): Promise<WriterLease> => {
    const lease = await database.unsafeTakeWriter();
    const writer = new Proxy(lease.writer, {
      get(target, name) {
        if (name === "commit")
          return () => {
            control.beforeCommit?.();
            control.log.push("commit");
            const committed = target.commit();
            control.afterCommit?.();
            return committed;
          };
        const value: unknown = Reflect.get(target, name, target);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
    return {
      writer,
      async syncLog(lane) {
        control.log.push("sync begins");
        await control.beforeSync?.();
        await lease.syncLog(lane);
        control.log.push("sync ends");
      },
      syncLogBlocking() {
        control.log.push("sync begins");
        void control.beforeSync?.();
        lease.syncLogBlocking();
        control.log.push("sync ends");
      },
      reopenRequired: () => lease.reopenRequired(),
      async reopen() {
        control.log.push("reopen");
        control.beforeReopen?.();
        await lease.reopen();
      },
      release: () => lease.release(),
    };
  };
  const controlled = new Proxy(database, {
    get(target, name) {
      if (name === "unsafeTakeWriter") return unsafeTakeWriter;
      const value: unknown = Reflect.get(target, name, target);
      return typeof value === "function" ? value.bind(target) : value;
    },
  });
  return { database: controlled, control };
}
