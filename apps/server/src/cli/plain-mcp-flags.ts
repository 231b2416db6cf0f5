import { parseArgs } from "node:util";
import { configKeys, flagOf } from "../config/config-fields.ts";

/**
 * The flags of a plain `atlas mcp`, or nothing when the command line is
 * anything else.
 *
 * Every stdio client starts a process and waits for it, so this command alone
 * is recognised without loading the whole command line. What is not understood
 * here goes there, where it gets its help or its error.
 */
export function plainMcpFlags(argv: readonly string[]): Record<string, string> | undefined {
  const names = ["data", "config", ...configKeys.map((key) => flagOf(key).slice(2))];
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      options: Object.fromEntries(names.map((name) => [name, { type: "string" as const }])),
      allowPositionals: true,
    });
    if (positionals.length !== 1 || positionals[0] !== "mcp") return undefined;
    const { data: _data, ...flags } = values;
    const keyed = Object.entries(flags).map(([name, value]) => [camelCase(name), value]);
    return Object.fromEntries(keyed) as Record<string, string>;
  } catch {
    return undefined;
  }
}

function camelCase(name: string): string {
  return name.replaceAll(/-(\w)/g, (_match, letter: string) => letter.toUpperCase());
}
