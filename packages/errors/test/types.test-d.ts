import { createErrorFactory, type AtlasError, type ErrorCode } from "@atlas/errors";

// @ts-expect-error a code begins with one of the categories
export const uncategorised: ErrorCode = "weather.rain";

const create = createErrorFactory({
  "task.cycle": { severity: "low", recoverable: true, retryable: false, hint: "Break it." },
} as const);

export const narrow: AtlasError<"task.cycle"> = create("task.cycle", "…");

const twoCodes = createErrorFactory({
  "task.cycle": { severity: "low", recoverable: true, retryable: false, hint: "Break it." },
  "task.gone": { severity: "low", recoverable: true, retryable: false, hint: "Create it." },
} as const);

export const onlyTheThrownOne: "task.gone" = twoCodes("task.gone", "…").code;

// @ts-expect-error the factory knows only the codes of its table
create("task.other", "…");
