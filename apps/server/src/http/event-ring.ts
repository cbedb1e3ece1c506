/** The last events of one source, numbered, with those who read along. */
import type { Feed, FeedReader } from "./feed.ts";

/** What a ring is made of. */
export interface RingOptions<Event> {
  /** Ids are `name-number`; an id of another name is from another process. */
  readonly name: string;
  /** How much is held; older events are dropped. */
  readonly capacity: number;
  /** How much of it an event takes; absent: each takes 1. */
  readonly weigh?: (event: Event) => number;
  /** Throws when no reader more is let in. */
  readonly admit: () => void;
  /** How things are now; empty: nothing is known yet. */
  readonly current: () => readonly Event[];
  /** Told to a reader that was away for too long. */
  readonly missed: Event;
}

/** A ring and its readers. */
export interface EventRing<Event> extends Feed<Event> {
  push(event: Event): void;
  /** Ends all reading; for good: nothing more will be pushed. */
  end(forGood: boolean): void;
  readers(): number;
}

/** Makes an empty ring. */
export function eventRing<Event>(options: RingOptions<Event>): EventRing<Event> {
  const { name, capacity, admit, current, missed, weigh = () => 1 } = options;
  const held: Event[] = [];
  let weight = 0;
  const readers = new Set<FeedReader<Event>>();
  let last = 0;
  let isEnded = false;
  const idOf = (number: number): string => `${name}-${number}`;
  const catchUp = (reader: FeedReader<Event>, after: number | null): void => {
    if (after !== null && after >= last - held.length) {
      const first = last - held.length + 1;
      held.slice(after + 1 - first).forEach((event, at) => {
        reader.event(event, idOf(after + 1 + at));
      });
    } else {
      if (after !== null) reader.event(missed, null);
      const now = current();
      // Only with the last of them a reader knows all of it.
      now.forEach((event, at) => {
        reader.event(event, at === now.length - 1 ? idOf(last) : null);
      });
    }
  };
  return {
    push(event) {
      if (isEnded) return;
      last += 1;
      held.push(event);
      weight += weigh(event);
      // The newest is held however heavy it is.
      while (weight > capacity && held.length > 1) {
        const [oldest] = held.splice(0, 1);
        if (oldest !== undefined) weight -= weigh(oldest);
      }
      for (const reader of readers) reader.event(event, idOf(last));
    },
    end(forGood) {
      isEnded ||= forGood;
      for (const reader of readers) reader.end(forGood);
      readers.clear();
    },
    isOver: (id) => isEnded && id === idOf(last),
    read(id, reader) {
      admit();
      catchUp(reader, id === null ? null : placeOf(id));
      if (isEnded) reader.end(true);
      else readers.add(reader);
      return () => readers.delete(reader);
    },
    readers: () => readers.size,
  };

  /** The number of an id of this ring; before all that is held for any other. */
  function placeOf(id: string): number {
    const number = id.startsWith(`${name}-`) ? id.slice(name.length + 1) : "";
    const place = /^\d{1,15}$/.test(number) ? Number(number) : -1;
    return place > last ? -1 : place;
  }
}
