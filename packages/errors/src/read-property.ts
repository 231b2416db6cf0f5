/** Reads a property of any value; `undefined` when there is none or reading it throws. */
export function readProperty(value: unknown, name: string): unknown {
  if ((typeof value !== "object" && typeof value !== "function") || value === null) {
    return undefined;
  }
  try {
    return Reflect.get(value, name);
  } catch {
    return undefined;
  }
}

/** Reads a property if it is a string. */
export function readString(value: unknown, name: string): string | undefined {
  const property = readProperty(value, name);
  return typeof property === "string" ? property : undefined;
}
