import type { Connection, Reader } from "@atlas/storage";
import { dropAll, dropIndex, makeIndex, type Workshop } from "./build-index.ts";
import { stateOf } from "./existing-index.ts";
import type { IndexDeclaration } from "./index-declaration.ts";
import { forgetBuild, readBuilds } from "./build-ledger.ts";
import { createLedger, forgetIndex, type Ledger, readLedger, recordIndex } from "./index-ledger.ts";
import type { ResolvedIndexOptions } from "./index-options.ts";
import type { EnsureReport } from "./index-report.ts";

/** What has to be done so that the store is as declared. */
interface Plan {
  readonly ledger: Ledger | undefined;
  readonly create: readonly IndexDeclaration[];
  readonly replace: readonly IndexDeclaration[];
  readonly remove: readonly IndexDeclaration[];
}

/** Brings the store in line with the declarations; see `IndexCoordinator.ensure`. */
export async function ensureIndexes(
  options: ResolvedIndexOptions,
  workshop: Workshop,
): Promise<Omit<EnsureReport, "finished">> {
  const { transactions, buildTimeoutMs } = options;
  // Most starts find everything in place, and reading does not wait for the writer.
  const first = await transactions.read((reader) => plan(options, workshop, reader));
  if (isEmpty(first)) return reportOf(first);
  const done = await transactions.atomic(
    // Another process may have been faster: what is to be done is seen anew.
    async (connection) => {
      const current = await plan(options, workshop, connection);
      await carryOut(options, workshop, current);
      return current;
    },
    { holdTimeoutMs: buildTimeoutMs },
  );
  return reportOf(done);
}

/** Rebuilds that were begun from these declarations and have not ended. */
export async function unfinishedBuilds({
  transactions,
  dialect,
  declarations,
}: ResolvedIndexOptions): Promise<readonly IndexDeclaration[]> {
  const builds = await transactions.read((reader) => readBuilds(reader, dialect));
  return declarations.filter(({ name }) => builds.has(name));
}

async function plan(
  options: ResolvedIndexOptions,
  { tables }: Workshop,
  reader: Reader,
): Promise<Plan> {
  const { dialect, declarations, owner } = options;
  const ledger = await readLedger(reader, dialect, owner);
  const entries: Ledger = ledger ?? new Map();
  const create: IndexDeclaration[] = [];
  const replace: IndexDeclaration[] = [];
  for (const declaration of declarations) {
    const state = await stateOf(reader, declaration, { dialect, tables, ledger: entries });
    if (state === "as_declared") continue;
    // What was recorded and lost is made again after whatever is left of it was removed.
    const wasThere = state === "otherwise" || entries.has(declaration.name);
    (wasThere ? replace : create).push(declaration);
  }
  const remove = undeclaredIn(entries, options);
  return { ledger, create, replace, remove };
}

/**
 * What was made here and is no longer declared. Tables that this program does
 * not declare belong to another part of it, or to another program: nothing is
 * said about their indexes.
 */
export function undeclaredIn(
  ledger: Ledger,
  { declarations, tables }: Pick<ResolvedIndexOptions, "declarations" | "tables">,
): readonly IndexDeclaration[] {
  const declared = new Set(declarations.map(({ name }) => name));
  const known = new Set(tables.map(({ name }) => name));
  return [...ledger.values()]
    .map(({ declaration }) => declaration)
    .filter(({ name, table }) => !declared.has(name) && known.has(table));
}

async function carryOut(
  { dialect, owner, transactions: { connection } }: ResolvedIndexOptions,
  workshop: Workshop,
  { ledger, create, replace, remove }: Plan,
): Promise<void> {
  await createLedger(connection, dialect);
  const builds = await readBuilds(connection, dialect);
  for (const declaration of remove) {
    if (builds.has(declaration.name)) await abandon(workshop, connection, declaration);
    await dropIndex(workshop, declaration);
    await forgetIndex(connection, owner, declaration.name);
  }
  // It may have been of another kind before.
  for (const declaration of replace) {
    await dropIndex(workshop, ledger?.get(declaration.name)?.declaration ?? declaration);
  }
  for (const declaration of [...create, ...replace]) {
    await makeIndex(workshop, connection, declaration);
    await recordIndex(connection, owner, declaration);
  }
}

/** Removes what a rebuild has begun of an index that is wanted no more. */
async function abandon(
  workshop: Workshop,
  connection: Connection,
  declaration: IndexDeclaration,
): Promise<void> {
  if (declaration.kind === "search") {
    const table = workshop.tables.get(declaration.table)!;
    await dropAll(workshop, workshop.dialect.searchIndexBuild(declaration, table).abandon);
  }
  await forgetBuild(connection, declaration.name);
}

function isEmpty({ create, replace, remove }: Plan): boolean {
  return create.length + replace.length + remove.length === 0;
}

function reportOf({ create, replace, remove }: Plan): Omit<EnsureReport, "finished"> {
  const names = (list: readonly IndexDeclaration[]): string[] => list.map(({ name }) => name);
  return { created: names(create), replaced: names(replace), removed: names(remove) };
}
