import { sqlQuery, type Query } from "@atlas/storage";
import {
  openStorageModule,
  type StorageModule,
  type StorageModuleConfig,
  type StorageModuleEvent,
} from "@atlas/storage/module";
import { temporaryDirectory } from "@atlas/storage/testing";

export const add: Query<never, { name: string }> = sqlQuery<never, { name: string }>(
  "insert into items (name) values (:name)",
);
export const names: Query<{ name: string }> = sqlQuery<{ name: string }>(
  "select name from items order by name",
);
export const byName: Query<{ name: string }, { name: string }> = sqlQuery<
  { name: string },
  { name: string }
>("select name from items where name = :name");

export interface Opened extends AsyncDisposable {
  readonly module: StorageModule;
  readonly path: string;
  readonly events: StorageModuleEvent[];
  readonly directory: string;
}

/** A module over a new file with one empty table. */
export async function openModule(config: StorageModuleConfig = {}): Promise<Opened> {
  const directory = temporaryDirectory();
  const path = directory.file("data.db");
  const events: StorageModuleEvent[] = [];
  const module = await openStorageModule(path, config, (event) => void events.push(event));
  await module.database.write((connection) =>
    connection.execute("create table items (id integer primary key, name text not null) strict"),
  );
  return {
    module,
    path,
    events,
    directory: directory.path,
    async [Symbol.asyncDispose]() {
      await module.close();
      directory[Symbol.dispose]();
    },
  };
}
