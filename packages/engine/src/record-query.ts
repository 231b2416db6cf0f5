/** Comparisons of one field; several hold together. */
export interface FieldConditions<Value> {
  readonly eq?: Value;
  readonly neq?: Value;
  readonly gt?: NonNullable<Value>;
  readonly gte?: NonNullable<Value>;
  readonly lt?: NonNullable<Value>;
  readonly lte?: NonNullable<Value>;
  /** An empty list matches nothing. */
  readonly in?: readonly NonNullable<Value>[];
  /** SQL's LIKE: `%` and `_` are wildcards. */
  readonly like?: NonNullable<Value> & string;
}

/** Conditions by field, all of which must hold. A bare value means `eq`. */
export type Filter<Stored> = {
  readonly [Field in keyof Stored]?: Stored[Field] | FieldConditions<Stored[Field]>;
};

/** One field to order by. Missing values come first when ascending, last when descending. */
export interface OrderTerm<Stored> {
  readonly field: keyof Stored & string;
  /** Default: "asc". */
  readonly direction?: "asc" | "desc";
}

/** What is to be counted. */
export interface RecordCountQuery<Stored> {
  readonly where?: Filter<Stored>;
  /** Only records that match this text; for collections declared with `search`. */
  readonly search?: string;
}

/** What is to be found, and how much of it. */
export interface RecordQuery<Stored> extends RecordCountQuery<Stored> {
  /** The key decides among equals, so that the order is total. Default: by key. */
  readonly orderBy?: readonly (OrderTerm<Stored> | (keyof Stored & string))[];
  /** Default: 50; maximum 1,000. */
  readonly limit?: number;
  /** `nextCursor` of the page before. Belongs to the same filter, search and order. */
  readonly cursor?: string;
  /** Count all matches as well. Default: false. */
  readonly total?: boolean;
}

/** A part of an ordered result. */
export interface Page<Item> {
  readonly items: readonly Item[];
  /** There when it was asked for. */
  readonly total?: number;
  /** There when more follows. */
  readonly nextCursor?: string;
}
