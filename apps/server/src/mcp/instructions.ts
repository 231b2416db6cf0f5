/** What a model is told about Atlas before it calls anything; at most 2,000 characters. */
export const instructions: string = `\
Atlas keeps plans and tasks that survive sessions and crashes; several agents may work on them
at once.

Plan: task_create takes a whole tree in one call. Give each task a path (project/feature/step);
tasks of the same call may name each other by path as parent or dependency. Use type group for
what only holds others together.

Work: task_next with claim true gives you ready work that nobody else gets. Do it, then
task_update with status completed, the lease token and a note of kind completion that says what
shows that it is done. If it cannot be done: status failed with a note of kind troubleshooting.
To give it back: task_claim with action release. A lease runs out; renew long work with
task_claim action renew. task.lease_expired means that the task is no longer yours: stop and
claim anew.

Dependencies decide what is ready: a task with unfinished ones shows blocked by itself. Never
set blocked.

Read: task_list finds (query, status, under a path); its answers are small, follow nextCursor
for more. task_get reads a task with its description and notes. task_history says who changed
what.

Write safely: pass if_version with the version you read; task.version_conflict means that
somebody was faster: read again. Calls with several items are all or nothing unless mode is
item-by-item.

Errors carry a code, what happened and what to do next.`;
