/**
 * The part of the Standard Schema interface that is used here. zod 4 schemas
 * have it, and their issues carry codes beyond what the standard asks for.
 */
export interface StandardSchema<Value> {
  readonly "~standard": {
    readonly version: 1;
    readonly validate: (
      input: unknown,
    ) => StandardSchemaResult<Value> | Promise<StandardSchemaResult<Value>>;
  };
}

/** Either a value or issues. */
export type StandardSchemaResult<Value> =
  | { readonly value: Value; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** One issue in the words of the schema library. */
export interface StandardSchemaIssue {
  readonly message: string;
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}
