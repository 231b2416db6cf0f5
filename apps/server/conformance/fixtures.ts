/**
 * The tools, resources and prompts that the conformance suite of the protocol
 * calls by name. They exist for its runs only and are not part of the product.
 */
import type { McpServer } from "@modelcontextprotocol/server";
import { registerContentFixtures } from "./content-fixtures.ts";
import { registerInputFixtures } from "./input-fixtures.ts";
import { registerLegacyFixtures } from "./legacy-fixtures.ts";
import { registerSchemaFixtures } from "./schema-fixtures.ts";

/** Adds all fixtures to a server that is not connected yet. */
export function registerFixtures(server: McpServer): void {
  registerContentFixtures(server);
  registerInputFixtures(server);
  registerLegacyFixtures(server);
  registerSchemaFixtures(server);
}
