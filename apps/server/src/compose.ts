import { container } from "tsyringe";
import type { Application } from "./application.ts";
import { createScope, type Scope } from "./container/scope.ts";
import { DatabaseToken, RuntimeToken, TasksToken, TransactionsToken } from "./container/tokens.ts";
import { provideEngine } from "./provide/engine.ts";
import { provideMonitoring } from "./provide/monitoring.ts";
import { recoverStore } from "./provide/recovery.ts";
import { provideStorage } from "./provide/storage.ts";
import { provideTasks } from "./provide/tasks.ts";
import { provideTransaction } from "./provide/transaction.ts";
import type { Runtime } from "./runtime.ts";
import type { SystemStatus } from "./tools/tool.ts";

/**
 * Opens everything, layer by layer, and hands out what handlers work with.
 * What was opened before a failure is closed again.
 *
 * @throws {AtlasError} storage.* when the data file cannot be opened.
 */
export async function compose(runtime: Runtime): Promise<Application> {
  const root = createScope(container.createChildContainer());
  try {
    root.provide(RuntimeToken, () => runtime);
    provideMonitoring(root);
    await provideStorage(root);
    await provideTransaction(root);
    await provideEngine(root);
    await recoverStore(root);
    provideTasks(root);
    return applicationOf(root);
  } catch (error) {
    await root[Symbol.asyncDispose]();
    throw error;
  }
}

function applicationOf(root: Scope): Application {
  const tasks = root.use(TasksToken);
  return {
    tasks,
    describeSystem: () => describeSystem(root),
    checkReadiness: async () => void (await tasks.statistics()),
    verify: () => tasks.verify(),
    [Symbol.asyncDispose]: () => root[Symbol.asyncDispose](),
  };
}

async function describeSystem(root: Scope): Promise<SystemStatus> {
  const { version, dataDirectory, config } = root.use(RuntimeToken);
  return {
    version,
    pid: process.pid,
    uptimeSeconds: Math.round(process.uptime()),
    data: dataDirectory,
    tasks: await root.use(TasksToken).statistics(),
    store: {
      durability: config.durability,
      readers: root.use(DatabaseToken).pool.status(),
      transactions: root.use(TransactionsToken).status(),
    },
  };
}
