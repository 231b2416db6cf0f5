export { type ProcessorHarness, type ProcessorRule } from "./processor-harness.ts";
export { processorRules } from "./processor-rules.ts";
