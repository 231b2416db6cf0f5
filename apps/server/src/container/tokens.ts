import type { UnifiedStorageEngine } from "@atlas/engine";
import type { EventObserver, Logger, MetricsRegistry } from "@atlas/monitoring";
import type { Database } from "@atlas/storage";
import type { StorageModule } from "@atlas/storage/module";
import type { TaskManager } from "@atlas/tasks";
import type { TransactionManager } from "@atlas/transaction";
import type { Runtime } from "../runtime.ts";
import { type Token, token } from "./token.ts";

/** Settings, version and place of the data. */
export const RuntimeToken: Token<Runtime> = token("Runtime");
/** Where lines are logged. */
export const LoggerToken: Token<Logger> = token("Logger");
/** What is counted and timed. */
export const MetricsToken: Token<MetricsRegistry> = token("MetricsRegistry");
/** Hears what every package reports. */
export const ObserverToken: Token<EventObserver> = token("EventObserver");
/** The data file with what looks after it. */
export const StorageToken: Token<StorageModule> = token("StorageModule");
/** The data file. */
export const DatabaseToken: Token<Database> = token("Database");
/** Owns the writer of the data file. */
export const TransactionsToken: Token<TransactionManager> = token("TransactionManager");
/** The collections over it. */
export const EngineToken: Token<UnifiedStorageEngine> = token("UnifiedStorageEngine");
/** The tasks in them. */
export const TasksToken: Token<TaskManager> = token("TaskManager");
