/** The oldest version of Node that runs Atlas: zstd came with it, and better-sqlite3 needs 22. */
const nodeVersionMin = "22.15.0";

/** The sentence for somebody whose Node is too old; `undefined` when it is not. */
export function nodeVersionProblem(version: string): string | undefined {
  if (compareVersions(version, nodeVersionMin) >= 0) return undefined;
  return `Atlas needs Node ${nodeVersionMin} or newer, and this is Node ${version}.`;
}

function compareVersions(left: string, right: string): number {
  const parts = numbersOf(right);
  for (const [at, number] of numbersOf(left).entries()) {
    const difference = number - (parts[at] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

function numbersOf(version: string): number[] {
  return version.split(/[.-]/, 3).map(Number);
}
