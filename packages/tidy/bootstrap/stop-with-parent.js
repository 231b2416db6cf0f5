// Preloaded into a program that leads a process group of its own: when the process that started it
// is gone without a word (SIGKILL, a crash), the channel between them closes, and the program is
// asked to stop instead of staying behind with the port.
import process from "node:process";

process.on("disconnect", () => process.kill(process.pid, "SIGTERM"));
process.channel?.unref();
