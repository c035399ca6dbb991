/** One series of an answer: a sample of an instant, or samples of a range. */
export interface PrometheusSeries {
  readonly metric: Readonly<Record<string, string>>;
  readonly value?: readonly [number, string];
  readonly values?: readonly (readonly [number, string])[];
}

export interface Prometheus {
  query(expression: string): Promise<PrometheusSeries[]>;
  /** Times and step in seconds. */
  queryRange(expression: string, start: number, end: number, step: number): Promise<PrometheusSeries[]>;
  close(): Promise<void>;
}

export function missingPrometheus(): string | null;
export function openPrometheus(target: string): Promise<Prometheus>;
