import { compilePattern, type KeyMatcher } from "./key-pattern.ts";

/** What is dropped. */
export type Invalidation =
  | { readonly kind: "key"; readonly key: string }
  | { readonly kind: "pattern"; readonly pattern: string; readonly matches: KeyMatcher }
  | { readonly kind: "tags"; readonly tags: ReadonlySet<string> }
  | { readonly kind: "all" };

/** @throws {AtlasError} storage.cache_key_invalid */
export function byPattern(pattern: string): Invalidation {
  return { kind: "pattern", pattern, matches: compilePattern(pattern) };
}

/** Whether it drops a key. Tags that are not known may be any. */
export function covers(
  invalidation: Invalidation,
  key: string,
  tags: readonly string[] | undefined,
): boolean {
  switch (invalidation.kind) {
    case "key":
      return invalidation.key === key;
    case "pattern":
      return invalidation.matches(key);
    case "tags":
      return tags === undefined || tags.some((tag) => invalidation.tags.has(tag));
    case "all":
      return true;
  }
}
