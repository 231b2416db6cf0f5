import type { Logger } from "@atlas/monitoring";
import type { LoadedConfig } from "./config/loaded-config.ts";

/** What every command knows before anything is opened. */
export interface Runtime extends LoadedConfig {
  readonly version: string;
  /** Absolute path. */
  readonly dataDirectory: string;
  readonly logger: Logger;
}
