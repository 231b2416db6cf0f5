import type { GetPromptResult } from "@modelcontextprotocol/server";
import * as z from "zod/v4";

/** What the planning prompt asks its user for. */
export const planArguments: z.ZodObject<{ goal: z.ZodString; path: z.ZodOptional<z.ZodString> }> =
  z.object({
    goal: z.string().min(1).describe("What is to be reached"),
    path: z.string().optional().describe("Where the plan goes, such as project/feature"),
  });

/** Asks a model to plan a goal as a tree of tasks with dependencies. */
export function planPrompt({ goal, path }: z.output<typeof planArguments>): GetPromptResult {
  const place = path === undefined ? "a short new path at the top" : `the path ${path}`;
  const text = `Plan this goal as a tree of tasks in Atlas:

${goal}

1. Look with task_list whether a plan for it exists; if so, extend it instead of making a second
   one.
2. Break the goal down until each leaf is one piece of work that one agent finishes in one
   sitting and whose result can be checked. Use type group for the branches, milestone for
   moments that matter.
3. Write for each leaf a description that somebody without this conversation can work from: what
   to do, where, and how to see that it is done. Put why it is needed into reasoning.
4. Set dependencies only where the work really has to wait; everything else can then be done
   side by side.
5. Create the whole tree under ${place} in one task_create call, with paths for parents and
   dependencies.
6. Show the tree and what task_next now gives, and ask before work begins.`;
  return { messages: [{ role: "user", content: { type: "text", text } }] };
}
