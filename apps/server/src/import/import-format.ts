/** The programs whose data can be imported. */
export const importFormats = ["beads", "taskmaster", "backlog"] as const;

/** See {@link importFormats}. */
export type ImportFormat = (typeof importFormats)[number];
