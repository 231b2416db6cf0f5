import { readFileSync } from "node:fs";

/** The version of this server, from its own package.json. */
export function readVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  // The file is our own and published with us, so its form is known.
  return (JSON.parse(text) as { readonly version: string }).version;
}
