import { apiEntriesOf, apiReport } from "../api-report.ts";
import type { Finding, Rule } from "../rule.ts";
import { filesUnder, type Workspace, type WorkspacePackage } from "../workspace.ts";

/** What a package offers is recorded, so that a change of it is seen and reviewed. */
export const api: Rule = {
  name: "api",
  promise: "What each entry offers equals its record in api/.",
  check: (workspace) =>
    workspace.packages
      .filter(({ manifest }) => manifest.private !== true)
      .flatMap((owner) => [...changed(owner, workspace), ...forgotten(owner)]),
};

function changed(owner: WorkspacePackage, { files }: Workspace): Finding[] {
  return apiEntriesOf(owner).flatMap((entry) => {
    const report = apiReport(files, entry);
    if (report === undefined)
      return [{ at: entry.declarations, message: "This entry is not built: run pnpm build." }];
    const recorded = files.get(entry.record);
    if (recorded === report) return [];
    const message =
      recorded === undefined
        ? `The API of ${entry.specifier} is not recorded: run pnpm api.`
        : `${entry.specifier} does not offer what is recorded: run pnpm api and add a changeset.`;
    return [{ at: entry.record, message }];
  });
}

function forgotten(owner: WorkspacePackage): Finding[] {
  const records = apiEntriesOf(owner).map(({ record }) => record);
  return filesUnder(owner, "api")
    .map(([path]) => `${owner.folder}/${path}`)
    .filter((path) => !records.includes(path))
    .map((at) => ({ at, message: "No entry of the package belongs to this record: delete it." }));
}
