import type { StandardSchemaWithJSON } from "@modelcontextprotocol/server";
import type { Tool } from "../tools/tool.ts";

/** The schemas of a tool in the form the SDK takes. */
export interface AdvertisedSchemas {
  readonly input: StandardSchemaWithJSON;
  readonly output: StandardSchemaWithJSON;
}

const byTool = new WeakMap<Tool, AdvertisedSchemas>();

/**
 * The schemas of a tool for the SDK, made once per tool.
 *
 * They advertise and let everything through. The tool checks its arguments
 * itself, so that a refusal has a code, a hint and the known names like every
 * other failure, and the same on the command line. And the JSON is
 * kept: the SDK would compute it anew for each request over HTTP.
 */
export function advertised(tool: Tool): AdvertisedSchemas {
  let schemas = byTool.get(tool);
  if (schemas === undefined) {
    schemas = {
      input: advertise(() => tool.inputSchema),
      output: advertise(() => tool.outputSchema),
    };
    byTool.set(tool, schemas);
  }
  return schemas;
}

function advertise(schema: () => object): StandardSchemaWithJSON {
  const json = (): Record<string, unknown> => ({ ...schema() });
  return {
    "~standard": {
      version: 1,
      vendor: "atlas",
      validate: (value) => ({ value }),
      jsonSchema: { input: json, output: json },
    },
  };
}
