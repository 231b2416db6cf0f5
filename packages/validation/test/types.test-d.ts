import {
  changedFieldsOf,
  createValidationCoordinator,
  defineRule,
  type ValidationCoordinator,
} from "@atlas/validation";
import { z } from "zod";

const schema = z.object({ name: z.string(), count: z.number().default(1) });
interface Item {
  readonly name: string;
  readonly count: number;
}
interface Store {
  readonly names: ReadonlySet<string>;
}
const stored = defineRule({
  code: "item.stored",
  message: "It is stored already.",
  fields: ["name"],
  load: (_items: readonly Item[], store: Store) => store.names,
  check: (item: Item, names) => !names.has(item.name),
});

export const withContext: ValidationCoordinator<Item, Store> = createValidationCoordinator(schema, {
  rules: [stored],
});
export const withoutContext: ValidationCoordinator<Item> = createValidationCoordinator(schema);

void withoutContext.validate({});
void withoutContext.validate({}, { changedFields: ["count"] });
void withContext.validate({}, { context: { names: new Set() } });
// @ts-expect-error rules that read need a context
void withContext.validate({});
// @ts-expect-error a field that does not exist
void withoutContext.validate({}, { changedFields: ["size"] });
// @ts-expect-error a rule reads fields of its item only
defineRule<Item>({ code: "a.b", message: "", fields: ["size"], check: () => true });
// @ts-expect-error a check answers at once
defineRule<Item>({ code: "a.b", message: "", fields: "all", check: () => Promise.resolve(true) });

interface Deep {
  readonly place?: { readonly geo: { readonly at: { readonly far: { readonly off: number } } } };
  readonly tags: readonly { readonly name: string }[];
}
const deep = { code: "a.b", message: "", check: () => true };
defineRule<Deep>({ ...deep, fields: ["place", "place.geo", "place.geo.at.far", "tags"] });
// @ts-expect-error a field that the object does not have
defineRule<Deep>({ ...deep, fields: ["place.city"] });
// @ts-expect-error paths end at the fourth name
defineRule<Deep>({ ...deep, fields: ["place.geo.at.far.off"] });
// @ts-expect-error a list is one field
defineRule<Deep>({ ...deep, fields: ["tags.name"] });
void withoutContext.validateMany([], { changedFields: (item) => changedFieldsOf(item, item) });
// @ts-expect-error a function that names a field that does not exist
void withoutContext.validateMany([], { changedFields: () => ["size"] });
