import * as z from "zod/v4";
import { logLevels, type LogThreshold } from "@atlas/monitoring";

/** One setting: what it may be, what it is unless somebody says otherwise, how text becomes it. */
export interface ConfigField<Value> {
  readonly schema: z.ZodType<Value>;
  readonly fallback: Value;
  /** For flags and variables, which are always text. */
  readonly fromText: (text: string) => unknown;
  /** One line for `--help`. */
  readonly help: string;
}

const asText = (text: string): string => text;
const asNumber = (text: string): unknown => (/^-?\d+$/.test(text) ? Number(text) : text);
const asList = (text: string): string[] =>
  text.split(",").flatMap((part) => (part.trim() === "" ? [] : [part.trim()]));

/** A whole number between two ends. */
function whole(min: number, max: number): z.ZodType<number> {
  return z.int().min(min).max(max);
}

/** `auto` is `info` for servers and `error` for other commands. */
export type LogLevelChoice = "auto" | LogThreshold;

/** All settings, as read once at the start. */
export interface Config {
  readonly logLevel: LogLevelChoice;
  /** Null: the name of the client, or the user. */
  readonly actor: string | null;
  readonly host: string;
  readonly port: number;
  readonly allowedHosts: readonly string[];
  /** Null: `token`, in the data directory. */
  readonly tokenFile: string | null;
  readonly bodyMaxBytes: number;
  readonly shutdownTimeoutMs: number;
  readonly durability: "full" | "relaxed";
  readonly leaseMs: number;
  readonly stdioLeaseMs: number;
}

/** The name of a setting. */
export type ConfigKey = keyof Config;

const levels: readonly LogLevelChoice[] = ["auto", ...logLevels, "silent"];
const text = z.string().trim().min(1);

/** Every setting by name, in the order of `atlas config`. */
export const configFields: { readonly [Key in ConfigKey]: ConfigField<Config[Key]> } = {
  logLevel: {
    schema: z.enum(levels),
    fallback: "auto",
    fromText: asText,
    help: "Least important log line: auto, debug, info, warn, error or silent",
  },
  actor: {
    schema: text.max(100).nullable(),
    fallback: null,
    fromText: asText,
    help: "Who acts, for the history (default: the name of the client, or the user)",
  },
  host: {
    schema: text,
    fallback: "127.0.0.1",
    fromText: asText,
    help: "Address that `serve` listens on",
  },
  port: {
    schema: whole(0, 65_535),
    fallback: 7420,
    fromText: asNumber,
    help: "Port that `serve` listens on; 0 takes any free one",
  },
  allowedHosts: {
    schema: z.array(text).max(100),
    fallback: [],
    fromText: asList,
    help: "Further host names that requests may be addressed to, with commas between",
  },
  tokenFile: {
    schema: text.nullable(),
    fallback: null,
    fromText: asText,
    help: "File with the bearer token (default: token, in the data directory)",
  },
  bodyMaxBytes: {
    schema: whole(1_024, 67_108_864),
    fallback: 4_194_304,
    fromText: asNumber,
    help: "Largest HTTP request body, in bytes",
  },
  shutdownTimeoutMs: {
    schema: whole(0, 600_000),
    fallback: 10_000,
    fromText: asNumber,
    help: "Longest wait at a stop for calls that still run, in milliseconds",
  },
  durability: {
    schema: z.enum(["full", "relaxed"]),
    fallback: "full",
    fromText: asText,
    help: "full: what is acknowledged survives a power failure; relaxed: a crash of the program",
  },
  leaseMs: {
    schema: whole(1_000, 86_400_000),
    fallback: 900_000,
    fromText: asNumber,
    help: "How long a claim holds over HTTP and on the command line, in milliseconds",
  },
  stdioLeaseMs: {
    schema: whole(3_000, 86_400_000),
    fallback: 30_000,
    fromText: asNumber,
    help: "How long a claim over stdio holds after the client is gone, in milliseconds",
  },
};

/** The names of all settings. */
// Object.keys forgets the type of the keys of an object it knows completely.
export const configKeys: readonly ConfigKey[] = Object.keys(configFields) as ConfigKey[];

/** The one schema that every source of settings has to meet. */
export const configSchema: z.ZodType<Partial<Config>> = z.strictObject(
  // fromEntries loses which key has which schema; `configFields` has said it.
  Object.fromEntries(
    configKeys.map((key) => [key, configFields[key].schema.optional()]),
  ) as Partial<Record<ConfigKey, z.ZodType>>,
) as z.ZodType<Partial<Config>>;

/** `port` → `ATLAS_PORT`. */
export function variableOf(key: string): string {
  return `ATLAS_${key.replaceAll(/[A-Z]/g, "_$&").toUpperCase()}`;
}

/** `tokenFile` → `--token-file`. */
export function flagOf(key: string): string {
  return `--${key.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}
