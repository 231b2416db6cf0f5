import type { SchemaCopy } from "../schema-copy.ts";
import type { StatementText } from "../statement-text.ts";

/** One place of a statement in another form. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  readonly text: string;
}

/**
 * A change of form that gives the same rows for every content of the tables, in
 * the same order where the statement asks for one, under the same names.
 */
export interface RewriteRule {
  readonly name: string;
  /** The edits of the first place where it applies; undefined when there is none. */
  apply(statement: StatementText, copy: SchemaCopy): readonly Edit[] | undefined;
}
