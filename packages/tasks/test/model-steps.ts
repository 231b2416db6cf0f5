import type { DeleteChildren, SettableStatus } from "@atlas/tasks";
import fc from "fast-check";

/** Chooses one of the tasks that exist when its turn comes. */
export type Choice = number;

/** A task of the call, a stored one, or none. */
export interface NodeReference {
  readonly of: "call" | "store" | "none";
  readonly choice: Choice;
}

/** One new task of a call. */
export interface NewNode {
  readonly parent: NodeReference;
  readonly group: boolean;
  readonly status: SettableStatus;
  readonly dependencies: readonly NodeReference[];
}

/** One call of the task manager. */
export type Step =
  | { readonly call: "create"; readonly nodes: readonly NewNode[] }
  | {
      readonly call: "status";
      readonly task: Choice;
      readonly to: SettableStatus;
      readonly actor: string;
    }
  | { readonly call: "depend" | "undepend"; readonly task: Choice; readonly on: Choice }
  | { readonly call: "move"; readonly task: Choice; readonly under: Choice | null }
  | { readonly call: "retype"; readonly task: Choice; readonly group: boolean }
  | { readonly call: "delete"; readonly task: Choice; readonly children: DeleteChildren }
  | { readonly call: "claimNext"; readonly count: number; readonly actor: string }
  | { readonly call: "claim"; readonly task: Choice; readonly actor: string }
  | { readonly call: "release"; readonly task: Choice; readonly stale: boolean }
  | { readonly call: "wait"; readonly ms: number };

/** How long claims hold in these steps. */
export const leaseMs = 60_000;

// Without bias: small numbers would choose the oldest tasks over and over.
const choice = fc.noBias(fc.nat(1_000));
const actor = fc.constantFrom("ann", "bob");
const statuses = ["pending", "in_progress", "completed", "failed", "cancelled"] as const;
const status = fc.constantFrom<SettableStatus>(...statuses, "completed", "completed");
const mostlyPending = fc.oneof({ weight: 8, arbitrary: fc.constant("pending" as const) }, status);
const reference = (...of: readonly NodeReference["of"][]): fc.Arbitrary<NodeReference> =>
  fc.record({ of: fc.constantFrom(...of), choice });
const node: fc.Arbitrary<NewNode> = fc.record({
  parent: reference("call", "store", "store", "none"),
  group: fc.constantFrom(true, false, false),
  status: mostlyPending,
  dependencies: fc.oneof(
    { weight: 2, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(reference("call", "store"), { maxLength: 2 }) },
  ),
});

const calls: readonly (readonly [weight: number, arbitrary: fc.Arbitrary<Step>])[] = [
  [
    6,
    fc.record({
      call: fc.constant("create"),
      nodes: fc.array(node, { minLength: 1, maxLength: 4 }),
    }),
  ],
  [8, fc.record({ call: fc.constant("status"), task: choice, to: status, actor })],
  [4, fc.record({ call: fc.constant("depend"), task: choice, on: choice })],
  [1, fc.record({ call: fc.constant("undepend"), task: choice, on: choice })],
  [
    4,
    fc.record({ call: fc.constant("move"), task: choice, under: fc.option(choice, { nil: null }) }),
  ],
  [1, fc.record({ call: fc.constant("retype"), task: choice, group: fc.boolean() })],
  [
    2,
    fc.record({
      call: fc.constant("delete"),
      task: choice,
      children: fc.constantFrom<DeleteChildren>("block", "cascade", "orphan"),
    }),
  ],
  [3, fc.record({ call: fc.constant("claimNext"), count: fc.integer({ min: 1, max: 3 }), actor })],
  [2, fc.record({ call: fc.constant("claim"), task: choice, actor })],
  [2, fc.record({ call: fc.constant("release"), task: choice, stale: fc.boolean() })],
  [2, fc.record({ call: fc.constant("wait"), ms: fc.constantFrom(1, leaseMs - 1, leaseMs) })],
];

/** Any call of the task manager. */
export const anyStep: fc.Arbitrary<Step> = fc.oneof(
  ...calls.map(([weight, arbitrary]) => ({ weight, arbitrary })),
);
