import { checkOptions } from "@atlas/errors";
import type { BatchEvent, BatchProgress } from "../batch-event.ts";
import type { StopReason } from "../batch-result.ts";

/** A job as its events show it. */
export interface WatchedJob {
  readonly job: number;
  readonly name?: string;
  readonly state: "running" | "paused" | "ended";
  readonly batchSize: number;
  readonly concurrency: number;
  /** As of the last batch. */
  readonly progress: BatchProgress;
  readonly retries: number;
  /** Why it ended early, if it did. */
  readonly stopped?: StopReason;
}

/** What a progress monitor keeps. */
export interface ProgressMonitorOptions {
  /** Jobs kept; ended ones are forgotten first. Default: 100; maximum 10,000. */
  readonly jobsMax?: number;
}

/** Knows how far the jobs of a coordinator are. */
export interface BatchProgressMonitor {
  /** Fits `onEvent` of a coordinator. */
  readonly observe: (event: BatchEvent) => void;
  /** The jobs that are known, the one begun first first. */
  jobs(): readonly WatchedJob[];
}

/**
 * Makes a monitor that knows the newest jobs.
 *
 * @throws {AtlasError} configuration.unknown_option, configuration.invalid_option
 */
export function createBatchProgressMonitor(
  options: ProgressMonitorOptions = {},
): BatchProgressMonitor {
  checkOptions<ProgressMonitorOptions>("createBatchProgressMonitor", options, {
    jobsMax: { min: 1, max: 10_000 },
  });
  const { jobsMax = 100 } = options;
  const jobs = new Map<number, WatchedJob>();
  return {
    observe(event) {
      const before = jobs.get(event.job) ?? begun(event);
      jobs.set(event.job, after(before, event));
      if (jobs.size <= jobsMax) return;
      const ended = [...jobs.values()].find(({ state }) => state === "ended");
      jobs.delete(ended?.job ?? jobs.keys().next().value!);
    },
    jobs: () => [...jobs.values()],
  };
}

function begun({ job, name }: BatchEvent): WatchedJob {
  const named = name === undefined ? {} : { name };
  const progress = { done: 0, succeeded: 0, failed: 0, skipped: 0 };
  return { job, ...named, state: "running", batchSize: 0, concurrency: 0, progress, retries: 0 };
}

function after(job: WatchedJob, event: BatchEvent): WatchedJob {
  switch (event.type) {
    case "batch.started":
    case "batch.adapted":
      return { ...job, batchSize: event.batchSize, concurrency: event.concurrency };
    case "batch.progress": {
      const { type: _type, job: _job, name: _name, ...progress } = event;
      return { ...job, progress };
    }
    case "batch.retry":
      return { ...job, retries: job.retries + event.items };
    case "batch.paused":
      return { ...job, state: "paused" };
    case "batch.resumed":
      return { ...job, state: "running" };
    case "batch.completed": {
      const { stopped } = event;
      return { ...job, state: "ended", ...(stopped === undefined ? {} : { stopped }) };
    }
    default:
      return job;
  }
}
