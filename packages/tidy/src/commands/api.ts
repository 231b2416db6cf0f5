// `pnpm api`: records what every entry of every package offers, from its built declarations.
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { apiEntriesOf, apiReport } from "../api-report.ts";
import { readRepository, repositoryRoot } from "../repository.ts";
import { filesUnder } from "../workspace.ts";

const { files, packages } = readRepository();
for (const owner of packages.filter(({ manifest }) => manifest.private !== true)) {
  const entries = apiEntriesOf(owner);
  for (const entry of entries) {
    const report = apiReport(files, entry);
    if (report === undefined)
      throw new Error(`${entry.specifier} is not built: run pnpm build, then pnpm api.`);
    write(entry.record, report);
  }
  const records = entries.map(({ record }) => record);
  for (const [path] of filesUnder(owner, "api"))
    if (!records.includes(`${owner.folder}/${path}`))
      rmSync(join(repositoryRoot, owner.folder, path));
}

function write(record: string, report: string): void {
  const path = join(repositoryRoot, record);
  if (files.get(record) === report) return;
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, report);
  process.stdout.write(`${record}\n`);
}
