/** Something that holds memory it could give back, such as a cache. */
export interface MemoryConsumer {
  /** Unique among the consumers of a manager; appears in events. */
  readonly name: string;
  /** Its part of the budget, as 2 against 1 for another one; more than 0. */
  readonly weight: number;
  /** It never needs more than this. Default: it takes what it is given. */
  readonly bytesMax?: number;
  /** Bytes it holds at present, or may hold at most where that cannot be told. */
  bytes(): number;
  /** Keeps at most `toBytes` from now on, and gives back what is above at once. */
  shrink(toBytes: number): void;
  /** May hold up to `toBytes` from now on. */
  grow(toBytes: number): void;
}
