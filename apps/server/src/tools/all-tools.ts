import { systemStatus } from "./system-status.ts";
import { taskClaim } from "./task-claim.ts";
import { taskCreate } from "./task-create.ts";
import { taskDelete } from "./task-delete.ts";
import { taskGet } from "./task-get.ts";
import { taskHistory } from "./task-history.ts";
import { taskList } from "./task-list.ts";
import { taskNext } from "./task-next.ts";
import { taskUpdate } from "./task-update.ts";
import type { Tool } from "./tool.ts";

/** Every tool, always in this order: clients cache the list. */
export const allTools: readonly Tool[] = [
  taskCreate,
  taskUpdate,
  taskGet,
  taskList,
  taskNext,
  taskClaim,
  taskDelete,
  taskHistory,
  systemStatus,
];
