import type { MetricLabels } from "./metrics-registry.ts";

/** One metric under its name and labels. */
export interface Series<Metric> {
  readonly name: string;
  readonly labels: MetricLabels;
  readonly metric: Metric;
}

/** UTF-16 units kept of names, label names and label values. */
const textLengthMax = 120;
const labelsMax = 8;

const overflowLabels: MetricLabels = Object.freeze({ overflow: "true" });

/** Finds series by name and labels and keeps their number bounded. */
export class SeriesTable<Metric> {
  overflowed = 0;
  readonly #series = new Map<string, Series<Metric>>();
  readonly #names = new Set<string>();
  readonly #seriesMax: number;
  readonly #create: () => Metric;
  #regular = 0;

  constructor(seriesMax: number, create: () => Metric) {
    this.#seriesMax = seriesMax;
    this.#create = create;
  }

  find(name: string, labels: MetricLabels): Metric {
    const wanted = cleaned(name, labels);
    const known = this.#series.get(wanted.key);
    if (known !== undefined) return known.metric;
    if (this.#regular < this.#seriesMax) {
      this.#regular += 1;
      this.#names.add(wanted.name);
      return this.#add(wanted);
    }
    this.overflowed += 1;
    const rest = cleaned(this.#names.has(wanted.name) ? wanted.name : "overflow", overflowLabels);
    return this.#series.get(rest.key)?.metric ?? this.#add(rest);
  }

  /** All series, sorted by name and labels. */
  sorted(): readonly Series<Metric>[] {
    return [...this.#series]
      .toSorted(([first], [second]) => (first < second ? -1 : 1))
      .map(([, series]) => series);
  }

  #add({ key, name, labels }: ReturnType<typeof cleaned>): Metric {
    const metric = this.#create();
    this.#series.set(key, { name, labels, metric });
    return metric;
  }
}

function cleaned(
  givenName: string,
  givenLabels: MetricLabels,
): { readonly key: string; readonly name: string; readonly labels: MetricLabels } {
  const name = cut(givenName);
  const entries = Object.entries(givenLabels)
    .slice(0, labelsMax)
    .map(([label, value]) => [cut(label), cut(value)] as const)
    .toSorted(([first], [second]) => (first < second ? -1 : 1));
  return {
    key: [name, ...entries].map((part) => JSON.stringify(part)).join(""),
    name,
    labels: Object.freeze(Object.fromEntries(entries)),
  };
}

function cut(text: unknown): string {
  return String(text).slice(0, textLengthMax);
}
