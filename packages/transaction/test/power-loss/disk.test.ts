/** The model of the disk, before anything is concluded from it. */
import { memoryDirectory } from "../fixtures/memory-directory.ts";
import { compilePreload, preloadMissing } from "../fixtures/preload.ts";
import { randomFrom } from "../seeded-random.ts";
import { describe, expect, test } from "vitest";
import { Disk } from "./disk.ts";
import { DiskFile, sectorBytes } from "./disk-file.ts";
import { parseIoLog } from "./io-log.ts";
import { recordWorkload } from "./record-workload.ts";

const bytes = (value: number, sectors = 1): Buffer => Buffer.alloc(sectors * sectorBytes, value);

/** The distinct outcomes of many power failures, as the first byte of each sector. */
function outcomes(file: DiskFile): readonly string[] {
  const random = randomFrom(1);
  const found = new Set<string>();
  for (let round = 0; round < 400; round += 1) {
    const image = file.image("scattered", random);
    const sectors = Array.from(
      { length: image.length / sectorBytes },
      (_, sector) => image[sector * sectorBytes],
    );
    found.add(sectors.join(" "));
  }
  return [...found].toSorted();
}

describe("what may be on the disk after a power failure", () => {
  test("what a sync covered is there; a write behind the beginning of the sync may not be", () => {
    const file = new DiskFile();
    file.write(0, bytes(1));
    const reach = file.reach;
    file.write(0, bytes(2));
    file.settle(reach);
    expect(file.image("nothing", Math.random)).toEqual(bytes(1));
    expect(outcomes(file)).toEqual(["1", "2"]);
  });

  test("unsynced writes are kept, lost and torn, in any combination", () => {
    const file = new DiskFile();
    file.write(0, bytes(0, 4));
    file.settle(file.reach);
    file.write(0, bytes(1, 2));
    file.write(2 * sectorBytes, bytes(2, 2));
    expect(outcomes(file)).toEqual([
      "0 0 0 0",
      "0 0 0 2",
      "0 0 2 0",
      "0 0 2 2",
      "0 1 0 0",
      "0 1 0 2",
      "0 1 2 0",
      "0 1 2 2",
      "1 0 0 0",
      "1 0 0 2",
      "1 0 2 0",
      "1 0 2 2",
      "1 1 0 0",
      "1 1 0 2",
      "1 1 2 0",
      "1 1 2 2",
    ]);
  });

  test("a sector that holds a later write holds the earlier ones too", () => {
    const file = new DiskFile();
    file.write(0, bytes(0));
    file.settle(file.reach);
    file.write(0, Buffer.from([1]));
    file.write(1, Buffer.from([1]));
    const random = randomFrom(2);
    const found = new Set<string>();
    for (let round = 0; round < 200; round += 1)
      found.add(file.image("scattered", random).subarray(0, 2).join(" "));
    expect([...found].toSorted()).toEqual(["0 0", "1 0", "1 1"]);
  });

  test("a size that grew without its data is full of zeros; a cut may be lost", () => {
    const file = new DiskFile();
    file.write(0, bytes(1, 2));
    file.settle(file.reach);
    file.truncate(0);
    file.write(0, bytes(2));
    expect(outcomes(file)).toEqual(["", "0", "1 1", "2"]);
  });

  test("a name is kept by the sync of its directory, not by that of its file", () => {
    const disk = new Disk();
    disk.apply({ kind: "directory", file: 1n, path: "" });
    disk.apply({ kind: "create", file: 2n, path: "a" });
    disk.apply({ kind: "sync-begin", file: 2n, sync: 1 });
    disk.apply({ kind: "sync-end", file: 2n, sync: 1 });
    const names = (): string[] => [...disk.image("nothing", Math.random).keys()];
    expect(names()).toEqual([]);
    disk.apply({ kind: "sync-begin", file: 1n, sync: 2 });
    disk.apply({ kind: "rename", path: "a", target: "b" });
    disk.apply({ kind: "sync-end", file: 1n, sync: 2 });
    expect(names()).toEqual(["a"]);
    expect([...disk.image("everything", Math.random).keys()]).toEqual(["b"]);
  });

  test("a directory that is not kept takes its files with it; the next of its name has its own", () => {
    const disk = new Disk();
    const sync = (file: bigint): void => {
      disk.apply({ kind: "sync-begin", file, sync: 1 });
      disk.apply({ kind: "sync-end", file, sync: 1 });
    };
    const names = (): string[] => [...disk.image("nothing", Math.random).keys()];
    disk.apply({ kind: "directory", file: 1n, path: "" });
    disk.apply({ kind: "directory", file: 2n, path: "d" });
    disk.apply({ kind: "create", file: 3n, path: "d/a" });
    disk.apply({ kind: "link", path: "d/a", target: "d/b" });
    sync(2n);
    expect(names()).toEqual([]);
    sync(1n);
    expect(names()).toEqual(["d", "d/a", "d/b"]);
    const image = disk.image("nothing", Math.random);
    expect(image.get("d/a")).toBe(image.get("d/b"));
    for (const path of ["d/a", "d/b", "d"]) disk.apply({ kind: "remove", path });
    disk.apply({ kind: "directory", file: 4n, path: "d" });
    disk.apply({ kind: "create", file: 5n, path: "d/c" });
    sync(4n);
    expect(names()).toEqual(["d", "d/a", "d/b"]);
    sync(1n);
    expect(names()).toEqual(["d", "d/c"]);
  });

  test("a log with an operation that was not recorded is refused", () => {
    const record = Buffer.concat([Buffer.alloc(24), Buffer.from("mmap")]);
    record.write("X", 0);
    record.writeUInt32LE(4, 4);
    expect(() => parseIoLog(record)).toThrow("cannot be replayed: X mmap");
  });
});

const missing = preloadMissing();
describe.skipIf(missing !== undefined)(
  `the recorder${missing ? ` (skipped: ${missing})` : ""}`,
  () => {
    test("misses nothing: all operations together make the files that are there", async () => {
      using directory = memoryDirectory();
      const { records, files } = await recordWorkload({
        library: compilePreload(directory),
        seed: 7,
        transactions: 40,
        syncDelayUs: 500,
      });
      const disk = new Disk();
      for (const record of records) disk.apply(record);
      const replayed = disk.image("everything", Math.random);
      const found = [...replayed].flatMap(([name, { content }]) => (content ? [name] : []));
      expect(found.toSorted()).toEqual([...files.keys()].toSorted());
      for (const [name, content] of files)
        expect([name, replayed.get(name)?.content?.equals(content)]).toEqual([name, true]);
      expect(records.filter(({ kind }) => kind === "sync-end").length).toBeGreaterThan(10);
    }, 60_000);
  },
);
