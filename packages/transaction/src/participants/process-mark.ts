/**
 * Names a process such that others can tell whether it still lives: ids of
 * processes are used again, so the mark holds the boot of the machine, the
 * namespace of ids (containers have their own) and the start time as well.
 */
import { readFileSync, readlinkSync } from "node:fs";

/** `unknown`: it may live where this process cannot look. */
export type Liveness = "alive" | "dead" | "unknown";

const separator = ".";

/** The mark of this process: small letters, digits and dots. */
export function ownMark(): string {
  return [bootId(), namespaceId(), String(process.pid), startOf("self")].join(separator);
}

/** Whether the process that made `mark` still lives. */
export function livenessOf(mark: string): Liveness {
  const [boot, namespace, pid, start] = mark.split(separator);
  if (boot !== bootId()) return "dead";
  if (namespace !== namespaceId()) return "unknown";
  if (!exists(Number(pid))) return "dead";
  const found = startOf(String(pid));
  // Without start times an id that is in use may be that of another process.
  if (found === "0") return Number(pid) === process.pid ? "alive" : "unknown";
  return found === start ? "alive" : "dead";
}

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as { readonly code?: unknown }).code === "EPERM";
  }
}

function bootId(): string {
  return read(() => readFileSync("/proc/sys/kernel/random/boot_id", "utf8"));
}

function namespaceId(): string {
  return read(() => readlinkSync("/proc/self/ns/pid"));
}

/** In ticks since the boot; "0" where nobody says. */
function startOf(pid: string): string {
  return read(() => {
    const text = readFileSync(`/proc/${pid}/stat`, "utf8");
    // The name of the command, in brackets, may hold anything; field 22 counts from before it.
    const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
    return fields[19] ?? "0";
  });
}

/** What only Linux tells. */
function read(source: () => string): string {
  try {
    return (
      source()
        .toLowerCase()
        .replaceAll(/[^a-z0-9]/g, "") || "0"
    );
  } catch {
    return "0";
  }
}
