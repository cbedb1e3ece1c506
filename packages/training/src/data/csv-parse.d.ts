/** The part of csv-parse that is used, for the check that this layer needs no Node: its own declarations pull Node's in. */
export interface CsvParser {
  on(event: "data", listener: (record: never) => void): this;
  on(event: "error", listener: (error: unknown) => void): this;
  on(event: "end", listener: () => void): this;
  write(text: string, done: () => void): boolean;
  end(): void;
}
export interface CsvOptions {
  readonly delimiter: string;
  readonly quote?: null;
  readonly record_delimiter: string[];
  readonly info: true;
  readonly skip_empty_lines: boolean;
  readonly max_record_size: number;
}
export function parse(options: CsvOptions): CsvParser;
