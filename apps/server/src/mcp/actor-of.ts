import type { McpServer, ServerContext } from "@modelcontextprotocol/server";
import * as z from "zod/v4";

/** Characters that the name of an actor may have. */
const lengthMax = 100;

/** Modern requests carry the client each. */
const envelopeSchema = z.object({
  "io.modelcontextprotocol/clientInfo": z.object({ name: z.string() }),
});

/** The one who acts when the arguments name nobody: as configured, else the client's name. */
export function actorOf(
  server: McpServer,
  context: ServerContext,
  { actor, fallbackActor }: { readonly actor: string | null; readonly fallbackActor: string },
): string {
  if (actor !== null) return actor;
  const envelope = envelopeSchema.safeParse(context.mcpReq.envelope).data;
  const client =
    envelope?.["io.modelcontextprotocol/clientInfo"] ?? server.server.getClientVersion();
  return client?.name.trim().slice(0, lengthMax) || fallbackActor;
}
