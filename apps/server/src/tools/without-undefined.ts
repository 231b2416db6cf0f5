/** The fields of `Value` that may be left out, without `undefined` as their value. */
export type WithoutUndefined<Value extends object> = {
  [Key in keyof Value]: Exclude<Value[Key], undefined>;
};

/** A copy without the fields that are `undefined`, which is how optional fields are left out. */
export function withoutUndefined<Value extends object>(value: Value): WithoutUndefined<Value> {
  const given = Object.entries(value).filter(([, part]) => part !== undefined);
  // fromEntries forgets the names; only fields that were undefined are gone.
  return Object.fromEntries(given) as WithoutUndefined<Value>;
}
