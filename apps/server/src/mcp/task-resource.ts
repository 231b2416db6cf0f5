import type { TaskManager } from "@atlas/tasks";
import { AtlasError } from "@atlas/errors";
import {
  type ReadResourceResult,
  ResourceNotFoundError,
  ResourceTemplate,
} from "@modelcontextprotocol/server";

/** Tasks that a list of resources names: the ones changed last. */
const recentMax = 20;

/** Completions of an id; the protocol allows 100. */
const completionsMax = 50;

const uriOf = (id: string): string => `atlas://tasks/${id}`;

/** The template of tasks as resources, with the recent ones as its list. */
export function taskTemplate(tasks: () => Promise<TaskManager>): ResourceTemplate {
  return new ResourceTemplate("atlas://tasks/{id}", {
    list: async () => {
      const page = await (await tasks()).list({}, { order: "updated", limit: recentMax });
      return {
        resources: page.tasks.map(({ id, path, name }) => ({
          uri: uriOf(id),
          name: path,
          title: name,
        })),
      };
    },
    complete: {
      id: async (begun) => {
        const page = await (await tasks()).list({}, { order: "updated", limit: 500 });
        return page.tasks
          .map(({ id }) => id)
          .filter((id) => id.startsWith(begun))
          .slice(0, completionsMax);
      },
    },
  });
}

/** A task with everything, as JSON. */
export async function readTask(tasks: TaskManager, uri: URL): Promise<ReadResourceResult> {
  const id = decodeURIComponent(uri.pathname.slice(1));
  try {
    const [task] = await tasks.get([id]);
    return {
      contents: [
        { uri: uri.href, mimeType: "application/json", text: JSON.stringify(task, undefined, 2) },
      ],
    };
  } catch (error) {
    if (AtlasError.is(error) && error.code === "task.not_found")
      throw new ResourceNotFoundError(uri.href);
    throw error;
  }
}
