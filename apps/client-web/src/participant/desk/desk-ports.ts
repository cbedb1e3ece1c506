/** What a desk needs of the browser, and what it is made of. */
import type { SocketTransportOptions } from "@fedtune/client";
import type { ClientTransport, Clock, Entropy, FedtuneError, Hash } from "@fedtune/core";
import type { BrowserTrainer, BrowserTrainerOptions } from "../../training/types.ts";
import type { LookAtPicture } from "../data/check-pictures.ts";
import type { ParticipantDatabase } from "../storage/database.ts";
import type { MissingFeature } from "../types.ts";

/** A line between the tabs of this browser. */
export interface TabLine {
  readonly post: (message: unknown) => void;
  readonly close: () => void;
}

/** The browser as a desk sees it. */
export interface DeskPorts {
  readonly missing: () => Promise<readonly MissingFeature[]>;
  /** `lost` is called when the browser, or a tab with newer pages, closes it. */
  readonly openDatabase: (lost: (error: FedtuneError) => void) => Promise<ParticipantDatabase>;
  readonly hash: Hash;
  readonly clock: Clock;
  readonly entropy: Entropy;
  /** Milliseconds since 1970, by this device's clock. */
  readonly wallTime: () => number;
  readonly locks: LockManager;
  /** Opens a line to the other tabs; what this tab posts does not come back. */
  readonly openLine: (name: string, hear: (message: unknown) => void) => TabLine;
  readonly fetch: (url: string, request: RequestInit) => Promise<Response>;
  /** Loads what makes connections to a coordinator. */
  readonly connector: () => Promise<(options: SocketTransportOptions) => ClientTransport>;
  readonly createTrainer: (options: BrowserTrainerOptions) => BrowserTrainer;
  /** Loads what opens pictures. */
  readonly pictureLook: () => Promise<LookAtPicture>;
  readonly storage: {
    /** Null: not known. */
    freeBytes(): Promise<number | null>;
  };
  /** Base models that were downloaded. */
  readonly models: {
    bytes(): Promise<number>;
    deleteAll(): Promise<void>;
  };
  readonly device: {
    /** Of the browser: name and version. */
    readonly browser: string;
    /** GiB; undefined: the browser does not say. */
    readonly memory: number | undefined;
  };
  /** Whether there is a network, as the browser says. */
  readonly isOnline: () => boolean;
}
