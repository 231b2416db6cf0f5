import type { Task } from "@atlas/tasks";

/** A task in an answer; fields that say nothing are left out of the smaller views. */
export type TaskView = Readonly<Partial<Task>> & Pick<Task, "id" | "path">;

/**
 * How much of a task an answer holds. `brief` names it and says where it
 * stands. `concise` adds what somebody needs who works on it. `full` is
 * everything.
 */
export type TaskDetail = "brief" | "concise" | "full";

/** A task in one of the three sizes. */
export function viewOf(task: Task, detail: TaskDetail): TaskView {
  switch (detail) {
    case "full":
      return task;
    case "concise":
      return conciseView(task);
    case "brief":
      return briefView(task);
  }
}

function briefView(task: Task): TaskView {
  const { id, path, name, type, status, priority, version } = task;
  return {
    id,
    path,
    name,
    type,
    status,
    priority,
    version,
    ...(task.dependencies.length > 0 && { dependencies: task.dependencies }),
    ...(task.unfinishedDependencies > 0 && {
      unfinishedDependencies: task.unfinishedDependencies,
    }),
    ...(task.children > 0 && { children: task.children, progress: task.progress }),
    ...(task.tags.length > 0 && { tags: task.tags }),
    ...(task.assignee !== null && { assignee: task.assignee }),
    ...(task.lease !== null && { lease: task.lease }),
  };
}

function conciseView(task: Task): TaskView {
  const { description, reasoning, metadata, notes } = task;
  return {
    ...briefView(task),
    ...(description !== "" && { description }),
    ...(reasoning !== "" && { reasoning }),
    ...(Object.keys(metadata).length > 0 && { metadata }),
    ...(notes.length > 0 && { notes }),
  };
}
