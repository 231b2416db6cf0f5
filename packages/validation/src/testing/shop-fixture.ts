import { z } from "zod";
import { defineRule, type BusinessRule } from "../business-rule.ts";
import type { RuntimeCheck } from "../runtime-check.ts";

/** The items that the rules of the suite validate. */
export const orderSchema: z.ZodType<Order> = z.strictObject({
  product: z.string().min(1),
  count: z.int().positive().default(1),
  note: z.string().optional(),
});

/** What {@link orderSchema} makes of its input. */
export interface Order {
  readonly product: string;
  readonly count: number;
  readonly note?: string | undefined;
}

/** A store that counts how often it is read. */
export interface Shop {
  readonly stock: Map<string, number>;
  readonly reads: string[];
}

/** A shop with two pens and nothing else. */
export function createShop(): Shop {
  return { stock: new Map([["pen", 2]]), reads: [] };
}

/** Refuses orders beyond the stock; loads the stock once. */
export const stockRule: BusinessRule<Order, Shop> = defineRule({
  code: "order.out_of_stock",
  message: "There is not enough in stock.",
  fields: ["product", "count"],
  load: (orders: readonly Order[], shop: Shop) => {
    shop.reads.push(`stock of ${orders.length}`);
    return Promise.resolve(shop.stock);
  },
  check: (order, stock) => order.count <= (stock.get(order.product) ?? 0) || [{ path: ["count"] }],
});

/** Warns of orders without a note. */
export const noteRule: BusinessRule<Order, unknown> = defineRule({
  code: "order.no_note",
  message: "A note helps the packer.",
  severity: "warning",
  fields: ["note"],
  check: (order: Order) => order.note !== undefined,
});

/** Finds negative stock. */
export const stockCheck: RuntimeCheck<Shop> = {
  code: "shop.negative_stock",
  message: "The stock of a product is negative.",
  verify: (shop) => {
    shop.reads.push("check");
    return [...shop.stock].flatMap(([product, count]) => (count < 0 ? [{ path: [product] }] : []));
  },
};

/** Finds negative stock like {@link stockCheck}, and offers to correct or to remove it. */
export const repairableCheck: RuntimeCheck<Shop> = {
  code: "shop.negative_stock",
  message: "The stock of a product is negative.",
  *verify({ stock }) {
    for (const [product, count] of stock) {
      if (count < 0) yield { path: [product], repairs: [remove, correct] };
    }
  },
  repair(steps, { stock, reads }) {
    reads.push(`repair ${steps.length}`);
    for (const { name, path } of steps) {
      if (name === "remove") stock.delete(String(path[0]));
      else stock.set(String(path[0]), 0);
    }
  },
};

const remove = {
  name: "remove",
  description: "Remove the product.",
  safety: "needs_decision",
} as const;

const correct = {
  name: "correct",
  description: "Set the stock to zero.",
  safety: "safe",
} as const;

/** A shop in which two products have a negative stock. */
export function createBrokenShop(): Shop {
  return {
    stock: new Map([
      ["ink", -1],
      ["pad", -2],
      ["pen", 2],
    ]),
    reads: [],
  };
}
