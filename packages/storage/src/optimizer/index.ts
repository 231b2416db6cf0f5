// Which statements run, how often and how long.
export type { QueryLog, QueryLogEntry, StatementLog } from "../query-log/query-log.ts";
export {
  createQueryLog,
  queryLogStatementsMax,
  queryLogTextLengthMax,
  type QueryLogOptions,
} from "../query-log/create-query-log.ts";

// How they run, and what would make them cheaper.
export type {
  IndexAdvice,
  IndexSuggestion,
  MaintenanceReport,
  OptimizerQuery,
  QueryCost,
  QueryGain,
  QueryOptimizer,
  QueryPlan,
  QueryStep,
  QueryStepType,
  RedundantIndex,
  RewrittenQuery,
} from "./query-optimizer.ts";
