/** A value SQL can hold. Booleans, dates and objects are mapped by the column that declares them. */
export type SqlValue = string | number | bigint | Uint8Array | null;

/** A row as the driver returns it: column name to value. */
export type RawRow = Readonly<Record<string, SqlValue>>;
