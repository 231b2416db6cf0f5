/** One change of the schema of a collection, made once per store. */
export interface CollectionMigration {
  /** 1, 2, 3 …: the order within the collection, without gaps. Never reused. */
  readonly version: number;
  readonly name: string;
  /** SQL, one statement each; they run in one transaction. */
  readonly statements: readonly string[];
}
