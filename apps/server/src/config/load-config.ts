import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { serverError } from "../errors.ts";
import {
  type Config,
  type ConfigKey,
  configFields,
  configKeys,
  configSchema,
  flagOf,
  variableOf,
} from "./config-fields.ts";
import type { ConfigOrigin, ConfigSource, LoadedConfig } from "./loaded-config.ts";
import { nearestName } from "./nearest-name.ts";

/** Where settings come from; the flags hold only those that were given. */
export interface ConfigInputs {
  readonly dataDirectory: string;
  readonly workingDirectory: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** Variables that do not name a setting but a place. */
const placeVariables = ["ATLAS_DATA_DIR", "ATLAS_CONFIG"];

/**
 * Reads all settings: flags before variables before the file before defaults.
 *
 * @throws {AtlasError} configuration.unknown_setting, configuration.invalid_setting,
 * configuration.file_invalid
 */
export function loadConfig(inputs: ConfigInputs): LoadedConfig {
  const file = readConfigFile(inputs);
  const { config: _place, ...flags } = inputs.flags;
  const layers: readonly Layer[] = [
    { source: "flag", values: valuesFromText(flags), nameOf: flagOf },
    { source: "environment", values: valuesFromEnvironment(inputs.env), nameOf: variableOf },
    { source: "file", values: file.values, nameOf: (key) => `"${key}" in ${file.path}` },
  ];
  for (const layer of layers) checkLayer(layer);

  const values: Record<string, unknown> = {};
  const origins: Record<string, ConfigOrigin> = {};
  for (const key of configKeys) {
    const layer = layers.find((candidate) => candidate.values[key] !== undefined);
    values[key] = layer === undefined ? configFields[key].fallback : layer.values[key];
    origins[key] =
      layer === undefined
        ? { source: "default" }
        : { source: layer.source, name: layer.source === "file" ? file.path : layer.nameOf(key) };
  }
  return Object.freeze({
    // Every layer has passed the schema, and every key has a value or its fallback.
    config: Object.freeze(values as Record<ConfigKey, unknown>) as Config,
    origins: Object.freeze(origins) as LoadedConfig["origins"],
    ...(file.found ? { file: file.path } : {}),
  });
}

interface Layer {
  readonly source: Exclude<ConfigSource, "default">;
  readonly values: Readonly<Record<string, unknown>>;
  /** How a user of this layer writes the key. */
  readonly nameOf: (key: string) => string;
}

function valuesFromText(texts: Readonly<Record<string, string>>): Record<string, unknown> {
  const fields: Readonly<Record<string, { readonly fromText: (text: string) => unknown }>> =
    configFields;
  return Object.fromEntries(
    Object.entries(texts).map(([key, text]) => [key, fields[key]?.fromText(text) ?? text]),
  );
}

function valuesFromEnvironment(env: ConfigInputs["env"]): Record<string, unknown> {
  const keys = new Map(configKeys.map((key) => [variableOf(key), key]));
  const texts: Record<string, string> = {};
  for (const [variable, text] of Object.entries(env)) {
    if (!variable.startsWith("ATLAS_") || placeVariables.includes(variable)) continue;
    const key = keys.get(variable);
    if (key === undefined) throw unknownSetting(variable, [...keys.keys(), ...placeVariables]);
    // An empty variable is how shells and containers say "not set".
    if (text) texts[key] = text;
  }
  return valuesFromText(texts);
}

function readConfigFile({ dataDirectory, workingDirectory, flags, env }: ConfigInputs): {
  readonly path: string;
  readonly found: boolean;
  readonly values: Readonly<Record<string, unknown>>;
} {
  const named = flags["config"] ?? (env["ATLAS_CONFIG"] || undefined);
  const path =
    named === undefined ? join(dataDirectory, "config.json") : resolve(workingDirectory, named);
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    // Nobody asked for the default file; that its directory is none, opening the store will say.
    if (named === undefined && ["ENOENT", "ENOTDIR"].includes(code))
      return { path, found: false, values: {} };
    throw fileInvalid(path, "cannot be read", cause);
  }
  return { path, found: true, values: parseObject(path, text) };
}

function parseObject(path: string, text: string): Readonly<Record<string, unknown>> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw fileInvalid(path, "is not valid JSON", cause);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value))
    throw fileInvalid(path, "does not hold a JSON object");
  return value as Readonly<Record<string, unknown>>;
}

function fileInvalid(path: string, problem: string, cause?: unknown): Error {
  return serverError("configuration.file_invalid", `The configuration file ${path} ${problem}.`, {
    cause,
    details: { file: path },
  });
}

function checkLayer({ values, nameOf }: Layer): void {
  const known: readonly string[] = configKeys;
  for (const key of Object.keys(values)) if (!known.includes(key)) throw unknownSetting(key, known);
  const result = configSchema.safeParse(values);
  const issue = result.error?.issues[0];
  if (issue === undefined) return;
  const name = nameOf(String(issue.path[0]));
  throw serverError(
    "configuration.invalid_setting",
    `The setting ${name} has a value that cannot be used: ${issue.message}.`,
    { details: { setting: name, issue: issue.message } },
  );
}

function unknownSetting(name: string, known: readonly string[]): Error {
  const nearest = nearestName(name, known);
  return serverError(
    "configuration.unknown_setting",
    nearest === undefined
      ? `There is no setting "${name}". There are ${known.join(", ")}.`
      : `There is no setting "${name}". Did you mean "${nearest}"?`,
    { details: { setting: name, ...(nearest === undefined ? { known } : { nearest }) } },
  );
}
