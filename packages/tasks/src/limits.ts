/** The bounds of the task manager. Going past one is an error that names it. */
export const taskLimits = {
  /** Characters in a name. */
  nameLengthMax: 200,
  /** Characters in one segment of a path. */
  segmentLengthMax: 80,
  /** Segments in a path: how deep a tree may grow. */
  depthMax: 12,
  /** Characters in a description. */
  descriptionLengthMax: 65_536,
  /** Characters in the reasoning. */
  reasoningLengthMax: 16_384,
  /** Characters in one note. */
  noteLengthMax: 16_384,
  /** Notes on one task. */
  notesMax: 1_000,
  /** Characters in one tag. */
  tagLengthMax: 64,
  /** Tags on one task. */
  tagsMax: 50,
  /** Dependencies of one task. */
  dependenciesMax: 500,
  /** Characters of the metadata as JSON. */
  metadataLengthMax: 32_768,
  /** Characters in the name of an actor or assignee. */
  actorLengthMax: 100,
  /** Characters in the words a list is searched by. */
  queryLengthMax: 1_000,
  /** Characters in the id of a record in its source, and in the name of the source. */
  externalIdLengthMax: 500,
  /** Records in one import. */
  recordsMax: 100_000,
  /** Tasks in one call that creates, updates, reads or deletes. */
  itemsMax: 1_000,
  /** Tasks in one page of a list. */
  pageMax: 500,
  /** Tasks claimed in one call. */
  claimMax: 50,
  /** Shortest lease, in milliseconds. */
  leaseMinMs: 1_000,
  /** Longest lease, in milliseconds: one day. */
  leaseMaxMs: 86_400_000,
} as const;

/** How long a claim holds unless the claimer says otherwise, in milliseconds: 15 minutes. */
export const leaseDefaultMs = 900_000;

/**
 * A call may keep the writer this long, in milliseconds: time for a thousand
 * items on a slow machine. Nothing in a call waits for anything but the store.
 *
 * @internal
 */
export const callHoldMs = 60_000;
