/** What a command says about itself before it runs. */
export interface CommandValidation {
  readonly valid: boolean;
  /** What is wrong, one full sentence each. */
  readonly issues?: readonly string[];
}

/**
 * One step with effects that no transaction can take back: files, other
 * services, other stores.
 */
export interface AtomicCommand<Context, Result = unknown> {
  /** Stands in errors. */
  readonly name: string;
  /** Runs right before `execute`, when the commands before it have been executed. */
  validate(context: Context): CommandValidation | void | Promise<CommandValidation | void>;
  /** Does its work, or throws with nothing done: a command that failed is not rolled back. */
  execute(context: Context): Result | Promise<Result>;
  /** Undoes what `execute` has done. */
  rollback(context: Context): void | Promise<void>;
}

/** What commands that all succeeded have done. */
export interface ExecutionResult<Result> {
  readonly success: true;
  /** Names in the order of execution. */
  readonly executedCommands: readonly string[];
  readonly results: readonly Result[];
}

/** How commands are executed. */
export interface ExecuteCommandsOptions {
  /** Looked at between commands; when it fires, what was executed is undone. */
  readonly signal?: AbortSignal;
}

/** Executes commands in order, all of them or, as far as they can be undone, none. */
export interface AtomicCommandExecutor<Context> {
  /**
   * Validates and executes one command after the other. On a failure those that
   * were executed are undone in reverse order; an undo that fails does not keep
   * the others from theirs. It happens in memory: a crash in the middle leaves
   * what was done, which a saga would take care of.
   *
   * @throws {AtlasError} transaction.command_failed when a command failed and
   * everything before it was undone; the cause is its error.
   * @throws {AtlasError} transaction.undo_incomplete when some could not be
   * undone; the cause is an AggregateError of the first error and every failed undo.
   */
  executeCommands<Result>(
    commands: readonly AtomicCommand<Context, Result>[],
    options?: ExecuteCommandsOptions,
  ): Promise<ExecutionResult<Result>>;
}
