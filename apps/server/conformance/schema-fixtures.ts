import { fromJsonSchema, type McpServer } from "@modelcontextprotocol/server";

/** Keywords of JSON Schema 2020-12 that must reach the client as they are. */
const contactSchema = {
  $schema: "https://json-schema.org/draft/2020-12/schema",
  type: "object",
  $defs: {
    address: {
      $anchor: "addressDef",
      type: "object",
      properties: { street: { type: "string" }, city: { type: "string" } },
    },
  },
  properties: {
    name: { type: "string" },
    address: { $ref: "#/$defs/address" },
    contactMethod: { type: "string", enum: ["phone", "email"] },
    phone: { type: "string" },
    email: { type: "string" },
  },
  allOf: [{ anyOf: [{ required: ["phone"] }, { required: ["email"] }] }],
  if: { properties: { contactMethod: { const: "phone" } }, required: ["contactMethod"] },
  // oxlint-disable-next-line unicorn/no-thenable -- a keyword of JSON Schema; nobody awaits this.
  then: { required: ["phone"] },
  else: { required: ["email"] },
  additionalProperties: false,
} as const;

/** An argument that travels in a header as well. */
const headerSchema = {
  type: "object",
  properties: { region: { type: "string", "x-mcp-header": "Region" } },
  required: ["region"],
} as const;

/** Tools whose schemas are what is tested. */
export function registerSchemaFixtures(server: McpServer): void {
  for (const [name, schema] of [
    ["json_schema_2020_12_tool", contactSchema],
    ["test_x_mcp_header", headerSchema],
  ] as const)
    server.registerTool(
      name,
      { description: `Has a schema (${name})`, inputSchema: fromJsonSchema(schema) },
      (given) => ({ content: [{ type: "text", text: JSON.stringify(given) }] }),
    );
}
