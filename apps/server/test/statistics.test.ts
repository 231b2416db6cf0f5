import { createLogger } from "@atlas/monitoring";
import { sqlQuery } from "@atlas/storage";
import { container } from "tsyringe";
import { expect, test } from "vitest";
import { loadConfig } from "../src/config/load-config.ts";
import { createScope } from "../src/container/scope.ts";
import { RuntimeToken, StorageToken, TransactionsToken } from "../src/container/tokens.ts";
import { provideMonitoring } from "../src/provide/monitoring.ts";
import { provideStorage } from "../src/provide/storage.ts";
import { provideTransaction } from "../src/provide/transaction.ts";
import { temporaryDirectory } from "./support/temporary-directory.ts";

test("D2: the server's statistics are maintained by a transaction like any other", async () => {
  using directory = temporaryDirectory();
  const { path } = directory;
  const loaded = loadConfig({ dataDirectory: path, workingDirectory: path, flags: {}, env: {} });
  const logger = createLogger(() => {}, { level: "silent" });
  await using root = createScope(container.createChildContainer());
  root.provide(RuntimeToken, () => ({ ...loaded, dataDirectory: path, logger, version: "0.0.0" }));
  provideMonitoring(root);
  await provideStorage(root);
  await provideTransaction(root);
  const transactions = root.use(TransactionsToken);
  await transactions.connection.execute("create table items (name text) strict");
  await transactions.connection.execute("create index items_name on items (name)");
  await transactions.connection.execute("insert into items values ('a'), ('b')");
  const { committed } = transactions.status();

  const report = await root.use(StorageToken).query?.optimizer.maintain();

  expect(report).toMatchObject({ ran: true, reason: "first" });
  expect(transactions.status().committed).toBeGreaterThan(committed);
  const known = sqlQuery<{ idx: string }>("select idx from sqlite_stat1");
  expect(await transactions.connection.all(known)).toEqual([{ idx: "items_name" }]);
});
