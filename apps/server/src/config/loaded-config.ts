import type { Config, ConfigKey } from "./config-fields.ts";

/** What gave a setting its value. */
export type ConfigSource = "flag" | "environment" | "file" | "default";

/** Where the value of a setting comes from. */
export interface ConfigOrigin {
  readonly source: ConfigSource;
  /** The flag, the variable or the path of the file; absent for a default. */
  readonly name?: string;
}

/** The settings and where each came from. */
export interface LoadedConfig {
  readonly config: Config;
  readonly origins: Readonly<Record<ConfigKey, ConfigOrigin>>;
  /** The file that was read; absent when there is none. */
  readonly file?: string;
}
