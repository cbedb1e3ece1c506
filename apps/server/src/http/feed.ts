/** Events that can be gone on with, as the API sends them. */

/** Who is sent events. */
export interface FeedReader<Event> {
  event(event: Event, id: string | null): void;
  /** There will be no more, `forGood` or until the reader asks anew. */
  end(forGood: boolean): void;
}

/** A source of events. */
export interface Feed<Event> {
  /** Whether there is nothing to come after an event. */
  isOver(lastEventId: string | null): boolean;
  /**
   * Sends what came after `lastEventId`, or how things are now, and then what happens; the result ends it.
   *
   * @throws FedtuneError `rate-limited` when there are too many readers
   */
  read(lastEventId: string | null, reader: FeedReader<Event>): () => void;
}
