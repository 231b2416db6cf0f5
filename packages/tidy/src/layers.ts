/** Layer of each package. A package depends only on packages of strictly lower layers. */
export const layers: Readonly<Record<string, number>> = {
  "@atlas/errors": 0,
  "@atlas/validation": 1,
  "@atlas/monitoring": 1,
  "@atlas/storage": 2,
  "@atlas/transaction": 3,
  "@atlas/indexing": 4,
  "@atlas/batch": 4,
  "@atlas/session": 5,
  "@atlas/migration": 5,
  "@atlas/engine": 6,
  "@atlas/tasks": 7,
  "@atlas/analysis": 7,
  "@atlas/server": 9,
};

/** The packages that keep this map and the other rules, and stand outside of it. */
export const outsideLayers: readonly string[] = ["@atlas/tidy"];
