import { storageError } from "../errors.ts";

/** Most characters a key has. */
export const keyLengthMax = 4_096;

/** Most characters a pattern has. */
const patternLengthMax = 256;

/** Says whether a key matches. */
export type KeyMatcher = (key: string) => boolean;

/**
 * Compiles a pattern in which `*` stands for any characters, none included.
 *
 * Each part between two stars is looked for once, behind the one before, so
 * that no pattern makes a key be read again and again.
 *
 * @throws {AtlasError} storage.cache_key_invalid
 */
export function compilePattern(pattern: string): KeyMatcher {
  requireLength("pattern", pattern, patternLengthMax);
  const parts = pattern.split("*");
  const first = parts.shift() ?? "";
  const last = parts.pop();
  if (last === undefined) return (key) => key === pattern;
  return (key) => {
    if (key.length < first.length + last.length) return false;
    if (!key.startsWith(first) || !key.endsWith(last)) return false;
    const end = key.length - last.length;
    let at = first.length;
    for (const part of parts) {
      const found = key.indexOf(part, at);
      if (found === -1 || found + part.length > end) return false;
      at = found + part.length;
    }
    return true;
  };
}

/** @throws {AtlasError} storage.cache_key_invalid */
export function requireKey(key: string): void {
  requireLength("key", key, keyLengthMax);
}

function requireLength(what: string, text: string, lengthMax: number): void {
  if (typeof text === "string" && text.length > 0 && text.length <= lengthMax) return;
  throw storageError(
    "storage.cache_key_invalid",
    `A ${what} of the cache must be a string of 1 to ${lengthMax} characters.`,
    { details: { what, lengthMax } },
  );
}
