import type { Command } from "commander";
import type { Application } from "../application.ts";
import { openApplication } from "../open-application.ts";
import type { Runtime } from "../runtime.ts";
import { type CommandContext, configFlags } from "./command-context.ts";

/** Opens the store for one command and closes it afterwards, whatever happens. */
export async function withApplication<T>(
  command: Command,
  context: CommandContext,
  body: (application: Application, runtime: Runtime) => Promise<T>,
): Promise<T> {
  const runtime = context.openRuntime(command.name(), configFlags(command));
  await using application = await openApplication(runtime);
  return await body(application, runtime);
}
