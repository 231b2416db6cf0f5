/** Names that are redacted in every logger. */
export const redactedFields: readonly string[] = Object.freeze([
  "accessToken",
  "apiKey",
  "authorization",
  "cookie",
  "credentials",
  "password",
  "privateKey",
  "refreshToken",
  "secret",
  "setCookie",
  "token",
]);

/** Tells whether a field is redacted; `Api-Key`, `api_key` and `apiKey` are the same name. */
export function createRedaction(names: readonly string[]): (field: string) => boolean {
  const redacted = new Set([...redactedFields, ...names].map(plain));
  return (field) => redacted.has(plain(field));
}

function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_]/g, "");
}
